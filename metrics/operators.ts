import { bare, type Comparison, type Expr, list, number, operation, part, text } from './expression.ts'

/** How two sides with different labels are paired: by equal values of `on`; `groupLeft` names labels taken from the right, where many on the left meet one on the right. */
interface Matching<On extends string, Take extends string> {
  readonly on: readonly On[]
  readonly groupLeft?: readonly Take[]
}
/** Paired by equal values of all labels but these. */
interface Ignoring {
  readonly ignoring: readonly string[]
}

interface Binary {
  <L extends string>(left: Expr<L>, right: Expr<NoInfer<L>> | number): Expr<L>
  <L extends string, R extends string, const On extends L & R>(
    left: Expr<L>,
    right: Expr<R>,
    matching: { readonly on: readonly On[]; readonly groupLeft?: never },
  ): Expr<On>
  <L extends string, R extends string, const On extends L & R, const Take extends R>(
    left: Expr<L>,
    right: Expr<R>,
    matching: { readonly on: readonly On[]; readonly groupLeft: readonly Take[] },
  ): Expr<L | Take>
}

interface Filter {
  <L extends string>(left: Expr<L>, right: Expr<NoInfer<L>> | number): Expr<L>
  <L extends string, R extends string, const On extends L & R>(
    left: Expr<L>,
    right: Expr<R>,
    matching: { readonly on: readonly On[] },
  ): Expr<L>
}

/**
 * And, unless: they ask which series there are, so that no number can stand on the right. Paired by all labels but those of
 * `ignoring`: also by those that a series has and its type does not tell.
 */
interface Membership {
  <L extends string>(left: Expr<L>, right: Expr<NoInfer<L>>): Expr<L>
  <L extends string, R extends string, const On extends L & R>(
    left: Expr<L>,
    right: Expr<R>,
    matching: { readonly on: readonly On[] },
  ): Expr<L>
  <L extends string, R extends string, const Off extends L | R>(
    left: Expr<L>,
    right: Expr<R>,
    matching: { readonly ignoring: readonly [Off, ...Off[]] },
  ): Expr<L>
}

/** Series of the right side come through as well, so that both sides carry the same labels. */
interface Union {
  <L extends string>(left: Expr<L>, right: Expr<NoInfer<L>>): Expr<L>
  <L extends string, const On extends L>(
    left: Expr<L>,
    right: Expr<NoInfer<L>>,
    matching: { readonly on: readonly On[] },
  ): Expr<L>
}

type Kind = 'arithmetic' | 'filter' | 'membership'

const comparedBy = (vector: unknown) => bare<Expr<never>>(vector).comparisons ?? []

/** A filter compares; what only keeps or drops series of its left side compares what that does, and a union what both do. */
const comparisonsOf = (kind: Kind, operator: string, left: unknown, right: unknown): readonly Comparison[] => {
  if (kind === 'filter')
    return [{ value: text(left), operator, bound: typeof right === 'number' ? right : text(right) }]
  if (kind === 'arithmetic') return []
  return operator === 'or' ? [...comparedBy(left), ...comparedBy(right)] : comparedBy(left)
}

const pairing = (kind: Kind, matching: Matching<string, string> | Ignoring | undefined) => {
  if (!matching) return ''
  if ('ignoring' in matching) return ` ignoring (${list(matching.ignoring)})`
  // A filter keeps the left side's labels, so many on the left may meet one on the right.
  const isMany = matching.groupLeft || kind === 'filter'
  return ` on (${list(matching.on)})${isMany ? ` group_left (${list(matching.groupLeft ?? [])})` : ''}`
}

const binary =
  (operator: string, kind: Kind = 'arithmetic') =>
  (left: unknown, right: unknown, matching?: Matching<string, string> | Ignoring) => {
    const side = typeof right === 'number' ? number(right) : part(right)
    return operation(
      `${part(left)} ${operator}${pairing(kind, matching)} ${side}`,
      comparisonsOf(kind, operator, left, right),
    )
  }

export const add: Binary = binary('+')
export const sub: Binary = binary('-')
export const mul: Binary = binary('*')
export const div: Binary = binary('/')
/** Comparisons keep the series for which they hold. */
export const gt: Filter = binary('>', 'filter')
export const gte: Filter = binary('>=', 'filter')
export const lt: Filter = binary('<', 'filter')
export const lte: Filter = binary('<=', 'filter')
export const eq: Filter = binary('==', 'filter')
export const ne: Filter = binary('!=', 'filter')
/** The series on the left that have a partner on the right. */
export const and: Membership = binary('and', 'membership')
/** The series on the left that have no partner on the right. */
export const unless: Membership = binary('unless', 'membership')
/** The left side, and of the right side what has no partner on the left. */
export const or: Union = binary('or', 'membership')
