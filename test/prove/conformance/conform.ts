import type { IncomingMessage } from 'node:http'
import type { Kept } from '../../../exporters/reading.ts'
import {
  httpRequestsAborted,
  httpRequestsInFlight,
  httpRequestsTotal,
} from '../../../exporters/service/http/metrics.ts'
import { createService } from '../../../exporters/service/index.ts'
import { eventually } from '../../integration/servers.ts'
import { diceOf } from '../dice.ts'
import { freshTally, type Tally, visit } from './clients.ts'
import { bareServer, patterns, servers } from './servers.ts'

export interface Conformed {
  readonly accepted: number
  /** What clients got, and what the server cut off. */
  readonly completed: number
  readonly broken: number
  readonly left: number
  readonly reused: number
  readonly series: number
  readonly faults: readonly string[]
}

const linesOf = (kept: readonly Kept[], name: string) => [
  ...(kept.find(({ metric }) => metric.name === name)?.lines(false) ?? []),
]
const sumOf = (kept: readonly Kept[], name: string) => linesOf(kept, name).reduce((sum, [, value]) => sum + value, 0)

/** `METHOD route`, and the status where there is one, as the clients keep it. */
const keyOf = (series: string) => {
  const [, method, route, status] = /method="(.*)",route="(.*?)"(?:,status_code="(.*)")?\}/.exec(series) ?? []
  return status === undefined ? `${method} ${route}` : `${method} ${route} ${status}`
}

/** Whether a server counts exactly what it accepted and what its clients got. */
export const conform = async (name: string, requests: number, seed = 1): Promise<Conformed> => {
  const service = createService({
    metrics: false,
    errors: false,
    log: { folder: false, console: false },
    // A server with a router of its own is told of nothing.
    http: { routes: name === bareServer ? patterns : [], log: 'none' },
  })
  const counted = await servers[name]?.(service)
  if (!counted) throw new Error(`there is no server ${name}: name one of ${Object.keys(servers).join(', ')}`)
  let accepted = 0
  const waiting = new Map<string, () => void>()
  counted.server.on('request', ({ url = '' }: IncomingMessage) => {
    accepted += 1
    waiting.get(url)?.()
    waiting.delete(url)
  })
  const seen = (path: string) => new Promise<void>((resolve) => void waiting.set(path, resolve))
  const tally = freshTally()
  try {
    const port = await counted.listen()
    await visit({ port, dice: diceOf(seed), tally, seen, byPath: name === bareServer }, requests)
    const kept = await eventually(
      () => service.readings(),
      (now) => sumOf(now, httpRequestsInFlight.name) === 0,
    )
    return compared(kept, tally, accepted)
  } finally {
    await counted.close()
    await service.close()
  }
}

const compared = (kept: readonly Kept[], tally: Tally, accepted: number): Conformed => {
  const { broken, reused } = tally
  const series = linesOf(kept, httpRequestsTotal.name)
  const aborted = sumOf(kept, httpRequestsAborted.name)
  const completed = series.reduce((sum, [, value]) => sum + value, 0) - aborted
  const told = series.map(([one, value]) => [keyOf(one), value] as const)
  const isLeft = ([key]: readonly [string, number]) => key.endsWith(' 499')
  const answered = new Map(told.filter((one) => !isLeft(one)))
  const leftIn = new Map(told.filter(isLeft).map(([key, value]) => [key.slice(0, -' 499'.length), value]))
  const abortedIn = new Map(linesOf(kept, httpRequestsAborted.name).map(([one, value]) => [keyOf(one), value]))
  const faults = [
    ...(completed + aborted === accepted ? [] : [`${completed} + ${aborted} are not the ${accepted} accepted`]),
    ...differences(answered, tally.completed, 'told', 'clients got'),
    ...differences(abortedIn, tally.left, 'told as aborted', 'left by their clients:'),
    ...differences(leftIn, tally.left, 'told under 499', 'left by their clients:'),
  ]
  const left = [...tally.left.values()].reduce((sum, many) => sum + many, 0)
  return { accepted, completed, broken, left, reused, series: series.length, faults }
}

type Counts = ReadonlyMap<string, number>
const differences = (told: Counts, known: Counts, telling: string, knowing: string): readonly string[] =>
  [...new Set([...told.keys(), ...known.keys()])]
    .filter((key) => (told.get(key) ?? 0) !== (known.get(key) ?? 0))
    .map((key) => `${key}: ${told.get(key) ?? 0} ${telling}, ${knowing} ${known.get(key) ?? 0}`)
