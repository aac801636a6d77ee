import type { Expr } from '../metrics/promql.ts'

/** What a legend can quote: labels that its expression carries. */
export interface Quoted<Label extends string> {
  readonly label: (name: Label) => string
}
const quoted: Quoted<string> = { label: (name) => `{{${name}}}` }

/** What a panel asks Prometheus. */
export interface Query {
  readonly expr: string
  /** How its series are named; empty in a table, whose columns are named by the panel. */
  readonly legend: string
  /** Why it may find nothing though all is well. Shown in place of the data. */
  readonly emptyWhen?: string
  /** Whether single requests that its series were counted from are shown with it. */
  readonly exemplars?: boolean
}

export interface MayBeEmpty {
  readonly emptyWhen?: string
}

interface OverTime extends MayBeEmpty {
  readonly exemplars?: boolean
}

/** A query and the name of its series: one name for all, or one from labels that the expression carries. */
export const series = <Label extends string>(
  expr: Expr<Label>,
  legend: string | ((say: Quoted<Label>) => string),
  { emptyWhen, exemplars = false }: OverTime = {},
): Query =>
  Object.freeze({
    ...query(expr, emptyWhen),
    legend: typeof legend === 'string' ? legend : legend(quoted),
    ...(exemplars && { exemplars }),
  })

/** A query whose series need no names. */
export const query = <Label extends string>({ promql }: Expr<Label>, emptyWhen?: string): Query =>
  Object.freeze({ expr: promql, legend: '', ...(emptyWhen && { emptyWhen }) })
