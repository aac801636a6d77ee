import { type Recorded, recorded } from '../metrics/metric.ts'
import {
  and,
  complement,
  type Duration,
  div,
  type Expr,
  instant,
  mul,
  or,
  sum,
  sumOverTime,
  thisMonth,
  vector,
} from '../metrics/promql.ts'
import { orNone } from '../metrics/share.ts'
import { burnWindows, errorBudget, inMinutes } from './burn-rate.ts'
import type { Slo } from './slo.ts'

/** Windows up to here are measured afresh from the counters; longer ones add up what was recorded over 5 minutes. */
const longestFresh = inMinutes('6h')
export const isFresh = (window: Duration): boolean => inMinutes(window) <= longestFresh

type Series<By extends string> = Recorded<By | 'slo'>

/** What is recorded of one promise. */
export interface Measured<By extends string> {
  readonly labels: { readonly slo: string }
  readonly bad: Series<By>
  readonly total: Series<By>
  /** The share of bad events, by the window it is taken over. */
  readonly ratios: ReadonlyMap<Duration, Series<By>>
  /** The same two, labelled with the month they happened in. */
  readonly months: { readonly bad: Recorded<By | 'slo' | 'month'>; readonly total: Recorded<By | 'slo' | 'month'> }
  /** The share of bad events since the month began, in UTC. */
  readonly monthRatio: Series<By>
  readonly remaining: Series<By>
  readonly monthRemaining: Series<By>
  /** How many times faster than evenly the budget burnt over the shortest long window. */
  readonly pace: Series<By>
  readonly constants: readonly Recorded<'slo'>[]
}

export const words = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

export const measure = <By extends string>(name: string, slo: Slo<By>): Measured<By> => {
  const labels = { slo: words(name) } as const
  // Where nothing has ever gone wrong there is no bad series at all: none bad, then, not none known.
  const bad = recorded({ name: 'slo:bad_events:rate5m', expr: orNone(slo.bad('5m'), slo.total('5m')), labels })
  const total = recorded({ name: 'slo:total_events:rate5m', expr: slo.total('5m'), labels })
  // As long as anything is counted: that was looked at when it was recorded, and it does not matter how long ago. To look through
  // the whole window for it would cost as much as the share itself.
  const noneBad = mul(sum(instant(total.own), slo.by), 0)
  const addedUp = (window: Duration) => div(sumOverTime(bad.own, window), sumOverTime(total.own, window))
  // Each counter is read once: where good ones are counted, the total that they are missing from is what they are divided by.
  const afresh = (window: Duration): Expr<By> =>
    slo.good
      ? or(complement(div(slo.good(window), slo.total(window))), noneBad)
      : div(or(slo.bad(window), noneBad), slo.total(window))
  const record = (window: Duration): Series<By> => {
    const name = `slo:error:ratio_rate${window}` as const
    return isFresh(window)
      ? recorded({ name, expr: afresh(window), labels })
      : recorded({ name, expr: addedUp(window), labels })
  }
  const burning = burnWindows(slo.window)
  const windows = [...new Set(['5m' as const, ...burning.flatMap(({ short, long }) => [short, long]), slo.window])]
  const ratios = new Map(
    windows.sort((one, other) => inMinutes(one) - inMinutes(other)).map((window) => [window, record(window)]),
  )
  const budget = errorBudget(slo.target).toNumber()
  const left = (ratio: Series<By>) => complement(div(instant(ratio.own), budget))
  const inMonth = (series: Series<By>) => mul(instant(series.own), thisMonth, { on: [], groupLeft: ['month'] })
  const months = {
    bad: recorded({ name: 'slo:bad_events:month_rate5m', expr: inMonth(bad), labels }),
    total: recorded({ name: 'slo:total_events:month_rate5m', expr: inMonth(total), labels }),
  }
  const sinceItBegan = div(sumOverTime(months.bad.own, '31d'), sumOverTime(months.total.own, '31d'))
  const monthRatio = recorded({
    name: 'slo:error:ratio_month',
    expr: sum(and(sinceItBegan, thisMonth, { on: ['month'] }), slo.by),
    labels,
  })
  const constant = (of: 'objective' | 'error_budget', value: number) =>
    recorded({ name: `slo:${of}:ratio`, expr: vector(value), labels })
  return {
    labels,
    bad,
    total,
    ratios,
    months,
    monthRatio,
    remaining: recorded({
      name: 'slo:error_budget_remaining:ratio',
      expr: left(ratioOver(name, ratios, slo.window)),
      labels,
    }),
    monthRemaining: recorded({ name: 'slo:error_budget_remaining:ratio_month', expr: left(monthRatio), labels }),
    pace: recorded({
      name: 'slo:burn_rate:ratio',
      expr: div(instant(ratioOver(name, ratios, burning[0].long).own), budget),
      labels,
    }),
    constants: [
      constant('objective', slo.target),
      constant('error_budget', budget),
      recorded({ name: 'slo:period:days', expr: vector(inMinutes(slo.window) / inMinutes('1d')), labels }),
    ],
  }
}

export const ratioOver = <By extends string>(
  name: string,
  ratios: Measured<By>['ratios'],
  window: Duration,
): Series<By> => {
  const ratio = ratios.get(window)
  if (!ratio) throw new Error(`${name}: no ratio is recorded over ${window}`)
  return ratio
}
