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
import { type Tally, visit } from './clients.ts'
import { patterns, servers } from './servers.ts'

export interface Conformed {
  readonly accepted: number
  readonly completed: number
  readonly left: number
  readonly series: number
  readonly faults: readonly string[]
}

const linesOf = (kept: readonly Kept[], name: string) => [
  ...(kept.find(({ metric }) => metric.name === name)?.lines(false) ?? []),
]
const sumOf = (kept: readonly Kept[], name: string) => linesOf(kept, name).reduce((sum, [, value]) => sum + value, 0)

/** `METHOD route status`, as the clients keep it. */
const keyOf = (series: string) => {
  const [, method, route, status] = /method="(.*)",route="(.*)",status_code="(.*)"/.exec(series) ?? []
  return `${method} ${route} ${status}`
}

/** Whether a server counts exactly what it accepted and what its clients got. */
export const conform = async (name: string, requests: number, seed = 1): Promise<Conformed> => {
  const service = createService({
    metrics: false,
    errors: false,
    log: { folder: false, console: false },
    http: { routes: patterns, log: 'none' },
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
  const tally: Tally = { completed: new Map(), left: 0 }
  try {
    const port = await counted.listen()
    await visit({ port, dice: diceOf(seed), tally, seen }, requests)
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

const compared = (kept: readonly Kept[], { completed: got, left }: Tally, accepted: number): Conformed => {
  const series = linesOf(kept, httpRequestsTotal.name)
  const total = series.reduce((sum, [, value]) => sum + value, 0)
  const aborted = sumOf(kept, httpRequestsAborted.name)
  const completed = total - aborted
  const told = new Map(series.map(([one, value]) => [keyOf(one), value]))
  const keys = new Set([...got.keys(), ...[...told.keys()].filter((key) => !key.endsWith(' 499'))])
  const faults = [
    ...(completed + aborted === accepted ? [] : [`${completed} + ${aborted} are not the ${accepted} accepted`]),
    ...(aborted === left ? [] : [`${aborted} told as aborted, ${left} left by their clients`]),
    ...[...keys]
      .filter((key) => got.get(key) !== told.get(key))
      .map((key) => `${key}: ${told.get(key) ?? 0} told, clients got ${got.get(key) ?? 0}`),
  ]
  return { accepted, completed, left, series: series.length, faults }
}
