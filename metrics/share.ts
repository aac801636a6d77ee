import { div, type Expr, mul, or } from './promql.ts'

/** A part of something, and 0 where there is the whole and no such part: a counter of failures begins with the first. */
export const orNone = <L extends string>(part: Expr<L>, whole: Expr<NoInfer<L>>): Expr<L> => or(part, mul(whole, 0))

/** The share of the whole that the part is, from 0 to 1. Nothing where there is no whole. */
export const share = <L extends string>(part: Expr<L>, whole: Expr<NoInfer<L>>): Expr<L> =>
  div(orNone(part, whole), whole)
