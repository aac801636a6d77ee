import type { Definition, Sample, Series, TargetLabel } from '../metrics/metric.ts'

type Row = Readonly<Record<string, string | number | null>>

/** Exactly these labels: two metrics with different ones can't be filled from one table. */
interface Sampled<Label extends string> extends Definition, Series<'counter' | 'gauge', Label | TargetLabel> {
  readonly type: 'counter' | 'gauge'
  readonly labels: readonly Label[]
}

/**
 * Samples from a table: each column named in `metrics` fills that metric, each label is the column of its name.
 * A null is no reading: it leaves no sample.
 */
export const readings = <Label extends string>(
  rows: readonly Row[],
  metrics: Readonly<Record<string, Sampled<Label>>>,
): readonly Sample[] => {
  const columns = Object.entries(metrics)
  const names = columns[0]?.[1].labels ?? []
  return rows.flatMap((row) => {
    const labels = Object.freeze(Object.fromEntries(names.map((name) => [name, String(row[name] ?? '')])))
    return columns.flatMap(([column, metric]) => {
      const value = row[column]
      return value === null || value === undefined ? [] : [{ metric, value: Number(value), labels }]
    })
  })
}
