import { alertFired, unacknowledged } from '../alerts/escalation.ts'
import { type SeverityName, severities } from '../config/sla.ts'
import { responseBreached, responseMet } from '../exporters/incidents/metrics.ts'
import { type Counter, type Histogram, not } from '../metrics/metric.ts'
import { namesOf } from '../metrics/names.ts'
import {
  add,
  and,
  changes,
  countOf,
  div,
  type Expr,
  gte,
  histogramQuantile,
  hour,
  increase,
  instant,
  lt,
  max,
  min,
  or,
  secondsSince,
  secondsUntil,
  sum,
  sumOf,
  type Window,
} from '../metrics/promql.ts'
import { defined, orNone, share } from '../metrics/share.ts'

/** What tells one row of alerts from another. */
export const told = ['alertname', 'severity', 'owner', 'instance'] as const
type Told = (typeof told)[number]
type AlertLabel = Told | 'job'
type By = 'severity' | 'owner'

/** When each alert that fires began to. The heartbeat, which has no severity, is none that anybody answers. */
export const fired = alertFired.where({ severity: not('') })

const responseSeconds = (severity: SeverityName) => severities[severity].respondWithinHours * 3600

/** Of each alert that fires, what its severity makes of it. */
const bySeverity = (of: (severity: SeverityName) => Expr<AlertLabel>): Expr<AlertLabel> =>
  namesOf(severities)
    .map(of)
    .reduce((all, one) => or(all, one))

/** Of alerts that nobody acknowledged, how much of the response time has passed: 1 is all of it. */
export const responseUsed: Expr<Told> = max(
  unacknowledged(
    bySeverity((severity) => div(secondsSince(instant(alertFired.where({ severity }))), responseSeconds(severity))),
  ),
  told,
)

/** Of alerts that nobody acknowledged, the seconds until the response time runs out; below zero it has. */
export const responseLeft: Expr<Told> = min(
  unacknowledged(
    bySeverity((severity) => secondsUntil(add(instant(alertFired.where({ severity })), responseSeconds(severity)))),
  ),
  told,
)

/** How much a counter rose, by `by`. */
export const risen = <const B extends By>(metric: Counter<By>, window: Window, by: readonly B[]): Expr<B> =>
  sum(increase(metric, window), by)

/** The share of incidents that were answered in time; none where there was no incident. */
export const attainment = (window: Window): Expr<'severity'> => {
  const met = risen(responseMet, window, ['severity'])
  return defined(share(met, add(met, risen(responseBreached, window, ['severity']))))
}

/** How long it took on average; none where nothing was timed. */
export const mean = (timed: Histogram<By>, window: Window): Expr<'severity'> =>
  defined(div(sum(increase(sumOf(timed), window), ['severity']), sum(increase(countOf(timed), window), ['severity'])))

/** Nine of ten took no longer; none where nothing was timed. */
export const mostWithin = (timed: Histogram<By>, window: Window): Expr<'severity'> =>
  defined(histogramQuantile(0.9, timed, window, ['severity']))

/** UTC, as Prometheus knows no other: in Paris an hour or two more. */
export const night = { from: 20, to: 6 } as const

const firings = <L extends string>(of: Expr<L>) => add(changes(of, '$__range', { every: '1m' }), 1)
const byAlert = ['alertname', 'owner', 'severity'] as const

/** How often each alert fired in the range, or went on firing from before it. */
export const firedInRange: Expr<(typeof byAlert)[number]> = sum(firings(instant(fired)), byAlert)

/** How many of those began at night. */
export const firedAtNight: Expr<(typeof byAlert)[number]> = orNone(
  sum(
    firings(and(instant(fired), or(gte(hour(instant(fired)), night.from), lt(hour(instant(fired)), night.to)))),
    byAlert,
  ),
  firedInRange,
)
