import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { redisDown } from '../../../alerts/redis/availability.ts'
import { startReceivers } from '../../integration/receivers.ts'
import { eventually, type workshop } from '../../integration/servers.ts'
import { password } from '../ladder/addresses.ts'
import { type Annotations, about, type Climb, type Message } from '../ladder/climb.ts'
import type { Outage } from '../ladder/judge.ts'
import { responseOf } from '../ladder/law.ts'
import type { Pace } from '../ladder/pace.ts'
import type { Programs } from '../ladder/programs.ts'
import { openStand, type Stand } from '../ladder/stand.ts'
import { labelsOf } from '../ladder/subjects.ts'
import { wholeSecond } from '../ladder/text.ts'
import { type Moment, moments } from './moments.ts'
import type { Times } from './schedule.ts'
import type { Victim } from './victims.ts'

type Shop = ReturnType<typeof workshop>

export interface LaneOptions {
  readonly shop: Shop
  readonly keep: (end: () => Promise<void>) => void
  /** Of its folder. */
  readonly name: string
  readonly programs: Programs
  readonly pace: Pace
  readonly scraped: readonly object[]
  readonly victim: Victim
  /** Seconds of production from the kill to the restart. */
  readonly away: number
}

interface Climbed {
  readonly moment: Moment
  readonly climb: Climb
  readonly heard: readonly Message[]
}

export interface Lane extends Pick<LaneOptions, 'victim' | 'away' | 'programs'> {
  readonly stand: Stand
  readonly outage: (Outage & { readonly started: number }) | undefined
  readonly climbed: readonly Climbed[]
}

const until = (moment: number) => delay(Math.max(0, moment - Date.now()))

interface First {
  readonly startsAt: number
  readonly annotations: Annotations
}

/** What fires, as it was seen first. */
const watching = (stand: Stand) => {
  const seen = new Map<string, First>()
  let going = true
  const look = async () => {
    while (going) {
      // Alertmanager may be away: it is asked again.
      const found = await stand.active({ alertname: redisDown.alert }).catch(() => [])
      for (const { labels, startsAt, annotations } of found) {
        const instance = labels.instance ?? ''
        if (!seen.has(instance)) seen.set(instance, { startsAt, annotations })
      }
      await delay(stand.interval)
    }
  }
  const looking = look()
  return {
    seen,
    end: async () => {
      going = false
      await looking
    },
  }
}

const killed = async (stand: Stand, { victim, away, pace }: LaneOptions, ledger: Ledger, killAt: number) => {
  await until(killAt)
  const processes = victim.processes.map((name) => (name === 'postgres' ? ledger.server : stand[name]))
  if (processes.length === 0) return undefined
  const from = Date.now()
  await Promise.all(processes.map((one) => one?.kill()))
  await delay(pace.seconds(away) * 1000)
  await Promise.all(processes.map((one) => one?.start()))
  const started = Date.now()
  const judge = victim.processes.includes('prometheus')
  if (judge) await scraped(stand)
  return { from, started, until: Date.now(), judge, forgets: judge && victim.processes.includes('alertmanager') }
}

/** Prometheus sees again what it judges: it scrapes nothing in the first seconds. */
const scraped = (stand: Stand) => {
  const started = Date.now() / 1000
  return eventually(
    async () => stand.query(`timestamp(up) > ${started}`).catch(() => []),
    (found) => found.length > 1,
    { within: 60_000, every: 100 },
  )
}

const labels = (moment: Moment) => labelsOf({ alert: redisDown, instance: moment.instance })

const acknowledging = async (stand: Stand, pace: Pace, killAt: number, moment: Moment) => {
  const { acknowledged, age } = moment
  if (!acknowledged) return {}
  const at = (share: number) => killAt + (share - age) * responseOf(pace, redisDown)
  await until(at(acknowledged.from))
  const acknowledgedAt = Date.now()
  await stand.acknowledge(labels(moment), at(acknowledged.until))
  return { acknowledgedAt, ...(acknowledged.until < moment.end && { releasedAt: at(acknowledged.until) }) }
}

type Ledger = Awaited<ReturnType<Victim['ledger']>>

/** Everything has ended, and the last of it is told with its group. */
const over = async (stand: Stand, pace: Pace, times: Times) => {
  await until(Math.max(...times.ended.values()))
  await eventually(
    () => stand.active({}).catch(() => undefined),
    (found) => found?.length === 0,
    { within: 120_000, every: 500 },
  )
  await delay(pace.milliseconds('2m', 3000))
}

/**
 * By the clock of Prometheus, which it keeps over its own death: when each condition began to hold, and the delay of the
 * alert. Who killed Alertmanager as well before it had heard hears later that it fires.
 */
const clocks = async (stand: Stand, pace: Pace): Promise<ReadonlyMap<string, number>> => {
  const since = `max by (instance) (max_over_time(ALERTS_FOR_STATE{alertname="${redisDown.alert}"}[1h]))`
  return new Map(
    (await stand.query(since)).map(({ metric, value: [, seconds] }) => [
      metric.instance ?? '',
      Number(seconds) * 1000 + pace.milliseconds(redisDown.for),
    ]),
  )
}

/** What was heard is exact to the millisecond, and the clock to the second. */
const firedAt = (first: First | undefined, clock = Number.NaN, { interval }: Stand) => {
  const heard = first?.startsAt ?? Number.NaN
  return heard - clock > wholeSecond + 2 * interval ? clock : heard
}

const wentOf = ({ instance }: Moment, { began, ended }: Times, first: First | undefined, firedAt: number): Climb => ({
  instance,
  alert: redisDown,
  begunAt: began.get(instance) ?? Number.NaN,
  firedAt,
  annotations: first?.annotations ?? {},
  ...(first && { toldFiredAt: first.startsAt }),
  endedAt: ended.get(instance) ?? Number.NaN,
})

/** Opens a lane; what is returned plays it, once. What it opened is handed to `keep`, to be ended. */
export const openLane = async (options: LaneOptions) => {
  const { shop, keep, name, victim, away, programs, pace } = options
  const receivers = await startReceivers({ password })
  keep(receivers.close)
  const ledger = await victim.ledger(join(shop.folder, name))
  keep(async () => ledger.server?.end())
  const stand = await openStand({
    ...options,
    receivers,
    alerts: [redisDown],
    ...(ledger.url !== undefined && { ledger: ledger.url }),
  })
  const play = async (times: Times): Promise<Lane> => {
    const watch = watching(stand)
    const [outage, answers] = await Promise.all([
      killed(stand, options, ledger, times.killAt),
      Promise.all(moments.map((one) => acknowledging(stand, pace, times.killAt, one))),
      over(stand, pace, times),
    ]).finally(watch.end)
    const clock = await clocks(stand, pace)
    const climbed = moments.map((moment, i) => {
      const first = watch.seen.get(moment.instance)
      // Of what had not fired yet the clock goes on where it was, and so later.
      const known = moment.age > 0 ? clock.get(moment.instance) : undefined
      const fired = firedAt(first, known, stand)
      return {
        moment,
        heard: about(receivers, moment),
        climb: { ...wentOf(moment, times, first, fired), ...answers[i] },
      }
    })
    return { victim, away, programs, stand, outage, climbed }
  }
  return play
}
