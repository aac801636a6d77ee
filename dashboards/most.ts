import { and, type Expr, sumOverTime, topk } from '../metrics/promql.ts'

/**
 * The series that have most over the whole shown range, at each of its moments. `topk` alone chooses anew at each: more lines than
 * were asked for, with holes.
 */
export const most = <L extends string>(k: number, vector: Expr<L>): Expr<L> =>
  and(vector, topk(k, sumOverTime(vector, '$__range', { every: '$__rate_interval', at: 'end' })))
