import { Big } from 'big.js'
import type { SeverityName } from '../config/sla.ts'
import type { Duration } from '../metrics/promql.ts'

/** One pace at which an error budget must not burn, and what it means if it does. */
interface BurnPace {
  /** How many times faster than evenly the budget burns: 1 uses it up in exactly the period. */
  readonly pace: string
  /** Share of the period's error budget that is gone by then. With the pace it makes the long window. */
  readonly budget: string
  /** The delay, as a part of the long window. */
  readonly waits: number
  readonly severity: SeverityName
}

/**
 * Paces and budgets: SRE Workbook, chapter 5 (Alerting on SLOs), table 5-8, which makes windows of 1 h, 6 h, 1 d and 3 d of 30
 * days. Delays: kubernetes-mixin's API server alerts, 2 m, 15 m, 1 h and 3 h of these. Severities: the two that page there
 * are critical and high here, the two that make a ticket are medium.
 */
const paces: readonly [BurnPace, ...BurnPace[]] = [
  { pace: '14.4', budget: '0.02', waits: 1 / 30, severity: 'critical' },
  { pace: '6', budget: '0.05', waits: 1 / 24, severity: 'high' },
  { pace: '3', budget: '0.10', waits: 1 / 24, severity: 'medium' },
  { pace: '1', budget: '0.10', waits: 1 / 24, severity: 'medium' },
]

/** A pair of windows over which a budget must burn too fast. */
export interface BurnWindow {
  readonly pace: Big
  readonly long: Duration
  /** Ends the alert soon after the burning ends: a twelfth of the long window, and two minutes at least. */
  readonly short: Duration
  readonly for: Duration
  readonly severity: SeverityName
  /** How soon the whole budget is gone at this pace. */
  readonly exhaustsIn: Duration
}

/** A rate needs some scrapes to be one. */
const shortest = 2

const units = { w: 10_080, d: 1440, h: 60, m: 1, s: 1 / 60 } as const
const minutesIn: Readonly<Record<string, number>> = units
export const inMinutes = (duration: Duration): number =>
  Number(duration.slice(0, -1)) * (minutesIn[duration.slice(-1)] ?? Number.NaN)
export const inHours = (duration: Duration): number => inMinutes(duration) / 60

/** Whole minutes, in the largest unit without a fraction. */
const ofMinutes = (minutes: number): Duration => {
  const whole = Math.max(1, Math.round(minutes))
  if (whole % units.d === 0) return `${whole / units.d}d`
  return whole % units.h === 0 ? `${whole / units.h}h` : `${whole}m`
}

/**
 * Fastest first. The windows are parts of the period, so that a pace means the same for a week as for a quarter: for 30
 * days they are the workbook's.
 */
export const burnWindows = (period: Duration): readonly [BurnWindow, ...BurnWindow[]] => {
  const windowOf = ({ pace, budget, waits, severity }: BurnPace): BurnWindow => {
    const long = Math.max(shortest, new Big(inMinutes(period)).times(budget).div(pace).round().toNumber())
    return {
      pace: new Big(pace),
      long: ofMinutes(long),
      short: ofMinutes(Math.max(shortest, long / 12)),
      for: ofMinutes(long * waits),
      severity,
      exhaustsIn: ofMinutes(new Big(inMinutes(period)).div(pace).toNumber()),
    }
  }
  const [first, ...rest] = paces
  return [windowOf(first), ...rest.map(windowOf)]
}

/** A share in words: 99.9 % for 0.999. */
export const percent = (share: number): string => `${new Big(share).times(100).toFixed()} %`

/** The share of bad events that may be, exactly: 0.001 for 0.999, where floating point has 0.0010000000000000009. */
export const errorBudget = (target: number): Big => new Big(1).minus(target)

/** The share of bad events at which a budget burns at this pace, in decimal arithmetic. */
export const burnThreshold = ({ pace }: Pick<BurnWindow, 'pace'>, target: number): number =>
  pace.times(errorBudget(target)).toNumber()
