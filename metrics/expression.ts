import type { carried, Series } from './metric.ts'

/** What is compared, and with what: a number, or another vector. */
export interface Comparison {
  readonly value: string
  readonly operator: string
  readonly bound: number | string
}

/** An instant vector whose series carry exactly the labels `Label`. */
export interface Expr<in out Label extends string = never> {
  readonly promql: string
  /** What it compares first of all, where it keeps the series for which that holds; of a union, on each side. */
  readonly comparisons?: readonly Comparison[]
  /** A binary operation, to be put in parentheses where it becomes an operand. */
  readonly binary?: true
  readonly [carried]: (label: Label) => Label
}

export type Duration = `${number}${'s' | 'm' | 'h' | 'd' | 'w'}`
/** A range: a duration, or one that Grafana fills in. */
export type Window = Duration | '$__rate_interval' | '$__interval' | '$__range'

/** @param promql as it is printed */
export const expr = <Label extends string>(promql: string) => Object.freeze({ promql }) as Expr<Label>
/** A binary operation. */
export const operation = <Label extends string>(promql: string, comparisons: readonly Comparison[] = []) =>
  Object.freeze({
    promql,
    binary: true,
    ...(comparisons.length > 0 && { comparisons: Object.freeze(comparisons) }),
  }) as Expr<Label>
const operand = ({ promql, binary }: Expr<never>) => (binary ? `(${promql})` : promql)
export const list = (labels: readonly string[]) => labels.join(', ')
export const quoted = (words: readonly string[]) => list(words.map((word) => JSON.stringify(word)))
/** PromQL would take `Infinity` for the name of a metric. */
export const number = (value: number) => String(value).replace('Infinity', 'Inf')

/** Looks this far back; or, of what is asked for over time, from its end, whatever the moment. */
export interface At {
  readonly offset?: Duration
  readonly at?: 'end'
}

export const ago = ({ offset, at }: At) => `${at ? ` @ ${at}()` : ''}${offset ? ` offset ${offset}` : ''}`

const selector = ({ name, matchers }: Series<string, never>, at: At = {}, range = '') =>
  `${name}${matchers.length > 0 ? `{${matchers.join(',')}}` : ''}${range}${ago(at)}`

// Labels carried invariantly can only be read one by one; printing needs none.
export const bare = <T>(typed: unknown) => typed as T
export const select = (series: unknown, at?: At, range?: string) =>
  selector(bare<Series<string, never>>(series), at, range)
export const text = (vector: unknown) => bare<Expr<never>>(vector).promql
export const part = (vector: unknown) => operand(bare<Expr<never>>(vector))

/** How the series are asked for, where they are listed rather than computed with. */
export const selectorOf = <L extends string>(series: Series<string, L>): string => select(series)
