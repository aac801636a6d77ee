import type { Sample } from '../../metrics/metric.ts'
import { distribution, type Reading } from '../reading.ts'
import type { Book } from './book.ts'
import { type ResponseTimes, responseTimeOf } from './deliveries.ts'
import type { Incident, Sight } from './incident.ts'
import * as metrics from './metrics.ts'
import { coverOf } from './silences.ts'
import { distributions, emptyTally, tallyKey } from './tally.ts'

type Labels = Readonly<Record<string, string>>

/** Of whom a series stands there before anything has happened: a rate needs the zero it begins at. */
export interface Expected {
  readonly times: ResponseTimes
  readonly owners: readonly string[]
}

/** How an open incident stands. */
export const standingOf = ({ acknowledgedAt, response }: Incident) =>
  acknowledgedAt !== undefined ? 'acknowledged' : response === 'breached' ? 'late' : 'waiting'
const standings = ['waiting', 'acknowledged', 'late'] as const

/** What was counted, and what is open. */
export const bookReadings = (book: Book, { times, owners }: Expected): readonly Reading[] => {
  const expected = Object.keys(times).flatMap((severity) => owners.map((owner) => emptyTally(severity, owner)))
  const tallies = new Map([...expected, ...book.tallies()].map((tally) => [tallyKey(tally), tally]))
  const open = new Map<string, number>()
  for (const incident of book.live().filter(({ resolvedAt }) => resolvedAt === undefined)) {
    const key = `${tallyKey(incident)}${standingOf(incident)}`
    open.set(key, (open.get(key) ?? 0) + 1)
  }
  return [...tallies.values()].flatMap((tally) => {
    const labels = { severity: tally.severity, owner: tally.owner }
    return [
      metrics.incidentsTotal.sample(tally.incidents, labels),
      metrics.responseMet.sample(tally.met, labels),
      metrics.responseBreached.sample(tally.breached, labels),
      ...distributions(tally).flatMap(([metric, counted]) => distribution(metric, labels, counted)),
      ...standings.map((response) =>
        metrics.incidentsOpen.sample(open.get(`${tallyKey(tally)}${response}`) ?? 0, { ...labels, response }),
      ),
    ]
  })
}

/**
 * Which alerts are covered by a silence now: those that Alertmanager holds to be active, and those that are open here, as
 * a restarted Alertmanager knows none at first.
 */
export const coverReadings = (sight: Sight, book: Book | undefined, times: ResponseTimes, now: number) => {
  const open = (book?.live() ?? []).filter(({ resolvedAt }) => resolvedAt === undefined)
  const alerts = [...open, ...sight.active.values()].filter(({ labels }) => responseTimeOf(labels, times) !== undefined)
  const samples = alerts.flatMap(({ labels: given }) => {
    const labels = printable(given)
    const cover = coverOf(sight.silences, given, now)
    const acknowledged: Sample = { metric: metrics.alertAcknowledged, value: cover ? 1 : 0, labels }
    if (!cover) return [acknowledged]
    const until: Sample = {
      metric: metrics.acknowledgedUntil,
      value: cover.endsAt / 1000,
      labels: { ...labels, created_by: cover.createdBy },
    }
    return [acknowledged, until]
  })
  // An alert may be open here and active there; Prometheus would refuse a series that comes twice.
  return [...new Map(samples.map((sample) => [seriesOf(sample), sample])).values()]
}

const seriesOf = ({ metric, labels }: Sample) => JSON.stringify([metric.name, Object.entries(labels).toSorted()])

/** Alertmanager takes names of labels that older servers cannot read: one of them would cost the whole scrape. */
const readable = /^[a-zA-Z_][a-zA-Z0-9_]*$/

/** Empty where it is not there: Prometheus would put its own in the place of `instance` and `job`. */
const printable = (labels: Labels): Labels => ({
  instance: '',
  job: '',
  ...Object.fromEntries(Object.entries(labels).filter(([name]) => readable.test(name) && !name.startsWith('__'))),
})
