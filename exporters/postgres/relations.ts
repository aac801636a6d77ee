import { setImmediate as turn } from 'node:timers/promises'
import type { Database } from './source.ts'
import type { Survey, Surveyed } from './survey.ts'

/** A CTE `locked (relation)`: what somebody holds or awaits an exclusive lock on, its table's parts and indexes included. */
const lockedRelations = `
  exclusive as (
    select relation from pg_locks where locktype = 'relation' and mode = 'AccessExclusiveLock'
      and database = (select oid from pg_database where datname = current_database())
  ), locked as (
    select relation from exclusive
    union select reltoastrelid from pg_class where oid in (select relation from exclusive)
    union select indexrelid from pg_index where indrelid in (select relation from exclusive)
    union select indrelid from pg_index where indexrelid in (select relation from exclusive)
  )`

/** The size of a relation in bytes as SQL. Asking the server waits for an exclusive lock and would fail the whole query; the catalogue's page count, as of the last vacuum or analyze, does not. */
const unlessLocked = (relation: string, exact: string, otherwise = pages(relation)) =>
  `coalesce(case when ${relation}.oid in (select relation from locked) then ${otherwise} else ${exact} end, 0)`

const pages = (relation: string) => `${relation}.relpages::bigint * current_setting('block_size')::int`

/** The relations of users in a catalogue query where `pg_class` is `c` and `pg_namespace` is `n`: those of pg_stat_user_tables. */
export const ofUsers = `n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_toast'`

/** Bytes of one table. */
export interface TableSize {
  readonly heap: number
  readonly toast: number
  /** With its free space and visibility maps and its oversized values. */
  readonly table: number
  readonly index: number
}
export interface IndexSize {
  readonly size: number
  readonly constraint: string
  /** Whether no query has read it since the statistics began. */
  readonly unused: boolean
}

/** Relations of one kind as a survey found them, with what a scrape would otherwise have to go through all of them for. */
export interface Measured<T> {
  /** In the order of their oids. */
  readonly byOid: ReadonlyMap<string, T>
  /** Oids, the largest first: twice as many as are shown, so that who is shown need not change at once. */
  readonly largest: readonly string[]
}

/** What is known before the first survey. */
export const unmeasured = { byOid: new Map<string, never>(), largest: [] } as const

export interface Sizes {
  readonly tables: Measured<TableSize>
  readonly indexes: Measured<IndexSize>
}

export interface Shown {
  readonly tables: number
  readonly indexes: number
}

/** The sizes of all relations of users. A table that someone holds an exclusive lock on has the size of its last vacuum or analyze. */
export const sizesOf = (survey: Survey, shown: Shown): Surveyed<Sizes> =>
  survey.asks('sizes', (database) => readSizes(database, shown))

const readSizes = async (database: Database, shown: Shown): Promise<Sizes> => {
  const indexes = new Map<string, IndexSize>()
  const ofTable = new Map<string, number>()
  for await (const { oid, relid, size, constraint, unused } of batches<IndexRow>(database, indexesSql)) {
    indexes.set(oid, { size, constraint, unused })
    ofTable.set(relid, (ofTable.get(relid) ?? 0) + size)
  }
  const tables = new Map<string, TableSize>()
  for await (const { oid, heap, maps, toast } of batches<TableRow>(database, tablesSql)) {
    tables.set(oid, { heap, toast, table: heap + maps + toast, index: ofTable.get(oid) ?? 0 })
  }
  const largestTables = largestOf(tables, ({ table, index }) => table + index, 2 * shown.tables)
  await turn()
  return {
    tables: { byOid: tables, largest: largestTables },
    indexes: { byOid: indexes, largest: largestOf(indexes, ({ size }) => size, 2 * shown.indexes) },
  }
}

/** Only those are put in order that are as large as the last of them: of hundreds of thousands that is quick. */
const largestOf = <T>(all: ReadonlyMap<string, T>, sizeOf: (one: T) => number, limit: number): readonly string[] => {
  if (limit === Number.POSITIVE_INFINITY || limit === 0) return []
  const sizes = Float64Array.from(all.values(), sizeOf).sort()
  const least = sizes[Math.max(0, sizes.length - limit)] ?? 0
  const large: (readonly [string, number])[] = []
  for (const [oid, one] of all) if (sizeOf(one) >= least) large.push([oid, sizeOf(one)])
  return large
    .sort(([, a], [, b]) => b - a)
    .slice(0, limit)
    .map(([oid]) => oid)
}

type TableRow = { readonly oid: string; readonly heap: number; readonly maps: number; readonly toast: number }
type IndexRow = IndexSize & { readonly oid: string; readonly relid: string }

/** Relations of one statement: it ends soon whatever the number of relations, and holds no snapshot for long. */
const batchSize = 1_000

async function* batches<Row extends { readonly oid: string }>({ rows }: Database, sql: (after: string) => string) {
  for (let after = '0'; ; ) {
    const found = await rows<Row>(sql(after))
    yield* found
    const last = found.at(-1)
    if (!last || found.length < batchSize) return
    after = last.oid
  }
}

const fork = (name: string) => `pg_relation_size(c.oid, '${name}')`

const tablesSql = (after: string) => `
  with ${lockedRelations}
  select c.oid::text, ${unlessLocked('c', fork('main'))} as heap,
         ${unlessLocked('c', `${fork('fsm')} + ${fork('vm')} + ${fork('init')}`, '0')} as maps,
         ${unlessLocked('t', 'pg_total_relation_size(t.oid)')} as toast
  from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_class t on t.oid = c.reltoastrelid
  where c.oid > ${after} and c.relkind in ('r', 'm', 'p') and ${ofUsers}
  order by c.oid limit ${batchSize}`

/** `constraint`: what the index keeps true even if no query reads it, or none. */
export const constraintOf = `
  case when x.indisprimary then 'primary_key' when x.indisexclusion then 'exclusion' when x.indisunique then 'unique'
       when x.indisreplident then 'replica_identity' else 'none' end`

const indexesSql = (after: string) => `
  with ${lockedRelations}
  select c.oid::text, x.indrelid::text as relid, ${constraintOf} as "constraint",
         coalesce(pg_stat_get_numscans(c.oid), 0) = 0 as unused,
         ${unlessLocked('c', 'pg_table_size(c.oid)')} as size
  from pg_index x join pg_class c on c.oid = x.indexrelid join pg_namespace n on n.oid = c.relnamespace
  where c.oid > ${after} and c.relkind in ('i', 'I') and ${ofUsers}
  order by c.oid limit ${batchSize}`
