import {
  type NameOfCount,
  type NameOfTotal,
  type NameWithUnit,
  namingFault,
  type OwnLabel,
  type TargetLabel,
} from './naming.ts'

export type { TargetLabel } from './naming.ts'

/** Exporters whose names we keep as they are, so that dashboards written for them go on working. */
type Peer =
  | 'postgres_exporter'
  | 'redis_exporter'
  | 'prometheus'
  | 'alertmanager'
  | 'blackbox_exporter'
  | 'node_exporter'
  | 'prom-client'

interface Spec<Label extends string> {
  /** What the value is, in one line. */
  readonly help: string
  readonly labels?: readonly OwnLabel<Label>[]
}

/** What a metric is: enough to expose it, to document it and to name it in a query. */
export interface Definition {
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary' | 'untyped'
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
  readonly buckets?: readonly number[]
  /** Set where the name, type and labels are those of another exporter. */
  readonly peer?: Peer
}

/** One number of one series, as a collector returns it. */
export interface Sample {
  readonly metric: Definition
  readonly value: number
  readonly labels: Readonly<Record<string, string>>
  /** Which of the series that a histogram or a summary consists of. */
  readonly suffix?: '_bucket' | '_sum' | '_count'
}

/** The mark by which a series or an expression carries its labels in its type; it has no value at run time. */
export declare const carried: unique symbol

/** The series that a selector finds: of one type, each with exactly the labels `Label`. */
export interface Series<Type extends string, in out Label extends string> {
  readonly type: Type
  readonly name: string
  readonly matchers: readonly string[]
  readonly [carried]: (label: Label) => Label
}

export interface Matcher {
  readonly operator: '!=' | '=~' | '!~'
  readonly value: string
}
export const not = (value: string): Matcher => ({ operator: '!=', value })
/** Matches the whole value, as RE2 does. */
export const matches = (value: string): Matcher => ({ operator: '=~', value })
export const notMatches = (value: string): Matcher => ({ operator: '!~', value })

type Where<Label extends string> = Readonly<Partial<Record<Label, string | Matcher>>>
/** Nothing but labels: also where the object was made elsewhere, which TypeScript alone would let pass. */
type Only<Label extends string, Given> = Given & Readonly<Record<Exclude<keyof Given, Label>, never>>

interface Queryable<Type extends string, Label extends string> extends Series<Type, Label> {
  /** Narrows to the series whose labels match. */
  where<Given extends Where<Label>>(labels: Only<Label, Given>): Series<Type, Label>
}
interface Exposed<Type extends 'counter' | 'gauge' | 'untyped', Label extends string>
  extends Omit<Definition, 'type' | 'labels'>,
    Queryable<Type, Label | TargetLabel> {
  readonly type: Type
  readonly labels: readonly Label[]
  /** A reading of one series. Every label must be given. */
  sample(value: number, ...labels: [Label] extends [never] ? [] : [Readonly<Record<Label, string>>]): Sample
}

/** Only ever rises, and starts again at 0. */
export type Counter<Label extends string = never> = Exposed<'counter', Label>
/** Goes up and down. A metric named `_info` is a gauge that is always 1 and carries its news in its labels. */
export type Gauge<Label extends string = never> = Exposed<'gauge', Label>
/** What its peer gives no type: only ever asked for its labels. */
export type Untyped<Label extends string = never> = Exposed<'untyped', Label>
/** Quantiles that the watched server computed itself: they can be shown, and not be summed. */
export interface Summary<Label extends string = never>
  extends Omit<Definition, 'type' | 'labels'>,
    Queryable<'summary', Label | TargetLabel | 'quantile'> {
  readonly type: 'summary'
  readonly labels: readonly Label[]
}
/** The series of a histogram, with the bounds of its buckets. */
export interface Bucketed<in out Label extends string, Bound extends number> extends Series<'histogram', Label> {
  readonly buckets: readonly Bound[]
}
/** Counts observations in buckets, each holding all that were at most its bound. */
export interface Histogram<Label extends string = never, Bound extends number = number>
  extends Omit<Definition, 'type' | 'labels' | 'buckets'>,
    Bucketed<Label | TargetLabel, Bound> {
  readonly type: 'histogram'
  readonly labels: readonly Label[]
  /** Narrows to the series whose labels match. */
  where<Given extends Where<Label | TargetLabel>>(
    labels: Only<Label | TargetLabel, Given>,
  ): Bucketed<Label | TargetLabel, Bound>
}

export const counter = <const Name extends string, const Label extends string = never>(
  spec: Spec<Label> & ({ readonly name: Name; readonly peer: Peer } | { readonly name: NameOfTotal<Name> }),
): Counter<Label> => exposed('counter', spec)

