import { createServer, type IncomingMessage } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '../../integration/servers.ts'
import type { Dice } from '../dice.ts'

/** What becomes of a delivery, and how often among ten. */
const treatments = {
  passed: 5,
  /** 503, and nothing is passed on: it comes again. */
  refused: 1,
  /** Passed on, and 503 all the same: it comes again. */
  'answer lost': 1,
  /** Passed on, and once more later, when others have passed. */
  repeated: 2,
  /** Taken, and passed on later: others overtake it. */
  'held back': 1,
} as const
type Treatment = keyof typeof treatments

const isTreatment = (name: string): name is Treatment => name in treatments
const choices = Object.entries(treatments).flatMap(([name, times]) =>
  isTreatment(name) ? Array.from({ length: times }, () => name) : [],
)

/** Attempts of Alertmanager come in ten seconds, longer and longer after each other: not all may be refused. */
const mostRefused = 2
/** Milliseconds for which a delivery is late. */
const [soonest, latest] = [300, 6_000] as const
/** What was taken must be passed on, however long nobody takes it. */
const patience = 30_000

/** Stands between Alertmanager and the recorder, and is as bad a line as there can be. */
export interface Courier {
  readonly url: string
  readonly counts: ReadonlyMap<string, number>
  /** Resolves when everything that was taken has been passed on. @throws Error where the recorder would not have it */
  empty(): Promise<void>
  close(): void
}

const bodyOf = async (request: IncomingMessage) => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

/** @returns the status of the answer; 502 where there is nobody */
const pass = async (target: string, body: string): Promise<number> => {
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body }
  try {
    const answer = await fetch(target, { ...init, signal: AbortSignal.timeout(5_000) })
    await answer.text()
    return answer.status
  } catch {
    // Killed in the middle of it, or not up again.
    return 502
  }
}

const isTaken = (status: number) => status >= 200 && status < 300

const passLater = async (target: string, body: string, after: number) => {
  await delay(after)
  const deadline = Date.now() + patience
  let status = await pass(target, body)
  while (!isTaken(status)) {
    if (Date.now() > deadline) throw new Error(`the recorder answered ${status} to ${body}`)
    await delay(200)
    status = await pass(target, body)
  }
}

export const startCourier = async (target: string, dice: Dice): Promise<Courier> => {
  const counts = new Map<string, number>()
  const count = (name: string) => counts.set(name, (counts.get(name) ?? 0) + 1)
  const refused = new Map<string, number>()
  const underway: Promise<void>[] = []
  const later = (body: string) => {
    const passing = passLater(target, body, soonest + dice.below(latest - soonest))
    // Told by `empty`, and not as one that nobody handles.
    passing.catch(() => undefined)
    underway.push(passing)
  }
  const mayRefuse = (body: string) => {
    const times = (refused.get(body) ?? 0) + 1
    refused.set(body, times)
    return times <= mostRefused
  }
  const treat = async (body: string): Promise<number> => {
    const chosen = dice.one(choices)
    const treatment = (chosen === 'refused' || chosen === 'answer lost') && !mayRefuse(body) ? 'passed' : chosen
    count(treatment)
    if (treatment === 'refused') return 503
    if (treatment === 'held back') {
      later(body)
      return 200
    }
    const status = await pass(target, body)
    if (status === 502) count('nobody there')
    if (treatment === 'repeated') later(body)
    return treatment === 'answer lost' ? 503 : status
  }
  const server = createServer(async (request, response) => {
    response.statusCode = await treat(await bodyOf(request))
    response.end()
  })
  const port = await freePort()
  await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening))
  return {
    url: `http://127.0.0.1:${port}/alertmanager`,
    counts,
    empty: async () => {
      await Promise.all(underway)
    },
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
