import { remainder } from '../reading.ts'

/** Commands that are shown by themselves: more than any service uses, fewer than modules can add. */
export const commandLimit = 200

/**
 * Chooses what is shown by itself: the first `limit` by their counts. What was chosen stays, so that the remainder is of the
 * same names in every scrape and only ever rises, as a counter must.
 */
export const chosen = (limit: number) => {
  const names = new Set<string>()
  return (counts: ReadonlyMap<string, number>): ReadonlySet<string> => {
    if (names.size < limit) {
      // Something may really be named like the remainder: it is counted there.
      const others = [...counts].filter(([name]) => !names.has(name) && name !== remainder)
      const first = others.toSorted(([, a], [, b]) => b - a).slice(0, limit - names.size)
      for (const [name] of first) names.add(name)
    }
    return names
  }
}

export type Choose = ReturnType<typeof chosen>

/** Each row under its own name or, added up, under the remainder's. A null is a value that nobody knows. */
export const boundedRows = <Row extends readonly (number | null)[]>(
  rows: ReadonlyMap<string, Row>,
  shown: ReadonlySet<string>,
): readonly (readonly [name: string, ...values: (number | null)[]])[] => {
  const own: (readonly [string, ...(number | null)[]])[] = []
  let rest: (number | null)[] | undefined
  for (const [name, values] of rows) {
    if (shown.has(name)) own.push([name, ...values])
    else rest = rest ? rest.map((sum, at) => added(sum, values[at] ?? null)) : [...values]
  }
  return rest ? [...own, [remainder, ...rest]] : own
}

const added = (a: number | null, b: number | null) => (a === null ? b : a + (b ?? 0))
