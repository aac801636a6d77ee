import type { ReservationTable } from '../../config/reservations.ts'
import type { Query } from '../../exporters/postgres/writer.ts'
import type { DatabaseContents } from './manifest.ts'

/** What is counted and named: what pg_dump saves, and no extension brings by itself. */
const own = (catalogue: string, oid: string) => `
  n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and not exists (
    select from pg_depend d where d.classid = '${catalogue}'::regclass and d.objid = ${oid} and d.deptype = 'e'
  )`

/** A partitioned table has no rows of its own; those of foreign tables are not saved. */
const tablesSql = `
  select n.nspname as schema, c.relname as name, format('%I.%I', n.nspname, c.relname) as quoted
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'r' and c.relpersistence <> 't' and ${own('pg_class', 'c.oid')}
  order by 1, 2`

/**
 * `schema.table.constraint`, and `schema.domain.constraint`. Foreign keys that the server makes for partitions are left
 * out, as their names are its own; so are those of NOT NULL, which have names since 18 only.
 */
const constraintsSql = `
  select format('%I.%I.%I', n.nspname, c.relname, k.conname) as name, k.convalidated as good
  from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
  where k.contype <> 'n' and (k.contype <> 'f' or k.conparentid = 0) and c.relpersistence <> 't'
    and ${own('pg_class', 'c.oid')}
  union all
  select format('%I.%I.%I', n.nspname, t.typname, k.conname), k.convalidated
  from pg_constraint k join pg_type t on t.oid = k.contypid join pg_namespace n on n.oid = t.typnamespace
  where k.contype <> 'n' and ${own('pg_type', 't.oid')}
  order by 1`

/** `schema.index`. */
const indexesSql = `
  select format('%I.%I', n.nspname, c.relname) as name, i.indisvalid and i.indisready and i.indislive as good
  from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
  where c.relpersistence <> 't' and ${own('pg_class', 'i.indrelid')}
  order by 1`

interface Options {
  readonly reservations: ReservationTable
  /** Called for each table that was counted. */
  readonly progress?: () => void
}

/**
 * What a manifest says of a database: asked where it is saved, within the snapshot, and again where it was restored.
 * Reads every table once.
 * @throws Error as the server words it
 */
export const readContents = async (
  query: Query,
  { reservations, progress = () => undefined }: Options,
): Promise<DatabaseContents> => {
  const tables: { schema: string; name: string; rows: number }[] = []
  for (const { schema, name, quoted } of await query(tablesSql)) {
    // Rows of tables that inherit from it are their own.
    const [counted] = await query(`select count(*) as rows from only ${String(quoted)}`)
    tables.push({ schema: String(schema), name: String(name), rows: Number(counted?.rows) })
    progress()
  }
  const constraints = await query(constraintsSql)
  const indexes = await query(indexesSql)
  return {
    tables,
    constraints: constraints.map(({ name }) => String(name)),
    unvalidated: constraints.filter(({ good }) => good !== true).map(({ name }) => String(name)),
    indexes: indexes.map(({ name }) => String(name)),
    invalid: indexes.filter(({ good }) => good !== true).map(({ name }) => String(name)),
    newestReservation: await newestReservation(query, reservations),
  }
}

/** Where the settings name no schema it is the one of that name in `public`, or wherever it is. */
const columnSql = `
  select format('%I.%I', n.nspname, c.relname) as relation, format('%I', a.attname) as column
  from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
  where c.relname = $1 and a.attname = $2 and a.attnum > 0 and not a.attisdropped
    and coalesce(n.nspname = $3, n.nspname !~ '^pg_' and n.nspname <> 'information_schema')
  order by n.nspname = 'public' desc, n.nspname limit 1`

const newestReservation = async (query: Query, { table, columns }: ReservationTable) => {
  if (columns.created === undefined) return null
  const [found] = await query(columnSql, [table.name, columns.created, table.schema ?? null])
  if (!found) return null
  const { relation, column } = found
  // A moment without a zone counts as UTC, whatever the zone of either server.
  const [newest] = await query(
    `select extract(epoch from max(${String(column)}))::float8 as at from ${String(relation)} where isfinite(${String(column)})`,
  )
  return typeof newest?.at === 'number' ? new Date(newest.at * 1_000).toISOString() : null
}
