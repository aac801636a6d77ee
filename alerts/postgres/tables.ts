import {
  tableDeadRows,
  tableLastAutovacuum,
  tableLastVacuum,
  tableLiveRows,
  tableUnanalyzed,
} from '../../exporters/postgres/tables.ts'
import { add, and, div, gt, lte, mul, or, secondsSince } from '../../metrics/promql.ts'
import { type Alert, alert, boundary } from '../alert.ts'
import { postgresTableBloat } from './bloat.ts'
import { manyRows, recent, shown } from './reading.ts'
import { postgresTableScanned } from './scans.ts'

const live = recent(tableLiveRows.where(shown))
const dead = recent(tableDeadRows.where(shown))

const byHand = recent(tableLastVacuum.where(shown))
const byDaemon = recent(tableLastAutovacuum.where(shown))
/** 0 where there was none. */
const lastVacuum = or(gt(byHand, byDaemon), byDaemon)

const tableLooks = {
  dead: {
    look: 'Which tables have dead rows, and when a vacuum came last',
    sql:
      'select schemaname, relname, n_live_tup, n_dead_tup, last_vacuum, last_autovacuum from pg_stat_user_tables ' +
      'order by n_dead_tup desc limit 10;',
  },
  running: {
    look: 'Which vacuums run just now, and how far they are',
    sql:
      'select pid, datname, relid::regclass, phase, heap_blks_scanned, heap_blks_total, index_vacuum_count ' +
      'from pg_stat_progress_vacuum;',
  },
} as const

export const postgresNotVacuumed = alert({
  name: 'PostgresNotVacuumed',
  threshold: {
    is: '1 d',
    least: '1 h',
    most: '60 d',
    source:
      'ours: the daemon looks at every table once a minute (autovacuum_naptime), so that it has passed over one that is ' +
      'due for a day. Percona waits for 7 d, whether the table needs it or not',
  },
  expr: (threshold) =>
    and(
      gt(secondsSince(lastVacuum), threshold),
      // Due by the daemon's own measure: autovacuum_vacuum_scale_factor is 0.2.
      and(gt(dead, mul(live, 0.2)), gt(dead, manyRows)),
    ),
  for: '1h',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label }) =>
    `Table ${label('schemaname')}.${label('relname')} in ${label('datname')} of PostgreSQL ${label('instance')} is due ` +
    'for a vacuum, and none has come',
  action: ({ label }) =>
    `In ${label('datname')}: VACUUM (VERBOSE, ANALYZE) ${label('schemaname')}.${label('relname')}. It locks out neither ` +
    'readers nor writers. Then find why the daemon did not do it.',
  runbook: {
    meaning:
      'Dead rows are more than a fifth of the live ones, which is when autovacuum should come, and neither it nor anybody ' +
      'else has vacuumed the table for the time of the threshold.',
    impact:
      'The table and its indexes grow, and every read goes through rows that are gone. Later the transaction numbers run ' +
      'out (PostgresXidAgeHigh).',
    diagnosis: [
      tableLooks.dead,
      {
        look: 'Whether the daemon is on, for all and for the table (reloptions)',
        sql:
          "select name, setting from pg_settings where name ~ '^autovacuum|^track_counts$' union all " +
          "select oid::regclass::text, array_to_string(reloptions, ', ') from pg_class " +
          "where array_to_string(reloptions, ', ') ~ 'autovacuum';",
      },
      tableLooks.running,
      {
        look: 'Who holds a lock that makes the daemon give way: LOCK TABLE, ALTER TABLE, CREATE INDEX, left open',
        sql:
          'select l.relation::regclass, l.mode, a.pid, a.application_name, a.state, a.xact_start from pg_locks l join ' +
          "pg_stat_activity a using (pid) where l.granted and l.mode ~ '^Share(Update|Row)|Exclusive$' and " +
          "l.locktype = 'relation' order by a.xact_start limit 20;",
      },
    ],
    mitigation: [
      'VACUUM (VERBOSE, ANALYZE) the table by hand, in a quiet hour if it is large.',
      'Switch the daemon on where it is off: ALTER TABLE ... RESET (autovacuum_enabled), or autovacuum = on and reload.',
      'If all workers are busy with other tables: raise autovacuum_max_workers and autovacuum_vacuum_cost_limit together.',
      'If locks send it away each time: shorten what takes them, and end sessions that were left open in a transaction.',
    ],
  },
})

