import { setTimeout as delay } from 'node:timers/promises'
import { settle } from '../../../compose/watch.ts'
import { heardBy } from '../ladder/heard.ts'
import type { Pace } from '../ladder/pace.ts'
import { type Message, messagesIn } from './message.ts'
import type { Scenario } from './scenarios.ts'
import { openStand } from './stand.ts'
import { type Held, type Seen, watchAlerts } from './watch.ts'

/** What happened in a scenario. Seconds are those of production, from the beginning of the fault. */
export interface Played {
  readonly scenario: Scenario
  readonly seen: readonly (Pick<Seen, 'labels'> & { readonly from: number; readonly until: number })[]
  readonly held: readonly Held[]
  readonly messages: readonly (Omit<Message, 'at'> & { readonly after: number })[]
  /** How many messages arrived at humans, by receiver and channel: `platform-critical slack`. */
  readonly channels: ReadonlyMap<string, number>
  /** How long the fault lasted. */
  readonly lasted: number
}

/** Seconds of production: until all is usual, of the fault, and after it. */
export interface Lengths {
  readonly before: number
  readonly fault: number
  readonly after: number
}

/** Brings a fault about on a stack of its own, and tells who was told what. */
export const played = async (scenario: Scenario, folder: string, pace: Pace, lengths: Lengths): Promise<Played> => {
  const stand = await openStand(folder, pace)
  const wait = (seconds: number) => delay(pace.seconds(seconds) * 1_000)
  try {
    await settle(stand.prometheus, { within: 90_000, signal: new AbortController().signal })
    await wait(lengths.before)
    const watched = watchAlerts(stand.prometheus, stand.alertmanager)
    const began = Date.now()
    const end = await scenario.bring(stand)
    await wait(lengths.fault)
    const over = Date.now()
    await end()
    await wait(lengths.after)
    await watched.end()
    const seconds = (at: number) => ((at - began) / 1_000) * pace.factor
    const heard = heardBy(stand.receivers).filter(({ via, receiver }) => via !== 'webhook' && receiver !== 'heartbeat')
    const ways = heard.map(({ receiver, via }) => `${receiver} ${via}`)
    return {
      scenario,
      seen: watched.seen().map(({ labels, from, until }) => ({ labels, from: seconds(from), until: seconds(until) })),
      held: watched.held(),
      messages: messagesIn(stand.receivers.posts()).map(({ at, ...one }) => ({ ...one, after: seconds(at) })),
      channels: new Map([...new Set(ways)].map((way) => [way, ways.filter((one) => one === way).length])),
      lasted: seconds(over),
    }
  } finally {
    await stand.end()
  }
}
