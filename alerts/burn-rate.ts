import { Big } from 'big.js'
import type { SeverityName } from '../config/sla.ts'
import type { Duration } from '../metrics/promql.ts'

/** One pair of windows over which the error budget must burn too fast, and what that means. */
interface BurnWindow {
  /** Share of the period's error budget that is gone when the long window is full. */
  readonly budget: string
  readonly long: Duration
  /** Ends the alert soon after the burning ends: a twelfth of the long window. */
  readonly short: Duration
  readonly for: Duration
  readonly severity: SeverityName
}

/**
 * Budgets and windows: SRE Workbook, chapter 5 (Alerting on SLOs), table 5-8. Delays: kubernetes-mixin's API server
 * alerts. Severities: the two that page there are critical and high here, the two that make a ticket are medium.
 */
export const burnWindows: readonly [BurnWindow, ...BurnWindow[]] = [
  { budget: '0.02', long: '1h', short: '5m', for: '2m', severity: 'critical' },
  { budget: '0.05', long: '6h', short: '30m', for: '15m', severity: 'high' },
  { budget: '0.10', long: '1d', short: '2h', for: '1h', severity: 'medium' },
  { budget: '0.10', long: '3d', short: '6h', for: '3h', severity: 'medium' },
]

const hours = { s: 1 / 3600, m: 1 / 60, h: 1, d: 24, w: 168 } as const
const units: Readonly<Record<string, number>> = hours
export const inHours = (duration: Duration): number =>
  Number(duration.slice(0, -1)) * (units[duration.slice(-1)] ?? Number.NaN)

/** How many times faster than evenly the budget burns: such as 14.4 for 2 % of 30 days' budget in an hour. */
export const burnRate = ({ budget, long }: Pick<BurnWindow, 'budget' | 'long'>, period: Duration): Big =>
  new Big(budget).times(inHours(period)).div(inHours(long))

/** A share in words: 99.9 % for 0.999. */
export const percent = (share: number): string => `${new Big(share).times(100).toFixed()} %`

/** The share of bad events that may be, exactly: 0.001 for 0.999, where floating point has 0.0010000000000000009. */
export const errorBudget = (target: number): Big => new Big(1).minus(target)

/** The share of bad events at which a budget burns at this rate, in decimal arithmetic, to six digits where it has no end. */
export const burnThreshold = (window: Pick<BurnWindow, 'budget' | 'long'>, period: Duration, target: number): number =>
  burnRate(window, period).times(errorBudget(target)).prec(6).toNumber()
