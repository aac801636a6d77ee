import type { DatabaseCleanup, ReindexSetting } from '../../config/cleanup.ts'
import type { TableName } from '../../config/reservations.ts'
import { readBloat } from '../../exporters/postgres/bloat-survey.ts'
import { identifier, literal } from '../../exporters/postgres/quoting.ts'
import type { Database, Postgres } from '../../exporters/postgres/source.ts'
import { Refused } from '../job.ts'
import { roomFor } from './room.ts'

/** An index that may be rebuilt. Names as SQL has them. */
export interface Index {
  readonly sql: string
  readonly table: string
  readonly bytes: number
  /** Bytes of it that hold nothing. */
  readonly bloat: number
}

/** What is to be done about indexes. */
export interface IndexPlan {
  /** The tables, by their oids, partitions included. */
  readonly tables: readonly string[]
  /** The most bloated first. */
  readonly rebuild: readonly Index[]
  /** Those that are bloated and stay as they are, and why, a line each. */
  readonly left: readonly string[]
  /** What a rebuild that was cut short left behind. */
  readonly leavings: readonly string[]
}

interface Table {
  readonly oid: string
  readonly schema: string
  readonly name: string
}

/**
 * Looks for indexes that are bloated: by what the planner knows, and where pgstattuple is there by what is really so.
 * @param url where the server is, which says whether its disk can be seen from here
 * @throws Refused where a table is not there, or its indexes may not be rebuilt
 */
export const readIndexes = async (
  database: Postgres,
  { reindex }: DatabaseCleanup,
  url: string,
): Promise<IndexPlan> => {
  const tables = await tablesOf(database, reindex.tables)
  const oids = tables.map(({ oid }) => oid)
  const ours = (schema: string, name: string) => tables.some((one) => one.schema === schema && one.name === name)
  const { indexes } = await database.apart(database.name, readBloat)
  const measured = await meterOf(database)
  const plan = { rebuild: [] as Index[], left: [] as string[] }
  for (const { schemaname, relname, indexrelname, bloat, ratio } of indexes) {
    if (indexrelname === undefined || !ours(schemaname, relname) || !worth(reindex, bloat, ratio ?? 0)) continue
    const sql = `${identifier(schemaname)}.${identifier(indexrelname)}`
    const index = await looked(database, sql, `${identifier(schemaname)}.${identifier(relname)}`, bloat)
    if (!index) continue
    const found = { ...index, bloat: await measured(index) }
    if (!worth(reindex, found.bloat, found.bloat / Math.max(1, found.bytes))) continue
    const why = index.exclusion
      ? 'PostgreSQL rebuilds none of an exclusion constraint beside the work'
      : await roomFor(database, sql, found.bytes, reindex, url)
    if (why === undefined) plan.rebuild.push(found)
    else plan.left.push(`${sql}: ${why}`)
  }
  plan.rebuild.sort((a, b) => b.bloat - a.bloat)
  return { tables: oids, ...plan, leavings: await leavingsOf(database, oids) }
}

const worth = ({ share, bytes }: ReindexSetting, bloat: number, ratio: number) => bloat >= bytes && ratio >= share

/** Themselves and their partitions. To rebuild an index one has to own it, or to have the right of maintenance. */
const tablesOf = async ({ rows, name: database, version }: Postgres, names: readonly TableName[]) => {
  const faults: string[] = []
  const found: Table[] = []
  const may = version >= 170_000 ? `or has_table_privilege(c.oid, 'MAINTAIN')` : ''
  for (const { schema, name } of names) {
    const sql = `${schema === undefined ? '' : `${identifier(schema)}.`}${identifier(name)}`
    const tables = await rows<Table & { readonly may: boolean; readonly login: string }>(`
      with root as (select to_regclass(${literal(sql)}) as oid)
      select c.oid::text as oid, n.nspname as schema, c.relname as name, current_user as login,
             pg_has_role(c.relowner, 'USAGE') ${may} as may
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.oid in (select oid from root union select relid from root, pg_partition_tree(root.oid)) and c.relkind in ('r', 'p', 'm')`)
    if (tables.length === 0) {
      faults.push(`database ${database} has no table ${sql}: correct reindex.tables in config/cleanup.ts`)
    }
    const [barred] = tables.filter((one) => !one.may)
    if (barred) {
      faults.push(
        `"${barred.login}" may not rebuild indexes of ${sql}: name its owner in JOBS_DATABASE_URL, or leave it out of reindex.tables in config/cleanup.ts`,
      )
    }
    found.push(...tables)
  }
  if (faults.length > 0) throw new Refused(faults)
  return found
}

interface Looked extends Index {
  readonly exclusion: boolean
}

const looked = async ({ rows }: Database, sql: string, table: string, bloat: number) => {
  const [row] = await rows<{ readonly bytes: number; readonly exclusion: boolean }>(`
    select pg_relation_size(c.oid)::float8 as bytes, x.indisexclusion as exclusion
    from pg_class c join pg_index x on x.indexrelid = c.oid
    where c.oid = to_regclass(${literal(sql)}) and x.indisvalid and c.relkind = 'i'`)
  const index: Looked | undefined = row && { sql, table, bloat, ...row }
  return index
}

/** pgstatindex reads the index, all of it: only those are measured that the estimate thinks bloated. */
const meterOf = async ({ rows }: Database) => {
  const [there] = await rows<{ readonly name: string | null }>(`
    select (select format('%I.pgstatindex', n.nspname) from pg_proc p join pg_namespace n on n.oid = p.pronamespace
            where proname = 'pgstatindex' and pronargs = 1 and proargtypes[0] = 'regclass'::regtype
              and has_function_privilege(p.oid, 'EXECUTE') and has_schema_privilege(n.oid, 'USAGE') limit 1) as name`)
  const name = there?.name
  if (!name) return async ({ bloat }: Index) => bloat
  return async ({ sql, bloat }: Index) => {
    const [found] = await rows<{ readonly bloat: number | null }>(`
      select (index_size * (1 - least(1, avg_leaf_density / coalesce(f.fillfactor, 90)) * leaf_pages
                              / greatest(1, leaf_pages + empty_pages + deleted_pages)))::float8 as bloat
      from ${name}(${literal(sql)}::regclass) s,
        lateral (select max(option_value::float8) filter (where option_name = 'fillfactor') as fillfactor
                 from pg_class c, pg_options_to_table(c.reloptions) where c.oid = ${literal(sql)}::regclass) f`)
    return found?.bloat ?? bloat
  }
}

/** Whether somebody builds an index of these tables now, in whatever session. */
export const building = (tables: readonly string[]) =>
  `select exists (select from pg_stat_progress_create_index where relid in (${tables.join(', ')})) as found`

/** What REINDEX CONCURRENTLY leaves where it is cut short: the new index before it is complete, or the old one after. */
export const leavings = (tables: readonly string[]) => `
  select format('%I.%I', n.nspname, c.relname) as sql
  from pg_index x join pg_class c on c.oid = x.indexrelid join pg_namespace n on n.oid = c.relnamespace
  where x.indrelid in (${tables.join(', ')}) and not x.indisvalid and c.relkind = 'i' and c.relname ~ '_cc(new|old)[0-9]*$'
  order by c.relname`

const leavingsOf = async ({ rows }: Database, tables: readonly string[]) =>
  tables.length === 0 ? [] : (await rows<{ readonly sql: string }>(leavings(tables))).map(({ sql }) => sql)
