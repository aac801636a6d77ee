import { gauge, type Sample } from '../../metrics/metric.ts'
import type { Cell, Found } from '../reading.ts'

const labels = ['datname', 'collector'] as const

export const remainderAge = gauge({
  name: 'pg_remainder_age_seconds',
  help: 'How old the oldest part of the series of the rest is: with many relations each scrape reads some of those it sums',
  labels,
})

interface Options {
  readonly collector: string
  /** How many are shown one by one. */
  readonly limit: number
  /** Of the others, how many are read at a scrape. */
  readonly slice: number
  /** The columns that are added up. */
  readonly sums: readonly string[]
  /** The label that tells one series of the rest from another, where there are several. */
  readonly group?: string
}

interface State {
  readonly shown: readonly string[]
  /** The first oid of every slice but the first. */
  readonly bounds: readonly string[]
  readonly found: { readonly rows: readonly (readonly Cell[])[]; readonly at: number }[]
  next: number
}

/** All there are, in the order of their oids, and the oids of the largest of them. */
interface Ranked {
  readonly byOid: ReadonlyMap<string, unknown>
  readonly largest: readonly string[]
}

/** What one scrape reads. */
export interface Portion {
  /** An SQL condition on `c.oid`: what is shown by itself. */
  readonly shown: string
  /** Holds for all that is read. */
  readonly read: string
  /** The number of the slice that `c.oid` is in. */
  readonly slice: string
  /** The answer with the rest as one row for each group; its `oid` is null. Its last column was `slice`. */
  total(found: Found): Found
  age(datname: string): readonly Sample[]
}

/**
 * Bounds what a scrape costs, however many relations there are: those shown are read at each, the others in turns, a slice
 * at a time. Up to `slice` of them all are read at each scrape. Nobody is left out: sums are those of the last reading of each.
 *
 * Who is shown stays so while it is among twice as many: what it counted in all its life would move to and from the rest.
 */
export const restOf = ({ collector, limit, slice, sums, group }: Options) => {
  const states = new Map<string, State>()
  return (database: string, { byOid, largest }: Ranked): Portion => {
    if (limit === Number.POSITIVE_INFINITY) return everything
    const old = states.get(database)
    const shown = chosen(old?.shown ?? [], largest, limit)
    // Sums are without those that are shown: with another choice all are read anew. So are slices that have grown.
    const same = old?.shown.join() === shown.join() && byOid.size <= 2 * slice * (old.bounds.length + 1)
    const state = old && same ? old : begin(shown, byOid, slice)
    states.set(database, state)
    const fresh = state.found.length === 0
    const at = state.next
    state.next = (at + 1) % (state.bounds.length + 1)
    // As one array: pg_stat_statements would take lists of different lengths for different statements.
    const own = `c.oid = any('{${shown.join()}}'::oid[])`
    return {
      shown: own,
      read: fresh ? 'true' : `(${own} or ${within(state.bounds, at)})`,
      slice: state.bounds.length === 0 ? '0' : `width_bucket(c.oid::int8, '{${state.bounds.join()}}'::int8[])`,
      total: (found) => {
        absorb(state, found, fresh ? state.bounds.map((_, place) => place + 1).concat(0) : [at])
        return totalOf(state, found, sums, group)
      },
      age: (datname) => {
        const oldest = Math.min(...state.found.map(({ at: read }) => read))
        return [remainderAge.sample((performance.now() - oldest) / 1000, { datname, collector })]
      },
    }
  }
}

const everything: Portion = {
  shown: 'true',
  read: 'true',
  slice: '0',
  total: (found) => found,
  age: () => [],
}

const chosen = (before: readonly string[], largest: readonly string[], limit: number): readonly string[] => {
  const ranked = new Set(largest)
  const kept = before.filter((oid) => ranked.has(oid))
  const taken = new Set(kept)
  return [...kept, ...largest.filter((oid) => !taken.has(oid))].slice(0, limit)
}

const begin = (shown: readonly string[], byOid: Ranked['byOid'], slice: number): State => {
  const taken = new Set(shown)
  const bounds: string[] = []
  let others = 0
  for (const oid of byOid.keys()) {
    if (taken.has(oid)) continue
    if (others > 0 && others % slice === 0) bounds.push(oid)
    others += 1
  }
  return { shown, bounds, found: [], next: 0 }
}

const within = (bounds: readonly string[], at: number) => {
  const [from, to] = [bounds[at - 1], bounds[at]]
  const conditions = [...(from ? [`c.oid >= ${from}`] : []), ...(to ? [`c.oid < ${to}`] : [])]
  return conditions.length > 0 ? `(${conditions.join(' and ')})` : 'true'
}

const absorb = (state: State, { columns, rows }: Found, slices: readonly number[]) => {
  const [oid, slice] = [columns.indexOf('oid'), columns.indexOf('slice')]
  const at = performance.now()
  for (const one of slices) {
    state.found[one] = { rows: rows.filter((row) => row[oid] === null && Number(row[slice]) === one), at }
  }
}

const totalOf = (state: State, { columns, rows }: Found, sums: readonly string[], group: string | undefined): Found => {
  const [oid, key] = [columns.indexOf('oid'), group === undefined ? -1 : columns.indexOf(group)]
  const summed = sums.map((name) => columns.indexOf(name))
  const totals = new Map<Cell, Cell[]>()
  for (const row of state.found.flatMap((one) => one.rows)) {
    const name = row[key] ?? null
    const total = totals.get(name)
    if (total) for (const place of summed) total[place] = Number(total[place]) + Number(row[place])
    else totals.set(name, [...row])
  }
  return { columns, rows: [...rows.filter((row) => row[oid] !== null), ...totals.values()] }
}
