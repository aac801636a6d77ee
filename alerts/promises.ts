import { type Objective, type PromiseName, sla } from '../config/sla.ts'
import { namesOf } from '../metrics/names.ts'
import type { Duration } from '../metrics/promql.ts'
import type { RuleGroup } from './alert.ts'
import { promiseAlerts } from './promise-alerts.ts'
import { isFresh, measure, ratioOver, words } from './promise-records.ts'
import { type Slo, slos, slosByInstance, slosByRoute } from './slo.ts'

/** What looks back for days moves slowly, and is dear to compute. */
const unhurried = '1m'

/** What is recorded of one promise, for whoever shows it. */
export const promiseSeries = (name: PromiseName) => {
  const { bad, total, remaining, monthRemaining, monthRatio, ratios } = measure(name, slos[name])
  return {
    bad: bad.own,
    total: total.own,
    /** The share of the error budget that is left, of the promise's period and of this month. */
    remaining: remaining.own,
    monthRemaining: monthRemaining.own,
    /** The share of bad events since the month began. */
    monthRatio: monthRatio.own,
    /** The share of bad events over one of the windows that are recorded. */
    ratioOver: (window: Duration) => ratioOver(name, ratios, window).own,
  }
}

/** Records, then what is computed from them, then alerts: each in groups of its own, as some rulers store late. */
const groupsOf = <By extends string>(name: string, slo: Slo<By>): readonly RuleGroup[] => {
  const measured = measure(name, slo)
  const { bad, total, ratios, months, monthRatio, remaining, monthRemaining, pace, constants } = measured
  const recordedOver = (fresh: boolean) =>
    [...ratios].filter(([window]) => isFresh(window) === fresh).map(([, series]) => series)
  const group = `slo-${words(name).replaceAll('_', '-')}`
  return [
    { name: `${group}-events`, rules: [bad, total, ...recordedOver(true)] },
    { name: `${group}-months`, rules: [months.bad, months.total] },
    { name: `${group}-periods`, interval: unhurried, rules: [...recordedOver(false), monthRatio] },
    { name: `${group}-meta`, interval: unhurried, rules: [...constants, pace, remaining, monthRemaining] },
    { name: `${group}-alerts`, rules: promiseAlerts(name, slo, measured) },
  ]
}

/** The rules of every promise, and of their parts where these are promised as well. */
export const promiseGroups = (promises: Readonly<Record<PromiseName, Objective>> = sla): readonly RuleGroup[] => [
  ...namesOf(slos).flatMap((name) => groupsOf(name, slos[name])),
  ...slosByRoute(promises).flatMap(([name, slo]) => groupsOf(`${name}ByRoute`, slo)),
  ...slosByInstance(promises).flatMap(([name, slo]) => groupsOf(`${name}ByInstance`, slo)),
]
