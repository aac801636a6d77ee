import type { Series } from '../metrics/metric.ts'
import { type Expr, mul, rate, sum } from '../metrics/promql.ts'

/** Of what happens too seldom to be told per second. An `increase` over the same window would count each event at several moments. */
export const perMinute = <L extends string, const By extends L = never>(
  counter: Series<'counter', L>,
  by: readonly By[] = [],
): Expr<By> => mul(sum(rate(counter, '$__rate_interval'), by), 60)
