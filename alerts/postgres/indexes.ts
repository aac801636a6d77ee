import { indexDuplicateSize, indexInvalidSize } from '../../exporters/postgres/index-faults.ts'
import { indexScans, indexSize } from '../../exporters/postgres/indexes.ts'
import { and, gt, increase, unless } from '../../metrics/promql.ts'
import { target } from '../../metrics/target.ts'
import { type Alert, alert } from '../alert.ts'
import { postgresIndexBloat } from './bloat.ts'
import { onPrimary, recent, shown } from './reading.ts'

/** One index, on whichever server: standbys have the same. */
const index = ['datname', 'schemaname', 'relname', 'indexrelname'] as const
/** It keeps nothing true that a query would not notice. */
const dispensable = { ...shown, constraint: 'none' }

const duplicates = recent(indexDuplicateSize.where(shown))

export const postgresUnusedIndex = alert({
  name: 'PostgresUnusedIndex',
  threshold: {
    is: '10 MiB',
    least: '1 MiB',
    most: '1 TiB',
    source: 'ours: below it what the index costs is not worth a migration',
  },
  expr: (threshold) =>
    unless(
      unless(
        onPrimary(
          and(
            gt(recent(indexSize.where(dispensable)), threshold),
            // An index younger than the week it is judged by has had no chance yet.
            recent(indexSize.where(dispensable), { offset: '7d' }),
          ),
        ),
        // Here or, which is as good a reason to keep it, on a standby.
        gt(increase(indexScans.where(dispensable), '7d'), 0),
        { on: index },
      ),
      // PostgresDuplicateIndex names it, and what to use instead.
      duplicates,
      { on: [...target, ...index] },
    ),
  for: '1h',
  severity: 'low',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `Index ${label('indexrelname')} of ${label('schemaname')}.${label('relname')} (${value.bytes}) was not read for a ` +
    'week, and slows down every write to its table',
  action: ({ label }) =>
    'Make sure that no monthly report and no standby outside this monitoring reads it (pg_stat_user_indexes there), then ' +
    `DROP INDEX CONCURRENTLY ${label('schemaname')}.${label('indexrelname')} in ${label('datname')}.`,
  runbook: {
    meaning:
      'For seven days no scan of the index was counted, on the primary or on a standby that is watched, and it backs no ' +
      'constraint.',
    impact:
      'Every insert and most updates of the table write to it as well, and it takes room in the cache and on disk.',
    diagnosis: [
      {
        look: 'Which indexes are not read, and since when that is counted',
        sql:
          'select s.schemaname, s.relname, s.indexrelname, s.idx_scan, pg_size_pretty(pg_relation_size(s.indexrelid)) as ' +
          'size, d.stats_reset from pg_stat_user_indexes s, pg_stat_database d where d.datname = current_database() order ' +
          'by s.idx_scan, pg_relation_size(s.indexrelid) desc limit 20;',
      },
      {
        look: 'What it is, in case it has to be built again',
        sql:
          "select indexdef from pg_indexes where schemaname not in ('pg_catalog', 'information_schema') order by " +
          'schemaname, tablename, indexname;',
      },
    ],
    mitigation: [
      'Note its definition and drop it: DROP INDEX CONCURRENTLY. If a query turns slow, build it again.',
      'If a yearly report needs it: switch the alert off for this system in config/overrides.ts, with that reason.',
    ],
  },
})

export const postgresDuplicateIndex = alert({
  name: 'PostgresDuplicateIndex',
  threshold: {
    is: '10 MiB',
    least: '1 MiB',
    most: '1 TiB',
    source: 'ours, as for an index that nobody reads',
  },
  expr: (threshold) => onPrimary(gt(duplicates, threshold)),
  for: '1h',
  severity: 'low',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `Index ${label('indexrelname')} of ${label('schemaname')}.${label('relname')} (${value.bytes}) does nothing that ` +
    `${label('duplicate_of')} does not do`,
  action: ({ label }) =>
    `Compare both in ${label('datname')} (\\d ${label('schemaname')}.${label('relname')}), then DROP INDEX CONCURRENTLY ` +
    `${label('schemaname')}.${label('indexrelname')}.`,
  runbook: {
    meaning:
      'Known from the catalogue, not estimated. kind="same": both index the same columns the same way. kind="prefix": the ' +
      'other begins with all its columns, in their order. Indexes of constraints are never named.',
    impact: 'Every write is done twice, and both take room in the cache. No query gets slower without it, or hardly.',
    diagnosis: [
      {
        look: 'The indexes of each table beside each other',
        sql:
          'select schemaname, tablename, indexname, indexdef from pg_indexes where schemaname not in ' +
          "('pg_catalog', 'information_schema') order by 1, 2, indexdef;",
      },
      {
        look: 'All that the exporter found, and what makes each superfluous',
        shell: "curl -s localhost:9464/metrics/postgres/main | grep '^pg_index_duplicate_size_bytes'",
      },
    ],
    mitigation: [
      'DROP INDEX CONCURRENTLY, and take it out of the migrations or the ORM that made it.',
      'A prefix may be worth keeping where it is far smaller and read all the time: raise the threshold then.',
    ],
  },
})

export const postgresInvalidIndex = alert({
  name: 'PostgresInvalidIndex',
  expr: onPrimary(recent(indexInvalidSize.where(shown))),
  shows: { in: 'size' },
  for: '1h',
  severity: 'medium',
  owner: 'reservations',
  summary: ({ label }) =>
    `Index ${label('indexrelname')} of ${label('schemaname')}.${label('relname')} in ${label('datname')} of PostgreSQL ` +
    `${label('instance')} is invalid: no query uses it, and every write keeps it up`,
  action: ({ label }) =>
    `In ${label('datname')}: REINDEX INDEX CONCURRENTLY ${label('schemaname')}.${label('indexrelname')}. If its name ends ` +
    'in _ccnew or _ccold, DROP INDEX CONCURRENTLY it instead.',
  runbook: {
    meaning:
      'A CREATE INDEX CONCURRENTLY or REINDEX CONCURRENTLY failed or was cancelled, and left it behind. One that is being ' +
      'built is not told.',
    impact:
      'Queries it was made for stay slow, writes pay for it, and if it is to be unique nothing keeps duplicates out as it ' +
      'should.',
    diagnosis: [
      {
        look: 'Which are invalid, and whether they are to be unique',
        sql:
          'select indexrelid::regclass, indrelid::regclass, indisunique, indisready, pg_get_indexdef(indexrelid) from ' +
          'pg_index where not indisvalid;',
      },
      {
        look: 'Whether one is being built after all',
        sql: 'select pid, relid::regclass, index_relid::regclass, phase from pg_stat_progress_create_index;',
      },
    ],
    mitigation: [
      'Build it again: REINDEX INDEX CONCURRENTLY. It waits for transactions that are open: end those first.',
      'If it is to be unique and fails again: its error names the duplicate rows; mend them first.',
      'Drop what a failed REINDEX left: *_ccnew is the new one unfinished, *_ccold the old one replaced.',
    ],
  },
})

export const indexAlerts: readonly Alert[] = [
  postgresUnusedIndex,
  postgresDuplicateIndex,
  postgresInvalidIndex,
  postgresIndexBloat,
]
