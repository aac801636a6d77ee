import { counter, gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { readings } from '../readings.ts'
import { lockedRelations, sizeUnlessLocked } from './relations.ts'
import type { Postgres } from './source.ts'

const labels = ['datname', 'schemaname', 'relname'] as const
const theirs = (name: string, help: string) =>
  ({ name: `pg_stat_user_tables_${name}`, peer: 'postgres_exporter', help, labels }) as const

export const tableLiveRows = gauge(theirs('n_live_tup', 'Estimated number of live rows'))
export const tableDeadRows = gauge(theirs('n_dead_tup', 'Estimated number of dead rows'))
export const tableSeqScans = counter(theirs('seq_scan', 'Number of sequential scans initiated on this table'))
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

const counted = {
  seq_scan: tableSeqScans,
  idx_scan: tableIndexScans,
  seq_tup_read: counter(theirs('seq_tup_read', 'Number of live rows fetched by sequential scans')),
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
  n_mod_since_analyze: gauge(theirs('n_mod_since_analyze', 'Estimated number of rows changed since the last analyze')),
}
const sized = {
  heap_size: tableHeapSize,
  toast_size: tableToastSize,
  table_size: tableSize,
  index_size: tableIndexSize,
}
export const tableLastAutovacuum = gauge(
  theirs('last_autovacuum', 'Unix time of the last vacuum by the autovacuum daemon'),
)
const timed = {
  last_vacuum: gauge(theirs('last_vacuum', 'Unix time of the last manual vacuum, VACUUM FULL left out')),
  last_autovacuum: tableLastAutovacuum,
  last_analyze: gauge(theirs('last_analyze', 'Unix time of the last manual analyze')),
  last_autoanalyze: gauge(theirs('last_autoanalyze', 'Unix time of the last analyze by the autovacuum daemon')),
}
const measured = { ...counted, ...sized, ...timed }

/**
 * Tables of the connected database: the `limit` largest, each by itself, and the rest as one series named `other`, so that
 * sums are exact. A table that someone holds an exclusive lock on shows the size it had at its last vacuum or analyze.
 */
export const tables = ({ limit }: { readonly limit: number }): Collector<Postgres> => ({
  name: 'tables',
  metrics: Object.values(measured),
  async collect(source) {
    return readings(await source.rows(sql, [limit]), measured)
  },
})

const summed = [...Object.keys(counted), ...Object.keys(sized)]
const sql = `
  with ${lockedRelations}, size as (
    select c.oid, ${sizeUnlessLocked('c', 'pg_relation_size(c.oid)')} as heap_size,
           coalesce(${sizeUnlessLocked('t', 'pg_total_relation_size(t.oid)')}, 0) as toast_size,
           ${sizeUnlessLocked('c', 'pg_table_size(c.oid)')} as table_size,
           coalesce((select sum(${sizeUnlessLocked('i', 'pg_relation_size(i.oid)')})
                     from pg_index join pg_class i on i.oid = indexrelid where indrelid = c.oid), 0) as index_size
    from pg_class c left join pg_class t on t.oid = c.reltoastrelid
    where c.oid in (select relid from pg_stat_user_tables)
  ), placed as (
    select *, row_number() over (order by table_size + index_size desc, relid) <= $1 as shown
    from pg_stat_user_tables join size on size.oid = relid
  )
  select current_database() as datname, case when shown then schemaname else '' end as schemaname,
         case when shown then relname else 'other' end as relname,
         ${summed.map((column) => `sum(${column})::float8 as ${column}`).join(', ')},
         ${Object.keys(timed)
           .map((column) => `extract(epoch from max(${column}) filter (where shown))::float8 as ${column}`)
           .join(', ')}
  from placed group by 1, 2, 3`
