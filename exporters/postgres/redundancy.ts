/** What makes an index what it is. Columns are numbered as in the table; 0 stands for an expression. */
export interface IndexShape {
  readonly oid: string
  readonly relid: string
  readonly method: string
  /** Each with all that orders it: column, operator class, collation, direction. */
  readonly keys: readonly string[]
  /** The columns of the keys, and those that are only stored along. */
  readonly columns: readonly string[]
  readonly included: readonly string[]
  readonly expressions: string
  readonly predicate: string
  /** Parameters of its operator classes. */
  readonly options: string
  readonly unique: boolean
  readonly nullsNotDistinct: boolean
  readonly immediate: boolean
  /** Not to be dropped by itself: a constraint, a replica identity or an index of the whole partitioned table stands on it. */
  readonly needed: boolean
}

export interface Redundancy {
  /** `same`: the other does all it does. `prefix`: the other begins with its columns, and is larger. */
  readonly kind: 'same' | 'prefix'
  readonly of: string
}

/** Which indexes another one makes superfluous, by oid. Of two that are the same, the younger one. */
export const redundancies = (indexes: readonly IndexShape[]): ReadonlyMap<string, Redundancy> => {
  const found = new Map<string, Redundancy>()
  const tables = new Map<string, IndexShape[]>()
  for (const one of indexes) tables.set(one.relid, [...(tables.get(one.relid) ?? []), one])
  for (const group of tables.values()) {
    for (const one of group.filter(({ needed }) => !needed)) {
      const covering = group.flatMap((other): readonly Redundancy[] => {
        const kind = one === other ? undefined : covers(other, one)
        return kind === undefined || yieldsTo(other, one) ? [] : [{ kind, of: other.oid }]
      })
      const best = covering.find(({ kind }) => kind === 'same') ?? covering[0]
      if (best) found.set(one.oid, best)
    }
  }
  return new Map([...found].map(([oid, one]) => [oid, lasting(one, found)]))
}

/** What an index is compared with may be superfluous itself: named is the one that stays. */
const lasting = (one: Redundancy, found: ReadonlyMap<string, Redundancy>): Redundancy => {
  const next = found.get(one.of)
  if (!next) return one
  return lasting({ kind: one.kind === 'same' ? next.kind : one.kind, of: next.of }, found)
}

/** Whether it is `other` that goes: each does all that the other does, and only one may be named. */
const yieldsTo = (other: IndexShape, one: IndexShape) =>
  !other.needed && covers(one, other) !== undefined && BigInt(other.oid) > BigInt(one.oid)

const covers = (other: IndexShape, one: IndexShape): Redundancy['kind'] | undefined => {
  const alike =
    other.method === one.method &&
    other.predicate === one.predicate &&
    // Those of one key can't be told from those of the next: only whole lists are compared.
    (other.expressions === one.expressions || !one.columns.includes('0')) &&
    one.keys.every((key, at) => key === other.keys[at]) &&
    one.included.every((column) => other.columns.includes(column) || other.included.includes(column))
  if (!alike) return undefined
  if (other.keys.length === one.keys.length) {
    return other.options === one.options && (!one.unique || ensures(other, one)) ? 'same' : undefined
  }
  // Only a B-tree is read from its first column on, and only its own columns are unique in a unique one.
  return one.method === 'btree' && !one.unique && one.options === '' ? 'prefix' : undefined
}

const ensures = (other: IndexShape, one: IndexShape) =>
  other.unique && other.immediate === one.immediate && other.nullsNotDistinct === one.nullsNotDistinct
