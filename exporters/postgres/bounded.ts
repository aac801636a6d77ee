import type { Cell, Found } from '../reading.ts'

/** The name of the series that sums everything not shown by itself. */
export const remainder = 'other'

export const firstOf = <T>(all: Iterable<T>, limit: number): readonly T[] => {
  const first: T[] = []
  for (const one of all) {
    if (first.length >= limit) break
    first.push(one)
  }
  return first
}

/**
 * Each row with the measures that are known of its `oid`. A row of the rest, which has none, gets what is left of them, so
 * that sums over all rows are the sums of all that is known.
 * @param group the column by which there is more than one row of the rest
 */
export const withMeasures = <Name extends string>(
  { columns, rows }: Found,
  known: ReadonlyMap<string, Readonly<Record<Name, number>>> | undefined,
  names: readonly Name[],
  group?: { readonly column: string; readonly of: (oid: string) => string | undefined },
): Found => {
  const place = columns.indexOf('oid')
  const shown = new Set(rows.map((row) => row[place]))
  const rest = [...(known?.keys() ?? [])].filter((oid) => !shown.has(oid))
  const restOf = (row: readonly Cell[]) => {
    const own = group ? rest.filter((oid) => group.of(oid) === row[columns.indexOf(group.column)]) : rest
    return names.map((name) => own.reduce((sum, oid) => sum + (known?.get(oid)?.[name] ?? 0), 0))
  }
  const measuresOf = (row: readonly Cell[]): readonly Cell[] => {
    const oid = row[place] ?? null
    if (oid === null) return known ? restOf(row) : names.map(() => null)
    const measures = known?.get(String(oid))
    return names.map((name) => measures?.[name] ?? null)
  }
  return { columns: [...columns, ...names], rows: rows.map((row) => [...row, ...measuresOf(row)]) }
}
