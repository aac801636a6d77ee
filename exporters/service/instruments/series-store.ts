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

/** By the value of a label: what the next label leads to, or the series itself under the last one. */
type Branch<Value> = Map<string, Branch<Value> | Cell<Value>>

export interface SeriesStore<Value> {
  /** @throws Error for a label that is missing, unknown or no string */
  at(given: Labels | undefined): Cell<Value>
  remove(given: Labels | undefined): void
  lines(print: (cell: Cell<Value>) => readonly Line[]): Iterable<Line>
}

/** Branches that lead to no series any more would be kept for ever. */
const prune = (branch: Branch<unknown>, [value, ...rest]: readonly string[]) => {
  const next = value === undefined ? undefined : branch.get(value)
  if (value === undefined || next === undefined) return
  if (next instanceof Map) prune(next, rest)
  if (!(next instanceof Map) || next.size === 0) branch.delete(value)
}

/** The series of one metric, found by their labels without making a string of them. */
export const seriesStore = <Value>(
  { name, labels }: Definition,
  fresh: () => Value,
  { most, onLimit }: { readonly most: number; readonly onLimit: () => void },
): SeriesStore<Value> => {
  const cells = new Set<Cell<Value>>()
  const root: Branch<Value> = new Map()
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
    let branch: Branch<Value> | Cell<Value> | undefined = root
    for (const label of labels) {
      const value = labelOf(given, label)
      branch = branch instanceof Map ? branch.get(value) : undefined
    }
    return branch instanceof Map ? only : branch
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
    for (const value of values.slice(0, -1)) {
      const known = branch.get(value)
      const next: Branch<Value> = known instanceof Map ? known : new Map()
      if (next !== known) branch.set(value, next)
      branch = next
    }
    const cell = add(values)
    branch.set(values.at(-1) ?? '', cell)
    return cell
  }
  let beyond: Cell<Value> | undefined
  // Without labels there is one series, and it is there from the start.
  const only = labels.length === 0 ? add([]) : undefined
  return {
    at: (given) => find(given) ?? make(given),
    remove: (given) => {
      const cell = find(given)
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
