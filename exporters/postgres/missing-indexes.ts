import { gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { readings, remainder } from '../reading.ts'
import { ranked, shownFaults, sumOf } from './ranked.ts'
import { ofUsers, type Sizes } from './relations.ts'
import type { Database, Postgres } from './source.ts'
import type { Survey, Surveyed } from './survey.ts'

export const foreignKeysUnindexed = gauge({
  name: 'pg_foreign_keys_unindexed',
  counts: 'foreign keys',
  help: 'Foreign keys whose own columns no index begins with: each row deleted from the other table reads all of this one',
  labels: ['datname'],
})
export const foreignKeyUnindexedSize = gauge({
  name: 'pg_foreign_key_unindexed_size_bytes',
  help: 'Size of the table that is read for want of that index: the 50 largest, and the rest',
  labels: ['datname', 'schemaname', 'relname', 'constraint'],
})
export const tablesScanned = gauge({
  name: 'pg_tables_mostly_scanned',
  counts: 'tables',
  help: 'Tables of 10000 rows and more that are mostly read from end to end: candidates for an index',
  labels: ['datname'],
})
export const tableScannedRows = gauge({
  name: 'pg_table_mostly_scanned_rows',
  counts: 'rows',
  help: 'Rows that one scan of such a table reads, on average: the 50 tables of which most is read, and the rest',
  labels: ['datname', 'schemaname', 'relname'],
})

interface Unindexed {
  readonly schemaname: string
  readonly relname: string
  readonly constraint: string
  readonly members: string
}
interface Scanned {
  readonly schemaname: string
  readonly relname: string
  readonly scans: number
  readonly rows: number
}

interface Options {
  readonly survey: Survey
  readonly sizes: Surveyed<Sizes>
}

/** Indexes each database seems to lack. The first list is exact; the second is where to look with EXPLAIN. */
export const missingIndexes = ({ survey, sizes }: Options): Collector<Postgres> => {
  const ask = survey.asks('missing indexes', async ({ rows }: Database) => {
    const [unindexed, scanned] = await Promise.all([rows<Unindexed>(unindexedSql), rows<Scanned>(scannedSql)])
    return { unindexed, scanned }
  })
  return {
    name: 'missing_indexes',
    metrics: [foreignKeysUnindexed, foreignKeyUnindexedSize, tablesScanned, tableScannedRows],
    collect: (postgres) =>
      postgres.each(async (database) => {
        const [known, found] = await Promise.all([sizes(postgres, database), ask(postgres, database)])
        if (!known || !found) return []
        const datname = database.name
        const keys = found.unindexed.map(({ members, ...key }) => {
          const size = sumOf(members.split(' '), (oid) => known.tables.byOid.get(oid)?.heap ?? 0)
          return { datname, ...key, size }
        })
        const tables = found.scanned.map((table) => ({ datname, ...table, per_scan: table.rows / table.scans }))
        return [
          foreignKeysUnindexed.sample(keys.length, { datname }),
          ...readings(ranked(keys, { limit: shownFaults, by: ({ size }) => size, rest: restOfKeys }), {
            size: foreignKeyUnindexedSize,
          }),
          tablesScanned.sample(tables.length, { datname }),
          ...readings(ranked(tables, { limit: shownFaults, by: ({ rows }) => rows, rest: restOfTables }), {
            per_scan: tableScannedRows,
          }),
        ]
      }),
  }
}

const datnameOf = (rows: readonly { readonly datname: string }[]) => rows[0]?.datname ?? ''

const restOfKeys = (others: readonly (Omit<Unindexed, 'members'> & { datname: string; size: number })[]) => ({
  datname: datnameOf(others),
  schemaname: '',
  relname: '',
  constraint: remainder,
  size: sumOf(others, ({ size }) => size),
})

const restOfTables = (others: readonly (Scanned & { datname: string; per_scan: number })[]) => {
  const [rows, scans] = [sumOf(others, (one) => one.rows), sumOf(others, (one) => one.scans)]
  return { datname: datnameOf(others), schemaname: '', relname: remainder, rows, scans, per_scan: rows / scans }
}

/** An index on the rows where one of the columns is not null serves as well: a foreign key looks for no nulls. */
const notNull = `(x.indpred::text ~ '^\\{NULLTEST :arg \\{VAR [^{}]*\\} :nulltesttype 1 [^{}]*\\}$'
  and substring(x.indpred::text from ':varattno (\\d+)')::int2 = any (conkey))`

/** Of a partitioned table its own foreign key, which all partitions share, and the sizes of its partitions. */
const unindexedSql = `
  select nspname as schemaname, c.relname, conname as "constraint",
         case c.relkind when 'p' then (
           with recursive part as (
             select c.oid union all select inhrelid from pg_inherits join part on inhparent = part.oid
           ) select string_agg(oid::text, ' ') from part) else c.oid::text end as members
  from pg_constraint con join pg_class c on c.oid = conrelid join pg_namespace n on n.oid = c.relnamespace
  where contype = 'f' and conparentid = 0 and ${ofUsers} and not exists (
    select from pg_index x join pg_class i on i.oid = x.indexrelid join pg_am a on a.oid = i.relam
    where x.indrelid = conrelid and x.indisvalid and amname in ('btree', 'hash')
      and (x.indpred is null or ${notNull})
      and x.indnkeyatts >= cardinality(conkey)
      and (x.indkey::int2[])[0:cardinality(conkey) - 1] @> conkey
  )`

/** Below this a table is read so fast that an index saves nothing worth naming. */
const fewRows = 10_000
/** Once an hour and more, since the statistics began: a nightly dump is no reason for an index. */
const fewScans = 50

/** Read from end to end: more than half of the rows are read by one scan; mostly: more often so than through an index. */
const scannedSql = `
  with "table" as (
    select nspname as schemaname, relname, pg_stat_get_live_tuples(c.oid) as live, pg_stat_get_numscans(c.oid) as scans,
           pg_stat_get_tuples_returned(c.oid) as rows,
           (select coalesce(sum(pg_stat_get_numscans(indexrelid)), 0) from pg_index where indrelid = c.oid) as index_scans
    from pg_class c join pg_namespace n on n.oid = relnamespace where relkind in ('r', 'm') and ${ofUsers}
  ), since as (
    select extract(epoch from clock_timestamp() - coalesce(stats_reset, pg_postmaster_start_time())) / 3600 as hours
    from pg_stat_database where datname = current_database()
  )
  select schemaname, relname, scans, rows from "table", since
  where live >= ${fewRows} and scans >= greatest(${fewScans}, hours) and rows >= scans * live / 2.0 and index_scans < scans`
