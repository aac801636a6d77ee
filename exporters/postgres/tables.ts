import { counter, gauge } from '../../metrics/metric.ts'
import { namesOf } from '../../metrics/names.ts'
import type { Collector } from '../collector.ts'
import { readings, remainder } from '../reading.ts'
import { measuring } from './bounded.ts'
import { ofUsers, type Sizes, type TableSize, unmeasured } from './relations.ts'
import { type Portion, remainderAge, restOf } from './rest.ts'
import type { Postgres } from './source.ts'
import type { Surveyed } from './survey.ts'

const labels = ['datname', 'schemaname', 'relname'] as const
const peer = 'postgres_exporter'
const theirs = (name: string, help: string) => ({ name: `pg_stat_user_tables_${name}`, peer, help, labels }) as const
const io = (name: string, what: string) =>
  counter({
    name: `pg_statio_user_tables_${name}`,
    peer,
    help: `Blocks of ${what} that ${name.endsWith('hit') ? 'were found in the buffer cache' : 'had to be read'}`,
    labels,
  })

export const tableLiveRows = gauge(theirs('n_live_tup', 'Estimated number of live rows'))
export const tableDeadRows = gauge(theirs('n_dead_tup', 'Estimated number of dead rows'))
export const tableSeqScans = counter(theirs('seq_scan', 'Number of sequential scans initiated on this table'))
export const tableSeqRows = counter(theirs('seq_tup_read', 'Number of live rows fetched by sequential scans'))
export const tableIndexScans = counter(theirs('idx_scan', 'Number of index scans initiated on this table'))
export const tableSize = gauge(theirs('table_size_bytes', 'Disk space of the table without its indexes, in bytes'))
export const tableIndexSize = gauge(theirs('index_size_bytes', 'Disk space of all indexes of the table, in bytes'))
export const tableHeapSize = gauge({
  name: 'pg_table_heap_size_bytes',
  help: 'Disk space of the rows of the table themselves',
  labels,
})
export const tableToastSize = gauge({
  name: 'pg_table_toast_size_bytes',
  help: 'Disk space of the oversized values of the table, kept apart from its rows, with their index',
  labels,
})

export const tableUnanalyzed = gauge(
  theirs('n_mod_since_analyze', 'Estimated number of rows changed since the last analyze'),
)

const counted = {
  seq_scan: tableSeqScans,
  idx_scan: tableIndexScans,
  seq_tup_read: tableSeqRows,
  idx_tup_fetch: counter(theirs('idx_tup_fetch', 'Number of live rows fetched by index scans')),
  n_tup_ins: counter(theirs('n_tup_ins', 'Number of rows inserted')),
  n_tup_upd: counter(theirs('n_tup_upd', 'Number of rows updated')),
  n_tup_del: counter(theirs('n_tup_del', 'Number of rows deleted')),
  n_tup_hot_upd: counter(theirs('n_tup_hot_upd', 'Number of rows updated without an index update')),
  vacuum_count: counter(theirs('vacuum_count', 'Number of manual vacuums, VACUUM FULL left out')),
  autovacuum_count: counter(theirs('autovacuum_count', 'Number of vacuums by the autovacuum daemon')),
  analyze_count: counter(theirs('analyze_count', 'Number of manual analyzes')),
  autoanalyze_count: counter(theirs('autoanalyze_count', 'Number of analyzes by the autovacuum daemon')),
  n_live_tup: tableLiveRows,
  n_dead_tup: tableDeadRows,
  n_mod_since_analyze: tableUnanalyzed,
  heap_blocks_read: io('heap_blocks_read', 'the table'),
  heap_blocks_hit: io('heap_blocks_hit', 'the table'),
  idx_blocks_read: io('idx_blocks_read', 'all its indexes'),
  idx_blocks_hit: io('idx_blocks_hit', 'all its indexes'),
  toast_blocks_read: io('toast_blocks_read', 'its oversized values'),
  toast_blocks_hit: io('toast_blocks_hit', 'its oversized values'),
  tidx_blocks_read: io('tidx_blocks_read', 'the index of its oversized values'),
  tidx_blocks_hit: io('tidx_blocks_hit', 'the index of its oversized values'),
}
export const tableLastVacuum = gauge(
  theirs('last_vacuum', 'Unix time of the last manual vacuum, VACUUM FULL left out, 0 if none'),
)
export const tableLastAutovacuum = gauge(
  theirs('last_autovacuum', 'Unix time of the last vacuum by the autovacuum daemon, 0 if there was none'),
)
const timed = {
  last_vacuum: tableLastVacuum,
  last_autovacuum: tableLastAutovacuum,
  last_analyze: gauge(theirs('last_analyze', 'Unix time of the last manual analyze, 0 if there was none')),
  last_autoanalyze: gauge(theirs('last_autoanalyze', 'Unix time of the last automatic analyze, 0 if there was none')),
}
const asked = { ...counted, ...timed }
const sized = { heap: tableHeapSize, toast: tableToastSize, table: tableSize, index: tableIndexSize }