export const postgresDeadRows = alert({
  name: 'PostgresDeadRows',
  threshold: {
    is: '30 %',
    least: '5 %',
    most: '95 %',
    source:
      'ours: autovacuum comes at a sixth (a fifth of the live rows), so that the 10 % of awesome-prometheus-alerts are ' +
      'part of every healthy day',
  },
  expr: (threshold) =>
    and(
      and(gt(div(dead, add(dead, live)), threshold), gt(dead, manyRows)),
      // Where no vacuum came at all PostgresNotVacuumed tells, and another remedy helps.
      lte(secondsSince(lastVacuum), boundary(postgresNotVacuumed)),
    ),
  for: '1h',
  keepFiringFor: '15m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) =>
    `${value.percent} of the rows of ${label('schemaname')}.${label('relname')} in ${label('datname')} of PostgreSQL ` +
    `${label('instance')} are dead, although it is vacuumed`,
  action:
    'Find who still needs them: select pid, state, xact_start, age(backend_xmin) from pg_stat_activity where backend_xmin ' +
    'is not null order by 4 desc; then prepared transactions, slots and standbys. End the oldest.',
  runbook: {
    meaning:
      'Vacuums run and leave the dead rows there: somebody may still see them, or the table changes faster than it is cleaned.',
    impact:
      'Reads go through ever more rows that are gone, and the table grows; its disk space does not come back by itself.',
    diagnosis: [
      tableLooks.dead,
      {
        look: 'Which session is the oldest that may still see dead rows',
        sql:
          'select pid, usename, application_name, state, xact_start, age(backend_xmin) from pg_stat_activity where ' +
          'backend_xmin is not null order by age(backend_xmin) desc limit 5;',
      },
      {
        look: 'Who holds them without a session here: prepared transactions, slots, standbys with hot_standby_feedback',
        sql:
          "select 'prepared ' || gid as holder, age(transaction) from pg_prepared_xacts union all select 'slot ' || " +
          "slot_name, greatest(age(xmin), age(catalog_xmin)) from pg_replication_slots union all select 'standby ' || " +
          'application_name, age(backend_xmin) from pg_stat_replication order by 2 desc nulls last;',
      },
      tableLooks.running,
    ],
    mitigation: [
      'End the session that holds them: select pg_terminate_backend(pid). Set idle_in_transaction_session_timeout.',
      'ROLLBACK PREPARED what was forgotten; drop a slot that nobody will read again.',
      'If nobody holds them: let the daemon come sooner and work faster, for this table alone: ALTER TABLE ... SET ' +
        '(autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0).',
    ],
  },
})

export const postgresNotAnalyzed = alert({
  name: 'PostgresNotAnalyzed',
  threshold: {
    is: '50 %',
    least: '10 %',
    most: '1000 %',
    source: 'ours: five times the tenth at which the daemon should have come (autovacuum_analyze_scale_factor)',
  },
  // Of a small table any plan will do.
  expr: (threshold) => gt(div(recent(tableUnanalyzed.where(shown)), gt(live, manyRows)), threshold),
  for: '1h',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) =>
    `Rows changed since ${label('schemaname')}.${label('relname')} in ${label('datname')} of PostgreSQL ` +
    `${label('instance')} was analyzed come to ${value.percent} of the table`,
  action: ({ label }) =>
    `In ${label('datname')}: ANALYZE ${label('schemaname')}.${label('relname')}. It takes seconds.`,
  runbook: {
    meaning:
      'So many rows changed since the planner last looked at the table, and the daemon has not come for an hour.',
    impact:
      'Plans are made for a table that no longer is: a query may turn from milliseconds to minutes from one call to the next.',
    diagnosis: [
      {
        look: 'Which tables changed, and when they were analyzed last',
        sql:
          'select schemaname, relname, n_live_tup, n_mod_since_analyze, last_analyze, last_autoanalyze from ' +
          'pg_stat_user_tables order by n_mod_since_analyze desc limit 10;',
      },
      {
        look: 'Whether the daemon is on, and what its workers do',
        sql:
          "select current_setting('autovacuum') as daemon, current_setting('autovacuum_max_workers') as workers, " +
          "(select count(*) from pg_stat_activity where backend_type = 'autovacuum worker') as busy;",
      },
    ],
    mitigation: [
      'ANALYZE the table; after a bulk load make that the last step of the load.',
      'Switch the daemon on where it is off, or give it more workers (autovacuum_max_workers).',
    ],
  },
})

export const tableAlerts: readonly Alert[] = [
  postgresNotVacuumed,
  postgresDeadRows,
  postgresNotAnalyzed,
  postgresTableBloat,
  postgresTableScanned,
]
