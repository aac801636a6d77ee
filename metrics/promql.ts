import {
  type At,
  ago,
  bare,
  type Comparison,
  type Duration,
  type Expr,
  expr,
  list,
  number,
  operation,
  part,
  quoted,
  select,
  text,
  type Window,
} from './expression.ts'
import type { Bucketed, Series } from './metric.ts'

export type { Comparison, Duration, Expr, Window } from './expression.ts'
export { selectorOf } from './expression.ts'

// --- from series to vectors -------------------------------------------------------------------------------------

type Stating = 'gauge' | 'recorded' | 'summary' | 'untyped'
/** The value now. A counter has no meaning by itself: ask for its `rate` or `increase`. */
export const instant = <L extends string>(series: Series<Stating, L>, at?: At): Expr<L> => expr(select(series, at))

const overCounter =
  (name: string) =>
  <L extends string>(series: Series<'counter', L>, window: Window, at?: At): Expr<L> =>
    expr(`${name}(${select(series, at, `[${window}]`)})`)

/** Per second, averaged over the window. */
export const rate = overCounter('rate')
export const increase = overCounter('increase')
export const irate = overCounter('irate')
export const resets = overCounter('resets')

type Ranged<L extends string> = Series<'gauge' | 'recorded', L> | Expr<L>
interface Ranging extends At {
  /** The step of a subquery: an expression, rather than a series, is evaluated again at each. */
  readonly every?: Duration
}
const range = (of: object, window: Window, { every, ...at }: Ranging = {}) =>
  'promql' in of || every
    ? `${'promql' in of ? part(of) : select(of)}[${window}:${every ?? ''}]${ago(at)}`
    : select(of, at, `[${window}]`)
const overTime =
  (name: string) =>
  <L extends string>(of: Ranged<L>, window: Window, more: Ranging = {}): Expr<L> =>
    expr(`${name}(${range(of, window, more)})`)

export const avgOverTime = overTime('avg_over_time')
export const minOverTime = overTime('min_over_time')
export const maxOverTime = overTime('max_over_time')
export const sumOverTime = overTime('sum_over_time')
export const countOverTime = overTime('count_over_time')
export const lastOverTime = overTime('last_over_time')
export const changes = overTime('changes')
export const delta = overTime('delta')
export const deriv = overTime('deriv')
/** The value that a straight line through the window reaches `seconds` from now. */
export const predictLinear = <L extends string>(of: Ranged<L>, window: Window, seconds: number): Expr<L> =>
  expr(`predict_linear(${range(of, window)}, ${number(seconds)})`)

// --- histograms -------------------------------------------------------------------------------------------------

/** How many observations, as a counter. */
export const countOf = <L extends string>(series: Series<'histogram', L>): Series<'counter', L> =>
  partOf(series, '_count')
/** What the observations add up to, as a counter. */
export const sumOf = <L extends string>(series: Series<'histogram', L>): Series<'counter', L> => partOf(series, '_sum')

const partOf = <L extends string>({ name, matchers }: Series<'histogram', L>, suffix: string, more: string[] = []) =>
  Object.freeze({
    type: 'counter',
    name: `${name}${suffix}`,
    matchers: Object.freeze([...matchers, ...more]),
  }) as unknown as Series<'counter', L>

/** The observations that were at most `bound`, as a counter. */
export const countAtMost = <B extends number, L extends string>(
  histogram: Bucketed<L, B>,
  bound: NoInfer<B>,
): Series<'counter', L> => {
  const known: readonly number[] = histogram.buckets
  if (!known.includes(bound)) {
    throw new Error(`${bound} is no bucket of ${histogram.name}: choose one of ${known.join(', ')}`)
  }
  // Prometheus 3 and OpenMetrics write a whole bound as 1.0, Prometheus 2 with the text format as 1.
  const le = Number.isInteger(bound) ? `le=~"${bound}(\\\\.0)?"` : `le="${bound}"`
  return partOf(histogram, '_bucket', [le])
}

export const histogramQuantile = <L extends string, const By extends L = never>(
  quantile: number,
  series: Series<'histogram', L>,
  window: Window,
  by: readonly By[] = [],
): Expr<By> =>
  expr(
    `histogram_quantile(${number(quantile)}, sum by (${list([...by, 'le'])}) (rate(${select(partOf(series, '_bucket'), {}, `[${window}]`)})))`,
  )

