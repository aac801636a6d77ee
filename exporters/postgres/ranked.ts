interface Ranking<Row> {
  readonly limit: number
  readonly by: (row: Row) => number
  /** One row for all that are not shown by themselves. Their sum, say, or their highest. */
  readonly rest: (others: readonly Row[]) => Row
}

/** How many of a list of faults are shown one by one: more than anybody mends in one go, and few enough to keep as series. */
export const shownFaults = 50

/** The highest of `found`, each by itself, and the others as one. */
export const ranked = <Row>(found: readonly Row[], { limit, by, rest }: Ranking<Row>): readonly Row[] => {
  if (found.length <= limit) return found
  const sorted = found.toSorted((a, b) => by(b) - by(a))
  return [...sorted.slice(0, limit), rest(sorted.slice(limit))]
}

export const sumOf = <Row>(rows: readonly Row[], of: (row: Row) => number) =>
  rows.reduce((sum, row) => sum + of(row), 0)
