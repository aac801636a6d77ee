import type { Definition } from '../../../metrics/metric.ts'
import { printLabels } from '../../exposition.ts'
import type { Line } from '../../reading.ts'

export type Labels = Readonly<Record<string, string>>

/** Most series of one metric. Those after them share one, so that no client can fill the memory. */
export const usualSeries = 10_000
/** The value of every label of that one. */
export const beyondLimit = 'other'

/** One series: its labels as they are printed, and what it holds. */
export interface Cell<Value> {
  readonly labels: string
  value: Value
}

interface Branch<Value> {
  readonly branches: Map<string, Branch<Value>>
  cell?: Cell<Value>
}

export interface SeriesStore<Value> {
  /** @throws Error for a label that is missing, unknown or no string */
  at(given: Labels | undefined): Cell<Value>
  remove(given: Labels | undefined): void
  lines(print: (cell: Cell<Value>) => readonly Line[]): Iterable<Line>
}

/** Branches that lead to no series any more would be kept for ever. */
const prune = (branch: Branch<unknown>, [value, ...rest]: readonly string[]) => {
  const next = value === undefined ? undefined : branch.branches.get(value)
  if (value === undefined || next === undefined) return
  prune(next, rest)
  if (next.branches.size === 0) branch.branches.delete(value)
}

/** The series of one metric, found by their labels without making a string of them. */
export const seriesStore = <Value>(
  { name, labels }: Definition,
  fresh: () => Value,
  { most, onLimit }: { readonly most: number; readonly onLimit: () => void },
): SeriesStore<Value> => {
  const cells = new Set<Cell<Value>>()
  const root: Branch<Value> = { branches: new Map() }
  const add = (values: readonly string[]) => {
    const cell: Cell<Value> = { labels: printLabels(labels, values), value: fresh() }
    cells.add(cell)
    return cell
  }
  const labelOf = (given: Labels | undefined, label: string) => {
    const value: unknown = given?.[label]
    if (typeof value === 'string') return value
    throw new Error(`${name}: the label ${label} is ${value === undefined ? 'missing' : `no string: ${String(value)}`}`)
  }
  const find = (given: Labels | undefined) => {
    let branch: Branch<Value> | undefined = root
    for (const label of labels) branch = branch?.branches.get(labelOf(given, label))
    return branch
  }
  const make = (given: Labels | undefined) => {
    const strange = Object.keys(given ?? {}).find((label) => !labels.includes(label))
    if (strange !== undefined) throw new Error(`${name} has no label ${strange}: it has ${labels.join(', ')}`)
    if (cells.size >= most) {
      onLimit()
      beyond ??= add(labels.map(() => beyondLimit))
      return beyond
    }
    const values = labels.map((label) => labelOf(given, label))
    let branch = root
    for (const value of values) {
      const next: Branch<Value> = branch.branches.get(value) ?? { branches: new Map() }
      branch.branches.set(value, next)
      branch = next
    }
    branch.cell = add(values)
    return branch.cell
  }
  let beyond: Cell<Value> | undefined
  // Without labels there is one series, and it is there from the start.
  if (labels.length === 0) root.cell = add([])
  return {
    at: (given) => find(given)?.cell ?? make(given),
    remove: (given) => {
      const cell = find(given)?.cell
      if (!cell || labels.length === 0) return
      cells.delete(cell)
      prune(
        root,
        labels.map((label) => labelOf(given, label)),
      )
    },
    *lines(print) {
      for (const cell of cells) yield* print(cell)
    },
  }
}
