import { blockedLongest, blockedSessions, blockerLongest } from '../../exporters/postgres/blockers.ts'
import { databaseConflicts, databaseDeadlocks } from '../../exporters/postgres/databases.ts'
import { locksHeld } from '../../exporters/postgres/locks.ts'
import { maxConnections, maxLocksPerTransaction, maxPreparedTransactions } from '../../exporters/postgres/settings.ts'
import { remainder } from '../../exporters/reading.ts'
import { not } from '../../metrics/metric.ts'
import { add, and, div, gt, increase, instant, lte, max, minOverTime, mul, sum } from '../../metrics/promql.ts'
import { target } from '../../metrics/target.ts'
import { type Alert, alert, boundary } from '../alert.ts'

const byDatabase = [...target, 'datname'] as const

const waiting = {
  look: 'Who waits for whom',
  sql: "select pid, pg_blocking_pids(pid) as waits_for, now() - query_start as since, usename, application_name, left(query, 200) as query from pg_stat_activity where wait_event_type = 'Lock' order by query_start;",
} as const
const head = {
  look: 'Who is at the head of the queue: blocks others, waits for nobody',
  sql: "select pid, usename, application_name, client_addr, state, now() - xact_start as open, left(query, 200) as query from pg_stat_activity where pid in (select unnest(pg_blocking_pids(pid)) from pg_stat_activity where wait_event_type = 'Lock') and cardinality(pg_blocking_pids(pid)) = 0;",
} as const

export const postgresSessionsBlocked = alert({
  name: 'PostgresSessionsBlocked',
  threshold: {
    is: '1 min',
    least: '1 s',
    most: '1 h',
    source: 'ours: whoever waits as long as that has given up; CloudNativePG counts sessions instead',
  },
  // Its state and its statement change while it blocks: told is who it is.
  expr: (threshold) =>
    gt(
      max(instant(blockerLongest.where({ queryid: not(remainder) })), [...byDatabase, 'usename', 'application_name']),
      threshold,
    ),
  for: '15s',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) =>
    `${label('application_name')} (${label('usename')} in ${label('datname')}) has let others wait for a lock on PostgreSQL ${label('instance')} for ${value.duration}`,
  action:
    'select pid, pg_blocking_pids(pid), query from pg_stat_activity where cardinality(pg_blocking_pids(pid)) > 0; then end the one they wait for: ' +
    'pg_cancel_backend(pid) if it is active, pg_terminate_backend(pid) if it is idle in transaction.',
  runbook: {
    meaning:
      'A session waits for a lock that this one holds or was first to ask for, directly or behind others. Named is the head of the queue, which itself waits for nobody. Without a name: a prepared transaction.',
    impact:
      'All that touches the same rows or the same table waits, holds its connection and fills the pool; soon requests that need none of it fail as well.',
    diagnosis: [
      head,
      waiting,
      {
        look: 'Transactions that no session holds any more',
        sql: 'select gid, prepared, owner, database from pg_prepared_xacts order by prepared;',
      },
    ],
    mitigation: [
      'Idle in transaction: select pg_terminate_backend(pid). Nothing of it was committed.',
      "A migration (ALTER TABLE, CREATE INDEX without CONCURRENTLY): cancel it, and run it again with set lock_timeout = '2s'.",
      'Autovacuum against wraparound: let it go on; cancel what waits for it with an exclusive lock.',
      "A prepared transaction: COMMIT PREPARED 'gid' or ROLLBACK PREPARED 'gid', as its coordinator has decided.",
    ],
  },
})

export const postgresLockQueueLong = alert({
  name: 'PostgresLockQueueLong',
  threshold: {
    is: '10',
    least: '2',
    most: '10000',
    source: 'ours: as many as the pool of one instance of the API has',
  },
  expr: (threshold) =>
    and(
      gt(minOverTime(blockedSessions, '2m'), threshold),
      // Who waits for long has an alert of its own, which names whom for: left are many short waits.
      lte(instant(blockedLongest), boundary(postgresSessionsBlocked)),
    ),
  for: '1m',
  keepFiringFor: '5m',
  severity: 'medium',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `${value.plain} sessions at a time wait for locks in database ${label('datname')} of PostgreSQL ${label('instance')}, each only briefly`,
  action:
    "See what they wait for: select left(query, 100), count(*) from pg_stat_activity where wait_event_type = 'Lock' group by 1 order by 2 desc. " +
    'Mostly it is one row that every request updates.',
  runbook: {
    meaning:
      'For minutes there were never fewer sessions that wait for a lock, and no wait is long: many transactions want the same row, one after the other.',
    impact: 'Bookings take as long as the queue; the pool fills with those who wait.',
    diagnosis: [
      {
        look: 'Which statements wait',
        sql: "select left(query, 100) as query, count(*) from pg_stat_activity where wait_event_type = 'Lock' group by 1 order by 2 desc limit 10;",
      },
      {
        look: 'For which tables',
        sql: 'select relation::regclass as relation, locktype, mode, count(*) from pg_locks where not granted group by 1, 2, 3 order by 4 desc limit 10;',
      },
      waiting,
    ],
    mitigation: [
      'Lock later and shorter: the update of the row that all want last, just before COMMIT.',
      'A counter that every request updates: insert a row for each and sum them, or count in Redis.',
      'Who finds the row taken need not wait: select ... for update skip locked, or nowait and another try.',
    ],
  },
})

/** Each lock by its database and mode; predicate locks have a table of their own. */
const heldLocks = sum(instant(locksHeld.where({ mode: not('sireadlock') })), target)
/** PostgreSQL's documentation of max_locks_per_transaction, 20.12. It may lend some more, from memory that nothing else took. */
const lockRoom = mul(instant(maxLocksPerTransaction), add(instant(maxConnections), instant(maxPreparedTransactions)))

