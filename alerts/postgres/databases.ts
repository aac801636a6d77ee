import {
  databaseBlocksHit,
  databaseBlocksRead,
  databaseCommits,
  databaseRollbacks,
} from '../../exporters/postgres/databases.ts'
import { not } from '../../metrics/metric.ts'
import { add, and, div, gt, lt, rate, sum } from '../../metrics/promql.ts'
import { type Alert, alert } from '../alert.ts'

const byDatabase = ['job', 'instance', 'datname'] as const
/** What all databases share has no name and is asked by no client. */
const perSecond = (counted: typeof databaseCommits, window: '5m' | '15m') =>
  sum(rate(counted.where({ datname: not('') }), window), byDatabase)

const rollbacks = perSecond(databaseRollbacks, '5m')
/** Rollbacks of a second below which their share says nothing: at night one visitor is a large share. Ours. */
const fewRollbacks = 0.2

export const postgresRollbackRatioHigh = alert({
  name: 'PostgresRollbackRatioHigh',
  threshold: {
    is: '10 %',
    least: '1 %',
    most: '99 %',
    source: 'awesome-prometheus-alerts, Percona and the mixin of postgres_exporter',
  },
  expr: (threshold) =>
    and(gt(div(rollbacks, add(rollbacks, perSecond(databaseCommits, '5m'))), threshold), gt(rollbacks, fewRollbacks)),
  for: '5m',
  keepFiringFor: '5m',
  severity: 'medium',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `${value.percent} of the transactions in database ${label('datname')} of PostgreSQL ${label('instance')} are rolled back`,
  action:
    'Read the errors in its log: docker compose logs --since 10m postgres | grep -E "ERROR|STATEMENT". The commonest says which code to mend.',
  runbook: {
    meaning:
      'Transactions that ended in a rollback, on purpose or for an error, as a share of all that ended. Each statement outside a transaction is one of its own.',
    impact:
      'Requests fail or are tried again. Where it comes from a clash of bookings, guests are told that a table is gone.',
    diagnosis: [
      {
        look: 'Which errors, the commonest first',
        shell:
          "docker compose logs --no-log-prefix --since 15m postgres | grep -oE 'ERROR: .*' | sort | uniq -c | sort -rn | head",
      },
      {
        look: 'Which database, and whether deadlocks or cancelled queries are among it',
        sql: 'select datname, xact_commit, xact_rollback, deadlocks, conflicts from pg_stat_database where datname is not null order by xact_rollback desc;',
      },
    ],
    mitigation: [
      'New since a deploy (a column that is missing, a constraint): go back.',
      '"duplicate key" on purpose: insert ... on conflict do nothing, which rolls nothing back.',
      '"could not serialize access" or "deadlock detected": lock in the same order everywhere, keep transactions short, try again with a pause.',
      '"canceling statement due to statement timeout": see PostgresSlowStatement and PostgresSessionsBlocked.',
    ],
  },
})

const hits = perSecond(databaseBlocksHit, '15m')
const reads = perSecond(databaseBlocksRead, '15m')
/** Blocks of a second, 8 MiB: whoever reads less from the disk does not suffer from it, however large the share. Ours. */
const fewReads = 1024

export const postgresCacheHitRatioLow = alert({
  name: 'PostgresCacheHitRatioLow',
  threshold: {
    is: '90 %',
    least: '10 %',
    most: '99.9 %',
    source: 'the mixin of postgres_exporter; awesome-prometheus-alerts asks for 98 %, which every report misses',
  },
  expr: (threshold) => and(lt(div(hits, add(hits, reads)), threshold), gt(reads, fewReads)),
  // Longer than a cache takes to fill after a restart.
  for: '30m',
  severity: 'low',
  owner: 'platform',
  summary: ({ label, value }) =>
    `Only ${value.percent} of the blocks that database ${label('datname')} of PostgreSQL ${label('instance')} needs are in its cache`,
  action:
    'Find what reads: select queryid, shared_blks_read, left(query, 100) from pg_stat_statements order by 2 desc limit 10. A missing index first, then shared_buffers.',
  runbook: {
    meaning:
      'For half an hour many blocks had to be asked of the operating system, which may or may not have had them in memory, and too few were in shared_buffers.',
    impact: 'Statements wait for the disk: everything is slower than with the same data in memory.',
    diagnosis: [
      {
        look: 'Which statements read most',
        sql: 'select queryid, calls, shared_blks_read, shared_blks_hit, left(query, 200) as query from pg_stat_statements order by shared_blks_read desc limit 10;',
      },
      {
        look: 'Which tables are read as a whole',
        sql: 'select relname, seq_scan, seq_tup_read, idx_scan, pg_size_pretty(pg_relation_size(relid)) as size from pg_stat_user_tables order by seq_tup_read desc limit 10;',
      },
      {
        look: 'How large the cache is, and what it should hold',
        sql: "select current_setting('shared_buffers') as cache, pg_size_pretty(sum(pg_database_size(oid))) as data from pg_database where datallowconn;",
      },
    ],
    mitigation: [
      'A statement that scans a large table for few rows: give it an index.',
      'The data that is used outgrew the cache: shared_buffers to a quarter of the memory (restart), or more memory.',
      'A report or a dump reads everything once: run it on a standby, or leave it.',
    ],
  },
})

export const databaseAlerts: readonly Alert[] = [postgresRollbackRatioHigh, postgresCacheHitRatioLow]
