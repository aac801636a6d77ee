import type { Definition, Histogram, Sample, Series, TargetLabel } from '../metrics/metric.ts'

/** A value as a server told it: a number may be its text. */
export type Cell = string | number | null

/** The name of the series that sums everything not shown by itself. */
export const remainder = 'other'

/** What a query found, in the words of the server. */
export interface Found {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
}

/** Many series at once: a row has one set of labels, and a cell for each metric. A null is no reading: it leaves no series. */
export interface Table {
  readonly labels: readonly (readonly [name: string, column: number])[]
  readonly metrics: readonly (readonly [metric: Definition, column: number])[]
  readonly rows: readonly (readonly Cell[])[]
}

/** One line: a series as it is printed, its value, and the exemplar that OpenMetrics lets stand behind it. */
export type Line = readonly [series: string, value: number, exemplar?: string | undefined]

/** Series that a process keeps ready to be printed. OpenMetrics writes some of them otherwise. */
export interface Kept {
  readonly metric: Definition
  readonly lines: (open: boolean) => Iterable<Line>
  /** How those of several processes of one service become one; a sum where nothing is said. */
  readonly across?: Across | undefined
}
export type Across = 'sum' | 'max' | 'min' | 'first'

/** What a collector returns: single samples, and whole tables of them, which cost a fraction. */
export type Reading = Sample | Table

export const isTable = (reading: Reading | Kept): reading is Table => 'rows' in reading

type Row = Readonly<Record<string, Cell>>

/** Exactly these labels: two metrics with different ones can't be filled from one table. */
interface Sampled<Label extends string> extends Definition, Series<'counter' | 'gauge', Label | TargetLabel> {
  readonly type: 'counter' | 'gauge'
  readonly labels: readonly Label[]
}

/**
 * A table whose column `c` fills the metric under `metrics.c`, and whose columns named like labels give those.
 * @throws Error naming a column that was asked for and is not there
 */
export const readings = <Label extends string>(
  found: Found | readonly Row[],
  metrics: Readonly<Record<string, Sampled<Label>>>,
): readonly Table[] => {
  const { columns, rows } = 'columns' in found ? found : inColumns(found)
  if (rows.length === 0) return []
  const columnOf = (name: string) => {
    const column = columns.indexOf(name)
    if (column < 0) throw new Error(`the answer has no column ${name}: it has ${columns.join(', ')}`)
    return column
  }
  const named = Object.entries(metrics)
  const labels = named[0]?.[1].labels ?? []
  return [
    {
      labels: labels.map((name) => [name, columnOf(name)] as const),
      metrics: named.map(([name, metric]) => [metric, columnOf(name)] as const),
      rows,
    },
  ]
}

const inColumns = (rows: readonly Row[]): Found => {
  const columns = Object.keys(rows[0] ?? {})
  return { columns, rows: rows.map((row) => columns.map((column) => row[column] ?? null)) }
}

/** A histogram as the watched server counted it: `buckets` from the lowest bound up, each holding all that were at most it. */
export const distribution = <Label extends string>(
  metric: Histogram<Label>,
  labels: Readonly<Record<Label, string>>,
  { buckets, sum, count }: { readonly buckets: readonly (readonly [number, number])[]; sum: number; count: number },
): readonly Sample[] => [
  ...buckets.map(([bound, value]): Sample => {
    return { metric, value, labels: { ...labels, le: String(bound) }, suffix: '_bucket' }
  }),
  { metric, value: count, labels: { ...labels, le: '+Inf' }, suffix: '_bucket' },
  { metric, value: sum, labels, suffix: '_sum' },
  { metric, value: count, labels, suffix: '_count' },
]
