import type { Cell, Found } from '../reading.ts'

/** What is computed of the answer of a survey once, however many scrapes show it. */
export const onceFor = <Answer extends object, T>(compute: (answer: Answer) => T) => {
  const known = new WeakMap<Answer, { readonly value: T }>()
  return (answer: Answer): T => {
    const found = known.get(answer) ?? { value: compute(answer) }
    known.set(answer, found)
    return found.value
  }
}

type Known<One> = ReadonlyMap<string, One>
interface Options<Name extends string, One> {
  readonly names: readonly Name[]
  /** Where there is more than one row of the rest: the column that tells them apart, and what stands there for each that is measured. */
  readonly group?: { readonly column: string; readonly of: (one: One) => string }
}

/**
 * What adds to each row the measures that are known of its `oid`. A row of the rest, which has none, gets what is left of
 * them, so that sums over all rows are the sums of all that is known.
 */
export const measuring = <Name extends string, One extends Readonly<Record<Name, number>>>({
  names,
  group,
}: Options<Name, One>) => {
  const sumsOf = (all: Iterable<One>): ReadonlyMap<string, readonly number[]> => {
    const sums = new Map<string, number[]>()
    for (const one of all) {
      const key = group?.of(one) ?? ''
      const sum = sums.get(key) ?? names.map(() => 0)
      names.forEach((name, at) => {
        sum[at] = (sum[at] ?? 0) + one[name]
      })
      sums.set(key, sum)
    }
    return sums
  }
  const totals = onceFor((known: Known<One>) => sumsOf(known.values()))
  return ({ columns, rows }: Found, known: Known<One>): Found => {
    const [oid, key] = [columns.indexOf('oid'), group ? columns.indexOf(group.column) : -1]
    const shown = sumsOf(rows.flatMap((row) => known.get(String(row[oid])) ?? []))
    const measuresOf = (row: readonly Cell[]): readonly Cell[] => {
      const at = row[oid] ?? null
      if (at !== null) return names.map((name) => known.get(String(at))?.[name] ?? null)
      const name = String(row[key] ?? '')
      const [all, own] = [totals(known).get(name), shown.get(name)]
      return names.map((_, place) => (all?.[place] ?? 0) - (own?.[place] ?? 0))
    }
    return { columns: [...columns, ...names], rows: rows.map((row) => [...row, ...measuresOf(row)]) }
  }
}