export const postgresLockTableNearFull = alert({
  name: 'PostgresLockTableNearFull',
  threshold: {
    is: '80 %',
    least: '10 %',
    most: '200 %',
    source: 'ours; the mixin of postgres_exporter warns at 20 %, which a dump of many tables reaches',
  },
  expr: (threshold) => gt(div(heldLocks, lockRoom), threshold),
  for: '1m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) =>
    `${value.percent} of the locks that PostgreSQL ${label('instance')} has room for are held`,
  action:
    'Find who holds most: select pid, count(*) from pg_locks group by 1 order by 2 desc limit 10. At the end of its transaction they are free.',
  runbook: {
    meaning:
      'Locks held or waited for, as a share of max_locks_per_transaction times all connections and prepared transactions there may be. Up to 16 light ones of a session take no room, so it is rather less.',
    impact:
      'When it is full, whatever needs one more lock fails with "out of shared memory": any statement of any session.',
    diagnosis: [
      {
        look: 'Who holds most',
        sql: 'select l.pid, application_name, count(*), now() - xact_start as open, left(query, 100) as query from pg_locks l left join pg_stat_activity a on a.pid = l.pid group by 1, 2, 4, 5 order by 3 desc limit 10;',
      },
      {
        look: 'On what: many partitions, or advisory locks that nobody gives back',
        sql: 'select locktype, mode, fastpath, count(*) from pg_locks group by 1, 2, 3 order by 4 desc;',
      },
      {
        look: 'How much room there is',
        sql: "select name, setting from pg_settings where name in ('max_locks_per_transaction', 'max_connections', 'max_prepared_transactions');",
      },
    ],
    mitigation: [
      'A dump, a migration or a query over all partitions: let it end, or cancel it.',
      'Advisory locks of sessions that live on: take them by transaction, pg_advisory_xact_lock.',
      'Raise max_locks_per_transaction (restart; on standbys first).',
    ],
  },
})

export const postgresDeadlocks = alert({
  name: 'PostgresDeadlocks',
  threshold: {
    is: '5',
    least: '1',
    most: '1000',
    source: 'awesome-prometheus-alerts: more than 5; ours within 15 min, as one alone is tried again',
  },
  expr: (threshold) => gt(sum(increase(databaseDeadlocks.where({ datname: not('') }), '15m'), byDatabase), threshold),
  for: '1m',
  severity: 'medium',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `${value.plain} deadlocks within 15 minutes in database ${label('datname')} of PostgreSQL ${label('instance')}`,
  action:
    'The log names both statements of each: docker compose logs --since 30m postgres | grep -A8 "deadlock detected".',
  runbook: {
    meaning:
      'Transactions that waited for one another in a circle: the server ended one of them each time, with an error.',
    impact:
      'The request of the one that was ended fails, unless the service tries again. Each cost a second of waiting (deadlock_timeout).',
    diagnosis: [
      {
        look: 'The two statements, and the rows or tables',
        shell: 'docker compose logs --since 30m postgres | grep -A8 "deadlock detected"',
      },
      {
        look: 'How many in which database, since when',
        sql: 'select datname, deadlocks, stats_reset from pg_stat_database where deadlocks > 0;',
      },
    ],
    mitigation: [
      'Lock in the same order everywhere: sort the ids before updating many rows, or select ... order by id for update first.',
      'Update all rows in one statement rather than in a loop.',
      'Try the transaction again on SQLSTATE 40P01.',
    ],
  },
})

export const postgresStandbyConflicts = alert({
  name: 'PostgresStandbyConflicts',
  threshold: {
    is: '10',
    least: '1',
    most: '10000',
    source: 'ours: a report now and then may be asked again, ten within 15 min are a pattern',
  },
  expr: (threshold) => gt(sum(increase(databaseConflicts.where({ datname: not('') }), '15m'), byDatabase), threshold),
  for: '1m',
  severity: 'low',
  owner: 'platform',
  summary: ({ label, value }) =>
    `Standby ${label('instance')} of PostgreSQL cancelled ${value.plain} queries in database ${label('datname')} within 15 minutes, to go on replaying`,
  action:
    'See why: select * from pg_stat_database_conflicts. For confl_snapshot set hot_standby_feedback = on there, or a longer max_standby_streaming_delay.',
  runbook: {
    meaning:
      'Queries on the standby that needed what the primary had removed or locked: replay waits for them only as long as max_standby_streaming_delay.',
    impact:
      'Reports and reads on the standby fail with "canceling statement due to conflict with recovery". The primary is not affected.',
    diagnosis: [
      { look: 'On the standby, why', sql: 'select * from pg_stat_database_conflicts;' },
      {
        look: 'How long replay waits',
        sql: "select name, setting, unit from pg_settings where name in ('max_standby_streaming_delay', 'max_standby_archive_delay', 'hot_standby_feedback');",
      },
      {
        look: 'What has been running there for long',
        sql: "select pid, application_name, now() - query_start as since, left(query, 200) as query from pg_stat_activity where state = 'active' and pid <> pg_backend_pid() order by query_start;",
      },
    ],
    mitigation: [
      'confl_snapshot: hot_standby_feedback = on (the primary then keeps dead rows as long as reports run).',
      'confl_lock: run DDL and VACUUM FULL on the primary when no report runs.',
      'A standby for reports may lag: max_standby_streaming_delay = 15min. One to fail over to should not.',
    ],
  },
})

export const lockAlerts: readonly Alert[] = [
  postgresSessionsBlocked,
  postgresLockQueueLong,
  postgresLockTableNearFull,
  postgresDeadlocks,
  postgresStandbyConflicts,
]
