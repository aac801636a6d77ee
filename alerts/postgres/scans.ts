import { tableIndexScans, tableLiveRows, tableSeqRows, tableSeqScans } from '../../exporters/postgres/tables.ts'
import { and, gt, mul, rate } from '../../metrics/promql.ts'
import { alert } from '../alert.ts'
import { manyRows, recent, shown } from './reading.ts'

const live = recent(tableLiveRows.where(shown))
const scans = rate(tableSeqScans.where(shown), '30m')
const rows = rate(tableSeqRows.where(shown), '30m')

/** Each process of a parallel scan counts as one: with two workers, which is the default, a third of the table each. */
const ofTheTable = 0.1

export const postgresTableScanned = alert({
  name: 'PostgresTableScanned',
  threshold: {
    is: '500000 /s',
    least: '10000 /s',
    most: '100000000 /s',
    source:
      'ours, measured: one core reads 13 million rows a second from memory (PostgreSQL 13 to 17), so that this is a ' +
      'twenty-fifth of a core and, from disk, many times that',
  },
  expr: (threshold) =>
    and(
      and(gt(rows, threshold), gt(live, manyRows)),
      // From end to end, and more often so than through an index.
      and(gt(rows, mul(scans, mul(live, ofTheTable))), gt(scans, rate(tableIndexScans.where(shown), '30m'))),
    ),
  for: '30m',
  keepFiringFor: '30m',
  severity: 'medium',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `Table ${label('schemaname')}.${label('relname')} in ${label('datname')} of PostgreSQL ${label('instance')} is read ` +
    `from end to end, ${value.plain} rows a second: an index seems to be missing`,
  action: ({ label }) =>
    `Find the statement: select calls, rows, mean_exec_time, query from pg_stat_statements where query ~ ` +
    `'${label('relname')}' order by total_exec_time desc limit 5. EXPLAIN it, and index the columns of its filter.`,
  runbook: {
    meaning:
      'For an hour the table, which is no small one, was read whole more often than through any of its indexes, and the ' +
      'rows read add up.',
    impact:
      'Every such request takes longer with every row that is added, and crowds what others need out of the cache. Today ' +
      'it may be milliseconds; it ends in timeouts.',
    diagnosis: [
      {
        look: 'Which tables are read whole, and how many rows a scan reads',
        sql:
          'select schemaname, relname, n_live_tup, seq_scan, idx_scan, seq_tup_read / nullif(seq_scan, 0) as rows_per_scan ' +
          'from pg_stat_user_tables order by seq_tup_read desc limit 10;',
      },
      {
        look: 'Which statements take the time',
        sql:
          'select queryid, calls, round(mean_exec_time) as ms, shared_blks_hit + shared_blks_read as blocks, ' +
          'left(query, 100) as query from pg_stat_statements order by shared_blks_hit + shared_blks_read desc limit 10;',
      },
      {
        look: 'Which foreign keys have no index: a delete in the other table reads all of this one',
        shell: "curl -s localhost:9464/metrics/postgres/main | grep '^pg_foreign_key_unindexed_size_bytes'",
      },
    ],
    mitigation: [
      'CREATE INDEX CONCURRENTLY on the columns of the filter, most selective first; see with EXPLAIN (ANALYZE, BUFFERS) ' +
        'that it is used.',
      'If there is one and it is not used: ANALYZE the table; look for a function or a cast around the column in the filter.',
      'If all rows are needed, as for a report: run it less often, on a standby, or keep its result.',
    ],
  },
})
