import { type Objective, type PromiseName, sla } from '../config/sla.ts'
import { namesOf } from '../metrics/names.ts'
import type { Duration } from '../metrics/promql.ts'
import type { RuleGroup } from './alert.ts'
import { burnWindows } from './burn-rate.ts'
import { unhurried } from './pace.ts'
import { promiseAlerts } from './promise-alerts.ts'
import { measure, ratioOver, words } from './promise-records.ts'
import { type Slo, slos, slosByInstance, slosByRoute } from './slo.ts'

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
  const [{ long, short }] = burnWindows(slo.window)
  // What may have to be told within minutes.
  const isHurried = (window: Duration | undefined) => window === long || window === short
  const recordedOver = (hurried: boolean) =>
    [...ratios].filter(([window]) => isHurried(window) === hurried).map(([, series]) => series)
  const alerts = promiseAlerts(name, slo, measured)
  const [fast, slow] = [
    alerts.filter(({ labels }) => labels.slo_window === long),
    alerts.filter(({ labels }) => labels.slo_window !== long),
  ]
  const group = `slo-${words(name).replaceAll('_', '-')}`
  return [
    { name: `${group}-events`, rules: [total, bad] },
    { name: `${group}-shares`, rules: recordedOver(true) },
    { name: `${group}-months`, rules: [months.bad, months.total] },
    { name: `${group}-periods`, interval: unhurried, rules: [...recordedOver(false), monthRatio] },
    { name: `${group}-meta`, interval: unhurried, rules: [...constants, pace, remaining, monthRemaining] },
    { name: `${group}-alerts`, rules: fast },
    { name: `${group}-slow-alerts`, interval: unhurried, rules: slow },
  ]
}

/** The rules of every promise, and of their parts where these are promised as well. */
export const promiseGroups = (promises: Readonly<Record<PromiseName, Objective>> = sla): readonly RuleGroup[] => [
  ...namesOf(slos).flatMap((name) => groupsOf(name, slos[name])),
  ...slosByRoute(promises).flatMap(([name, slo]) => groupsOf(`${name}ByRoute`, slo)),
  ...slosByInstance(promises).flatMap(([name, slo]) => groupsOf(`${name}ByInstance`, slo)),
]
