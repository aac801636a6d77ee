import { alertAcknowledged } from '../exporters/incidents/metrics.ts'
import { alerts, alertsForState, alsoWith } from '../metrics/foreign.ts'
import { matches, notMatches, type Recorded, recorded } from '../metrics/metric.ts'
import { add, and, type Expr, eq, instant, lastOverTime, or, unless } from '../metrics/promql.ts'
import type { Alert, RecordingRule } from './alert.ts'
import { inMinutes } from './burn-rate.ts'

/** Half of the response time is over, and nobody has responded. */
export const reminderName = 'ResponseDue'
/** All of it is over, and nobody has responded. */
export const overdueName = 'ResponseOverdue'

type AlertLabel = 'alertname' | 'severity' | 'owner' | 'job' | 'instance'

const fired = (at: Expr<AlertLabel>): Recorded<AlertLabel> =>
  recorded({
    name: 'alert:fired:timestamp_seconds',
    expr: and(at, instant(alerts.where({ alertstate: 'firing' })), { ignoring: ['alertstate'] }),
  })

/**
 * The Unix time at which each alert fired that fires now, with all labels of the alert. Those that tell that nobody responds
 * have none.
 */
export const alertFired: Omit<Recorded<AlertLabel>, 'expr' | 'own'> = fired(instant(alertsForState))

/** Alerts that nobody acknowledged. A recorder that is started anew, or a scrape that fails, forgets nobody's answer. */
export const unacknowledged = (of: Expr<AlertLabel>): Expr<AlertLabel> =>
  unless(of, eq(lastOverTime(alertAcknowledged, '5m'), 1))

/** What tells alerts of one name apart, where they wait for different times. */
const marks = ['burn_rate', 'served_by'] as const

/** Alerts that wait for the same time: by name, and by the label that tells them from others of that name. */
interface Alike {
  readonly seconds: number
  readonly name: string
  readonly mark: Readonly<Record<string, string>>
}

const byKey = <T>(things: readonly T[], keyOf: (one: T) => string): readonly (readonly T[])[] =>
  [...new Set(things.map(keyOf))].map((key) => things.filter((one) => keyOf(one) === key))

const secondsOf = (alert: Alert) => Math.round(inMinutes(alert.for) * 60)

const alikeIn = (named: readonly Alert[]): readonly Alike[] => {
  const [first] = named
  if (!first) return []
  const [name, seconds] = [first.alert, secondsOf(first)]
  if (named.every((one) => secondsOf(one) === seconds)) return [{ seconds, name, mark: {} }]
  const label = marks.find((mark) => new Set(named.flatMap(({ labels }) => labels[mark] ?? [])).size === named.length)
  if (!label) {
    throw new Error(
      `alerts of the name ${name} wait for different times, and none of the labels ${marks.join(', ')} tells them apart: give each another, or all the same \`for\``,
    )
  }
  return named.map((one) => ({ seconds: secondsOf(one), name, mark: { [label]: one.labels[label] ?? '' } }))
}

/** No rung of the ladder: those have a step. */
const sinceOf = (alertname: ReturnType<typeof matches>, mark: Alike['mark'] = {}) =>
  instant(alsoWith(alertsForState.where({ alertname }), { ...mark, step: '' }))

const anyOf = ([first, ...rest]: readonly Expr<AlertLabel>[]): Expr<AlertLabel> => {
  if (!first) throw new Error('there is no alert at all')
  return rest.reduce((all, one) => or(all, one), first)
}

/** When alerts fired that wait for the same time. */
const firedOf = (alike: readonly Alike[]) => {
  const since = byKey(alike, ({ mark }) => JSON.stringify(mark)).map((same) =>
    sinceOf(matches(same.map(({ name }) => name).join('|')), same[0]?.mark),
  )
  return add(anyOf(since), alike[0]?.seconds ?? 0)
}

/**
 * When each alert fired: when its expression first held, and then its own delay. Of an alert that is none of ours nobody knows
 * the delay: it counts from when its expression first held.
 * @throws Error where nothing tells alerts of one name apart that wait for different times
 */
export const firedRecord = (own: readonly Alert[]): RecordingRule => {
  const alike = byKey(own, ({ alert }) => alert).flatMap(alikeIn)
  const names = [...new Set(own.map(({ alert }) => alert))]
  // One rule: Prometheus would take several of one name for the same by mistake.
  return fired(
    anyOf([...byKey(alike, ({ seconds }) => String(seconds)).map(firedOf), sinceOf(notMatches(names.join('|')))]),
  )
}