// --- aggregation ------------------------------------------------------------------------------------------------

const aggregation =
  (name: string) =>
  /** Keeps only the labels in `by`. */
  <L extends string, const By extends L = never>(vector: Expr<L>, by: readonly By[] = []): Expr<By> =>
    expr(`${name}${by.length > 0 ? ` by (${list(by)}) ` : ''}(${text(vector)})`)

export const sum = aggregation('sum')
export const min = aggregation('min')
export const max = aggregation('max')
export const avg = aggregation('avg')
export const count = aggregation('count')
export const topk = <L extends string>(k: number, vector: Expr<L>): Expr<L> => expr(`topk(${k}, ${text(vector)})`)
export const bottomk = <L extends string>(k: number, vector: Expr<L>): Expr<L> => expr(`bottomk(${k}, ${text(vector)})`)

// --- operators --------------------------------------------------------------------------------------------------

/** How two sides with different labels are paired: by equal values of `on`; `groupLeft` names labels taken from the right, where many on the left meet one on the right. */
interface Matching<On extends string, Take extends string> {
  readonly on: readonly On[]
  readonly groupLeft?: readonly Take[]
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

/** And, or, unless: they ask which series there are, so that no number can stand on the right. */
interface Membership {
  <L extends string>(left: Expr<L>, right: Expr<NoInfer<L>>): Expr<L>
  <L extends string, R extends string, const On extends L & R>(
    left: Expr<L>,
    right: Expr<R>,
    matching: { readonly on: readonly On[] },
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

const binary =
  (operator: string, kind: Kind = 'arithmetic') =>
  (left: unknown, right: unknown, matching?: Matching<string, string>) => {
    const on = matching ? ` on (${list(matching.on)})` : ''
    // A filter keeps the left side's labels, so many on the left may meet one on the right.
    const isMany = matching && (matching.groupLeft || kind === 'filter')
    const group = isMany ? ` group_left (${list(matching.groupLeft ?? [])})` : ''
    const side = typeof right === 'number' ? number(right) : part(right)
    return operation(`${part(left)} ${operator}${on}${group} ${side}`, comparisonsOf(kind, operator, left, right))
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

// --- functions --------------------------------------------------------------------------------------------------

const mapping =
  (name: string) =>
  <L extends string>(vector: Expr<L>): Expr<L> =>
    expr(`${name}(${text(vector)})`)

export const abs = mapping('abs')
export const ceil = mapping('ceil')
export const round = mapping('round')
/** What is missing from 1: the good share where the vector is the bad one. */
export const complement = <L extends string>(vector: Expr<L>): Expr<L> => operation(`1 - ${part(vector)}`)
/** Unix time of each sample, in seconds. */
export const timestamp = mapping('timestamp')
export const clampMin = <L extends string>(vector: Expr<L>, least: number): Expr<L> =>
  expr(`clamp_min(${text(vector)}, ${number(least)})`)
export const clampMax = <L extends string>(vector: Expr<L>, most: number): Expr<L> =>
  expr(`clamp_max(${text(vector)}, ${number(most)})`)

/** A label from others: where `pattern` matches the whole of `source`, `target` becomes `replacement`. */
export const labelReplace = <L extends string, const Target extends string>(
  vector: Expr<L>,
  target: Target,
  replacement: string,
  source: NoInfer<L>,
  pattern: string,
): Expr<L | Target> => expr(`label_replace(${text(vector)}, ${quoted([target, replacement, source, pattern])})`)

/** 1 where no series is found at all. Summed first, so that it never carries a label. */
export const absent = <L extends string>(vector: Expr<L>): Expr => expr(`absent(sum(${text(vector)}))`)
/** Always 1, labelled with the month that it is in UTC, from 1 to 12. */
export const thisMonth: Expr<'month'> = expr('count_values("month", month())')
/** A constant. */
export const vector = (value: number): Expr => expr(`vector(${number(value)})`)
/** Seconds from each series' value, a Unix time, until now. */
export const secondsSince = <L extends string>(of: Expr<L>): Expr<L> => operation(`time() - ${part(of)}`)
