import { httpRequestsTotal } from '../../exporters/service/http/metrics.ts'
import type { Duration } from '../../metrics/promql.ts'
import { alertNamed, labelsOf, type Onset } from './case.ts'
import { rising, series } from './series.ts'

/** Prometheus 2 finds a sample more in a range than 3, which leaves out the one at its very beginning. */
export type Major = 2 | 3

/** One size of outage, from the table of the SRE Workbook's chapter 5, and the burn alert that should see it. */
interface Outage {
  /** Of all requests so many fail, from one moment on. */
  readonly share: number
  readonly window: '1h' | '6h' | '1d' | '3d'
}

/** The alerts as the workbook has them for 99.9 % over 30 days; written down here, and not taken from what generates them. */
const workbook = {
  '1h': { pace: 14.4, long: 60, short: 5, waits: 2, step: 1 },
  '6h': { pace: 6, long: 360, short: 30, waits: 15, step: 1 },
  '1d': { pace: 3, long: 1440, short: 120, waits: 60, step: 4 },
  '3d': { pace: 1, long: 4320, short: 360, waits: 180, step: 4 },
} as const
const budget = 0.001
/** Longer windows are added up from what was recorded, shorter ones are measured from the counters. */
const longestMeasured = 360

/**
 * How many points a window of so many minutes is judged by: rises from step to step where it is measured, recorded samples where
 * it is added up. That one sample more makes no rise more: a rate is stretched to its whole window, and what began at 0 is not.
 */
const pointsIn = (minutes: number, step: number, major: Major) =>
  minutes / step + (minutes > longestMeasured && major === 2 ? 1 : 0)

/** What the first recorded rate of failures lacks: a counter that began at 0 is not stretched over the fifth minute. */
const lacking = (minutes: number) => (minutes > longestMeasured ? 1 / 5 : 0)

/**
 * Steps from the first failed requests until the share in both windows is above the threshold: of a window with n points, k
 * that failed make a share of k/n times the outage's size.
 */
const stepsUntilTrue = ({ share, window }: Outage, major: Major): number => {
  const { pace, long, short, step } = workbook[window]
  const threshold = pace * budget
  const needed = [long, short].map(
    (minutes) => Math.floor((threshold * pointsIn(minutes, step, major)) / share + lacking(minutes)) + 1,
  )
  return Math.max(...needed)
}

const perMinute = 6_000
const good = { method: 'GET', route: '/api/tables', status_code: '200' }
const bad = { method: 'POST', route: '/api/reservations', status_code: '503' }

const at = (minutes: number): Duration => `${minutes}m`

const onset = (major: Major, outage: Outage): Onset => {
  const { share, window } = outage
  const { long, waits, step } = workbook[window]
  const rule = alertNamed(`HttpAvailabilityBudgetBurn over ${window}`)
  // Good traffic for as long as the window first, and some steps for what is recorded of it.
  const before = long + 5 * step
  const untilTrue = stepsUntilTrue(outage, major) * step
  const after = untilTrue + waits + 5 * step
  const phases = (whole: number, rest: number) =>
    rising([
      [whole * perMinute * step, before / step],
      [rest * perMinute * step, after / step],
    ])
  const labels = (alertstate: string) =>
    `ALERTS{${Object.entries({
      ...labelsOf({ rule, labels: { slo: 'http_availability' } }),
      alertname: rule.alert,
      alertstate,
    })
      .map(([name, value]) => `${name}="${value}"`)
      .join(', ')}}`
  const state = (minutes: number, alertstate?: 'pending' | 'firing') => ({
    at: at(before + minutes),
    expr: `ALERTS{alertname="${rule.alert}", slo_window="${window}"}`,
    finds: alertstate ? [{ labels: labels(alertstate), value: 1 }] : [],
  })
  return {
    name: `an outage of ${share * 100} % is seen over ${window} ${untilTrue} minutes after it began, and told ${waits} minutes later`,
    rule,
    step: at(step),
    at: at(before + after),
    series: [
      series(httpRequestsTotal, 'api', phases(1, 1 - share), good),
      series(httpRequestsTotal, 'api', phases(0, share), bad),
    ],
    asks: [
      state(untilTrue - step),
      state(untilTrue, 'pending'),
      state(untilTrue + waits - step, 'pending'),
      state(untilTrue + waits, 'firing'),
    ],
  }
}

const outages: readonly Outage[] = [
  ...[1, 0.5, 0.1, 0.05, 0.02].map((share) => ({ share, window: '1h' as const })),
  ...[1, 0.1, 0.05, 0.025, 0.011].map((share) => ({ share, window: '6h' as const })),
  ...[1, 0.11, 0.02, 0.01, 0.005].map((share) => ({ share, window: '1d' as const })),
  ...[1, 0.11, 0.01, 0.005, 0.002].map((share) => ({ share, window: '3d' as const })),
]

/** When each burn alert first holds and when it fires, by a formula of its own. */
export const onsets = (major: Major): readonly Onset[] => outages.map((outage) => onset(major, outage))
