import type { Histogram } from '../../metrics/metric.ts'
import type { Incident } from './incident.ts'
import { timeToAcknowledge, timeToNotify, timeToResolve } from './metrics.ts'

/** Durations of one kind: how many ended in each bucket, its bound in seconds. Those beyond the last are in `count` only. */
interface Durations {
  readonly buckets: readonly (readonly [bound: number, count: number])[]
  /** Milliseconds, whole ones: added up in another order after a restart, fractions of seconds would make another sum. */
  readonly sum: number
  readonly count: number
}

/** All that is counted of the incidents of one severity and team. */
export interface Tally {
  readonly severity: string
  readonly owner: string
  readonly incidents: number
  readonly met: number
  readonly breached: number
  readonly notify: Durations
  readonly acknowledge: Durations
  readonly resolve: Durations
}

const durations = { notify: timeToNotify, acknowledge: timeToAcknowledge, resolve: timeToResolve } as const
type Kind = keyof typeof durations
const kinds: readonly Kind[] = ['notify', 'acknowledge', 'resolve']

const none = ({ buckets }: Pick<Histogram, 'buckets'>): Durations => ({
  buckets: buckets.map((bound) => [bound, 0]),
  sum: 0,
  count: 0,
})

/** One for each severity and team. */
export const tallyKey = ({ severity, owner }: Pick<Tally, 'severity' | 'owner'>) => JSON.stringify([severity, owner])

export const emptyTally = (severity: string, owner: string): Tally => ({
  severity,
  owner,
  incidents: 0,
  met: 0,
  breached: 0,
  notify: none(timeToNotify),
  acknowledge: none(timeToAcknowledge),
  resolve: none(timeToResolve),
})

/** With what an incident has come to since: it was counted as `before`, or not at all. Nothing is counted twice. */
export const counted = (tally: Tally, incident: Incident, before: Incident | undefined): Tally => {
  const decided = before?.response !== incident.response
  return {
    ...tally,
    incidents: tally.incidents + (before ? 0 : 1),
    met: tally.met + (decided && incident.response === 'met' ? 1 : 0),
    breached: tally.breached + (decided && incident.response === 'breached' ? 1 : 0),
    ...timed(tally, incident, before),
  }
}

const timed = (tally: Tally, incident: Incident, before: Incident | undefined): Pick<Tally, Kind> => {
  const of = (kind: Kind) => {
    const took = incident.took[kind]
    return took === undefined || before?.took[kind] !== undefined ? tally[kind] : withOne(tally[kind], took)
  }
  return { notify: of('notify'), acknowledge: of('acknowledge'), resolve: of('resolve') }
}

const withOne = ({ buckets, sum, count }: Durations, milliseconds: number): Durations => {
  const place = buckets.findIndex(([bound]) => milliseconds <= bound * 1000)
  return {
    buckets: buckets.map(([bound, held], at) => [bound, at === place ? held + 1 : held]),
    sum: sum + milliseconds,
    count: count + 1,
  }
}

/** Both together. Of other bounds, what was in a bucket goes to the next that holds all of it. */
export const added = (tally: Tally, other: Tally): Tally => ({
  ...tally,
  incidents: tally.incidents + other.incidents,
  met: tally.met + other.met,
  breached: tally.breached + other.breached,
  notify: joined(tally.notify, other.notify),
  acknowledge: joined(tally.acknowledge, other.acknowledge),
  resolve: joined(tally.resolve, other.resolve),
})

const joined = (one: Durations, other: Durations): Durations => {
  const place = (bound: number) => one.buckets.findIndex(([own]) => bound <= own)
  const moved = (at: number) =>
    other.buckets.reduce((sum, [bound, held]) => (place(bound) === at ? sum + held : sum), 0)
  return {
    buckets: one.buckets.map(([bound, held], at) => [bound, held + moved(at)]),
    sum: one.sum + other.sum,
    count: one.count + other.count,
  }
}

/** As a histogram tells it, in seconds: each bucket with all that is in those below. */
export const cumulative = ({ buckets, sum, count }: Durations) => {
  let all = 0
  return {
    buckets: buckets.map(([bound, held]): [number, number] => {
      all += held
      return [bound, all]
    }),
    sum: sum / 1000,
    count,
  }
}

/** The durations of a tally, each with the metric that tells them. */
export const distributions = (tally: Tally) => kinds.map((kind) => [durations[kind], cumulative(tally[kind])] as const)
