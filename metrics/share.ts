import { div, type Expr, gte, mul, or } from './promql.ts'

/** A part of something, and 0 where there is the whole and no such part: a counter of failures begins with the first. */
export const orNone = <L extends string>(part: Expr<L>, whole: Expr<NoInfer<L>>): Expr<L> => or(part, mul(whole, 0))

/** The share of the whole that the part is, from 0 to 1. NaN where the whole is 0. */
export const share = <L extends string>(part: Expr<L>, whole: Expr<NoInfer<L>>): Expr<L> =>
  div(orNone(part, whole), whole)

/** Without NaN, which is what a share or a quantile of nothing is: shown, it would be neither a value nor the lack of one. */
export const defined = <L extends string>(vector: Expr<L>): Expr<L> => gte(vector, 0)
