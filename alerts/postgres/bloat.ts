import { indexBloat, indexBloatRatio, tableBloat, tableBloatRatio } from '../../exporters/postgres/bloat.ts'
import { and, gt } from '../../metrics/promql.ts'
import { alert } from '../alert.ts'
import { onPrimary, recent, shown } from './reading.ts'

/** Less is not worth the lock that rewriting takes. awesome-prometheus-alerts has the same number. */
const muchTable = 200 * 1024 ** 2

export const postgresTableBloat = alert({
  name: 'PostgresTableBloat',
  threshold: {
    is: '60 %',
    least: '20 %',
    most: '95 %',
    source:
      'ours, between the half that a busy table may well keep for reuse and the 80 % of awesome-prometheus-alerts',
  },
  expr: (threshold) =>
    onPrimary(and(gt(recent(tableBloatRatio.where(shown)), threshold), gt(recent(tableBloat.where(shown)), muchTable))),
  for: '1h',
  severity: 'low',
  owner: 'platform',
  summary: ({ label, value }) =>
    `${value.percent} of table ${label('schemaname')}.${label('relname')} in ${label('datname')} of PostgreSQL ` +
    `${label('instance')} holds nothing`,
  action: ({ label }) =>
    `Make sure that it is vacuumed, then rewrite it without a lock: pg_repack -t ${label('schemaname')}.` +
    `${label('relname')} ${label('datname')}. VACUUM FULL does the same and locks everybody out meanwhile.`,
  runbook: {
    meaning:
      'Estimated from what the planner knows: a table with these rows, just written, would be so much smaller. New rows do ' +
      'fill the space, but it does not go back to the disk.',
    impact: 'Scans, the cache and backups carry the empty pages along. Nothing fails for it until the disk is full.',
    diagnosis: [
      {
        look: 'How large it is, and whether dead rows are still to be removed',
        sql:
          'select schemaname, relname, pg_size_pretty(pg_table_size(relid)) as size, n_live_tup, n_dead_tup, ' +
          'last_autovacuum from pg_stat_user_tables order by pg_table_size(relid) desc limit 10;',
      },
      {
        look: 'What the exporter says',
        shell: "curl -s localhost:9464/metrics/postgres/main | grep '^pg_table_bloat' | sort -g -k 2 | tail",
      },
    ],
    mitigation: [
      'Rewrite it: pg_repack beside its users, or VACUUM FULL in a maintenance window; both need its size free on disk.',
      'Keep it from coming back: a lower autovacuum_vacuum_scale_factor for this table, deletes in small batches.',
    ],
  },
})

/** Smaller ones are not worth the work. awesome-prometheus-alerts has the same number. */
const muchIndex = 100 * 1024 ** 2

export const postgresIndexBloat = alert({
  name: 'PostgresIndexBloat',
  threshold: {
    is: '60 %',
    least: '30 %',
    most: '95 %',
    source:
      'ours: a B-tree filled in random order is a quarter empty for good, so that less than 30 % always fires; ' +
      'awesome-prometheus-alerts waits for 80 %',
  },
  expr: (threshold) =>
    onPrimary(and(gt(recent(indexBloatRatio.where(shown)), threshold), gt(recent(indexBloat.where(shown)), muchIndex))),
  for: '1h',
  severity: 'low',
  owner: 'platform',
  summary: ({ label, value }) =>
    `${value.percent} of index ${label('indexrelname')} of ${label('schemaname')}.${label('relname')} in ` +
    `${label('datname')} of PostgreSQL ${label('instance')} holds nothing`,
  action: ({ label }) =>
    `In ${label('datname')}, at a quiet hour: REINDEX INDEX CONCURRENTLY ${label('schemaname')}.${label('indexrelname')}. ` +
    'It locks nobody out.',
  runbook: {
    meaning:
      'Estimated from what the planner knows: a B-tree with these entries, just built, would be so much smaller. Deletes ' +
      'and updates leave pages half empty, and only whole empty ones are used again.',
    impact: 'The index takes more of the cache and more reads than it need. Nothing fails for it.',
    diagnosis: [
      {
        look: 'How large the indexes are, and how often they are read',
        sql:
          'select schemaname, relname, indexrelname, pg_size_pretty(pg_relation_size(indexrelid)) as size, idx_scan from ' +
          'pg_stat_user_indexes order by pg_relation_size(indexrelid) desc limit 10;',
      },
      {
        look: 'What the exporter says',
        shell: "curl -s localhost:9464/metrics/postgres/main | grep '^pg_index_bloat' | sort -g -k 2 | tail",
      },
    ],
    mitigation: [
      'Rebuild it beside its users: REINDEX INDEX CONCURRENTLY. It needs the size of the new index free on disk; if it ' +
        'fails it leaves an invalid index behind (PostgresInvalidIndex).',
      'Drop it instead if nobody reads it (idx_scan here and on every standby).',
    ],
  },
})