export const gauge = <const Name extends string, const Label extends string = never>(
  spec: Spec<Label> &
    (
      | { readonly name: Name; readonly peer: Peer }
      | { readonly name: NameWithUnit<Name>; readonly counts?: never }
      /** `counts` names the things counted, for a gauge that has no unit. */
      | { readonly name: NameOfCount<Name>; readonly counts: string }
    ),
): Gauge<Label> => exposed('gauge', spec)

export const untyped = <const Label extends string = never>(
  spec: Spec<Label> & { readonly name: string; readonly peer: Peer },
): Untyped<Label> => exposed('untyped', spec)

export const summary = <const Label extends string = never>(
  spec: Spec<Label> & { readonly name: string; readonly peer: Peer },
): Summary<Label> => exposed('summary', spec)

/** A histogram of a peer has the bounds that the watched server chooses: none are listed. */
export const histogram = <const Name extends string, const Bound extends number, const Label extends string = never>(
  spec: Spec<Label> &
    (
      | { readonly name: Name; readonly peer: Peer; readonly buckets: readonly Bound[] }
      | { readonly name: NameWithUnit<Name>; readonly buckets: readonly Bound[] }
    ),
): Histogram<Label, Bound> => {
  const fault = boundFault(spec)
  if (fault !== undefined) throw new Error(`${spec.name}: ${fault}`)
  return exposed('histogram', spec)
}

const boundFault = ({ buckets, peer }: Pick<Described, 'buckets' | 'peer'>) => {
  // Who writes without types may have left them out.
  if (!Array.isArray(buckets) || (buckets.length === 0 && !peer)) return 'list the bounds of its `buckets`'
  const odd = buckets.find((bound) => !Number.isFinite(bound))
  if (odd !== undefined)
    return `${odd} is no bound of a bucket: write finite numbers, the one without end is always there`
  const rise = buckets.every((bound, i) => bound > (buckets[i - 1] ?? -Infinity))
  return rise ? undefined : `bucket bounds must rise, got ${buckets.join(', ')}`
}

interface Described {
  readonly name: string
  readonly help: string
  readonly labels?: readonly string[]
  readonly buckets?: readonly number[]
  readonly counts?: string
  readonly peer?: Peer
}

const exposed = <T>(type: Definition['type'], given: Described): T => {
  // Who writes without types may have left them out.
  const { name = '', help = '', labels = [], buckets, ...rest } = given
  const fault = namingFault(type, { name, labels, ...rest })
  if (fault !== undefined) throw new Error(`${name}: ${fault}`)
  if (help.trim() === '') throw new Error(`${name}: say in \`help\` what the value is`)
  const definition: Definition = Object.freeze({
    type,
    name,
    help,
    labels: Object.freeze([...labels]),
    ...(buckets && { buckets: Object.freeze([...buckets]) }),
    ...rest,
  })
  const sample = (value: number, given: Readonly<Record<string, string>> = {}): Sample => ({
    metric: definition,
    value,
    labels: given,
  })
  return Object.freeze({ ...definition, ...queryable(type, name, definition.buckets), sample }) as T
}

const queryable = (type: string, name: string, buckets?: readonly number[]) => ({
  matchers: Object.freeze([]),
  where: (labels: Where<string>) => {
    const matchers = Object.freeze(Object.entries(labels).map(printMatcher))
    return Object.freeze({ type, name, matchers, ...(buckets && { buckets }) })
  },
})

/** A matcher as it stands in a selector. */
export const printMatcher = ([label, wanted]: [string, string | Matcher | undefined]) => {
  const { operator, value } = typeof wanted === 'object' ? wanted : { operator: '=', value: wanted ?? '' }
  return `${label}${operator}${JSON.stringify(value)}`
}

/** A series that a rule computes. */
export interface Recorded<Label extends string> extends Queryable<'recorded', Label> {
  readonly expr: string
  /** Added to the series by the rule. */
  readonly labels: Readonly<Record<string, string>>
  /** What this rule computed, and no other that records under the same name. */
  readonly own: Series<'recorded', Label>
}

/** Named `level:metric:operations`, as Prometheus recommends; its labels are those of the expression and the added ones. */
export const recorded = <const Name extends string, Label extends string, const Added extends string = never>({
  name,
  expr,
  labels,
}: {
  readonly name: Name extends `${string}:${string}` ? Name : 'name a recorded series level:metric:operations'
  readonly expr: { readonly promql: string; readonly [carried]: (label: Label) => Label }
  readonly labels?: Readonly<Record<Added, string>>
}): Recorded<Label | Added> => {
  const { promql } = expr
  if (promql.includes('$__')) throw new Error(`${name}: only Grafana fills in $__ variables: write a duration`)
  const rule = { type: 'recorded', name, expr: promql, labels: Object.freeze({ ...labels }) }
  const asked = queryable('recorded', name)
  return Object.freeze({ ...rule, ...asked, own: asked.where(rule.labels) }) as unknown as Recorded<Label | Added>
}