interface Options {
  readonly limit: number
  readonly sizes: Surveyed<Sizes>
}

const sizing = measuring<keyof typeof sized, TableSize>({ names: namesOf(sized) })

/**
 * Tables of each database: the `limit` largest, each by itself, and the rest as one series named `other`, so that sums are
 * exact; for a `rate` it is no good when a table enters or leaves. Sizes are as old as the survey says, and so is the choice
 * of the largest; of more than a thousand other tables a thousand are read at a scrape.
 */
export const tables = ({ limit, sizes }: Options): Collector<Postgres> => {
  const rest = restOf({ collector: 'tables', limit, slice: 1_000, sums: namesOf(counted) })
  return {
    name: 'tables',
    metrics: [...Object.values(asked), ...Object.values(sized), remainderAge],
    collect: (postgres) =>
      postgres.each(async (database) => {
        const known = (await sizes(postgres, database))?.tables
        // Who is among the largest is not known yet: all in one series would be another than the same series later.
        if (!known && limit !== Number.POSITIVE_INFINITY) return []
        const { byOid, largest } = known ?? unmeasured
        const portion = rest(database.name, { byOid, largest })
        const found = portion.total(await database.table(sql(portion)))
        return [...readings(sizing(found, byOid), { ...asked, ...sized }), ...portion.age(database.name)]
      }),
  }
}

/** The views of these statistics would count the indexes of every table twice over. The functions behind them are the same in all releases. */
const stat = (what: string, of = 'c.oid') => `pg_stat_get_${what}(${of})`
const at = (what: string) => `coalesce(extract(epoch from ${stat(`last_${what}_time`)}), 0)::float8`
const misses = (from: string) => `${from}.fetched - ${from}.hit`
const columns: Readonly<Record<keyof typeof asked, string>> = {
  seq_scan: stat('numscans'),
  idx_scan: 'i.scans',
  seq_tup_read: stat('tuples_returned'),
  idx_tup_fetch: `i.rows + ${stat('tuples_fetched')}`,
  n_tup_ins: stat('tuples_inserted'),
  n_tup_upd: stat('tuples_updated'),
  n_tup_del: stat('tuples_deleted'),
  n_tup_hot_upd: stat('tuples_hot_updated'),
  vacuum_count: stat('vacuum_count'),
  autovacuum_count: stat('autovacuum_count'),
  analyze_count: stat('analyze_count'),
  autoanalyze_count: stat('autoanalyze_count'),
  n_live_tup: stat('live_tuples'),
  n_dead_tup: stat('dead_tuples'),
  n_mod_since_analyze: stat('mod_since_analyze'),
  heap_blocks_read: `${stat('blocks_fetched')} - ${stat('blocks_hit')}`,
  heap_blocks_hit: stat('blocks_hit'),
  idx_blocks_read: misses('i'),
  idx_blocks_hit: 'i.hit',
  toast_blocks_read: `${stat('blocks_fetched', 'c.reltoastrelid')} - ${stat('blocks_hit', 'c.reltoastrelid')}`,
  toast_blocks_hit: stat('blocks_hit', 'c.reltoastrelid'),
  tidx_blocks_read: misses('ti'),
  tidx_blocks_hit: 'ti.hit',
  last_vacuum: at('vacuum'),
  last_autovacuum: at('autovacuum'),
  last_analyze: at('analyze'),
  last_autoanalyze: at('autoanalyze'),
}

const sql = ({ shown, read, slice }: Portion) => `
  with chosen as materialized (
    select c.oid, n.nspname as schemaname, c.relname, c.reltoastrelid, ${shown} as shown, ${slice} as slice
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'm', 'p') and ${ofUsers} and ${read}
  ), index as (
    select indrelid, sum(pg_stat_get_numscans(indexrelid)::float8) as scans,
           sum(pg_stat_get_tuples_fetched(indexrelid)::float8) as rows,
           sum(pg_stat_get_blocks_fetched(indexrelid)::float8) as fetched,
           sum(pg_stat_get_blocks_hit(indexrelid)::float8) as hit
    from pg_index
    where ${read === 'true' ? 'true' : 'indrelid in (select oid from chosen union all select reltoastrelid from chosen)'}
    group by 1
  ), "table" as (
    select c.*, ${Object.entries(columns)
      .map(([name, from]) => `coalesce(${from}, 0) as ${name}`)
      .join(', ')}
    from chosen c left join index i on i.indrelid = c.oid left join index ti on ti.indrelid = c.reltoastrelid
  )
  select current_database() as datname, oid::text, schemaname, relname, ${namesOf(asked).join(', ')}, null as slice
  from "table" where shown
  union all
  select current_database(), null, '', '${remainder}', ${namesOf(counted)
    .map((name) => `sum(${name}::float8)`)
    .join(', ')}, ${namesOf(timed)
    .map(() => 'null')
    .join(', ')}, slice
  from "table" where not shown group by slice`
