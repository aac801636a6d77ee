import {
  type At,
  ago,
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
export * from './operators.ts'

// --- from series to vectors -------------------------------------------------------------------------------------

type Stating = 'gauge' | 'recorded' | 'summary' | 'untyped'
/** The value now. A counter has no meaning by itself: ask for its `rate` or `increase`. */
export const instant = <L extends string>(series: Series<Stating, L>, at?: At): Expr<L> => expr(select(series, at))

const overCounter =
  (name: string) =>
  <L extends string>(series: Series<'counter', L>, window: Window, ranging?: Ranging): Expr<L> =>
    expr(`${name}(${range(series, window, ranging)})`)

/** Per second, averaged over the window. */
export const rate = overCounter('rate')
export const increase = overCounter('increase')
export const irate = overCounter('irate')
export const resets = overCounter('resets')

type Ranged<L extends string> = Series<'gauge' | 'recorded', L> | Expr<L>
interface Ranging extends At {
  /** The step of a subquery: an expression is evaluated again at each, and of a series its value then is all that is read. */
  readonly every?: Duration | '$__rate_interval'
}
/** What lies back is put in parentheses: VictoriaMetrics reads no range behind an offset. */
const ranged = (vector: string) => (/ offset \w+$/.test(vector) ? `(${vector})` : vector)
const range = (of: object, window: Window, { every, ...at }: Ranging = {}) =>
  'promql' in of || every
    ? `${'promql' in of ? ranged(part(of)) : select(of)}[${window}:${every ?? ''}]${ago(at)}`
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
/** The hour of the day in UTC, from 0 to 23, of each series' value, a Unix time. */
export const hour = mapping('hour')
/** A constant. */
export const vector = (value: number): Expr => expr(`vector(${number(value)})`)
/** Seconds from each series' value, a Unix time, until now. */
export const secondsSince = <L extends string>(of: Expr<L>): Expr<L> => operation(`time() - ${part(of)}`)
/** Seconds from now until each series' value, a Unix time. */
export const secondsUntil = <L extends string>(of: Expr<L>): Expr<L> => operation(`${part(of)} - time()`)
