import { literal } from '../postgres/quoting.ts'
import { type Note, noting } from './names.ts'

/** What the values of a column mean. */
export interface Vocabulary<Meaning extends string> {
  /** The condition that a row has one of these meanings; any of them, where none is named. */
  readonly is: (...wanted: readonly Meaning[]) => string
  /** What metrics call each meaning. */
  readonly labels: Readonly<Record<Meaning, string>>
  /**
   * What rows count, by the label of their `value`: zeros where there are none, and nothing of a meaning that has no
   * value. Values without a meaning are added up under one more label, once there are any.
   */
  readonly tally: <Row extends { readonly value: string }>(
    rows: readonly Row[],
    count: (row: Row) => number,
  ) => readonly (readonly [label: string, count: number])[]
}

interface Words<Meaning extends string> {
  readonly column: string
  readonly values: Readonly<Record<Meaning, readonly string[]>>
  readonly labels: Readonly<Record<Meaning, string>>
  /** What metrics call a value that has no meaning. */
  readonly other: string
}

/** The values of a column, checked, quoted for SQL, and told apart. */
export const vocabulary = <Meaning extends string>(
  note: Note,
  key: string,
  { column, values, labels, other }: Words<Meaning>,
): Vocabulary<Meaning> => {
  const quoted = new Map<Meaning, readonly string[]>()
  const labelOf = new Map<string, string>()
  const owner = new Map<string, string>()
  for (const meaning in values) {
    const here = `${key}.${meaning}`
    for (const value of values[meaning]) {
      const taken = owner.get(value)
      if (taken) note(here, `has "${value}", as ${taken} has: give each value one meaning`)
      owner.set(value, here)
      labelOf.set(value, labels[meaning])
    }
    quoted.set(
      meaning,
      values[meaning].map((value) => noting(note, here, () => literal(value))),
    )
  }
  return {
    is: (...wanted) => {
      const all = [...quoted].flatMap(([one, sql]) => (wanted.length === 0 || wanted.includes(one) ? sql : []))
      // An empty list is no SQL: no row is in a state that the team does not have.
      return all.length === 0 ? 'false' : `${column} in (${all.join(', ')})`
    },
    labels,
    tally: (rows, count) => {
      const counts = new Map([...labelOf.values()].map((label) => [label, 0]))
      for (const row of rows) {
        const label = labelOf.get(row.value) ?? other
        counts.set(label, (counts.get(label) ?? 0) + count(row))
      }
      return [...counts]
    },
  }
}
