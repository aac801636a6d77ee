import { activityMaxTransaction } from '../../exporters/postgres/activity.ts'
import { matches, not, notMatches } from '../../metrics/metric.ts'
import { gt, instant, max } from '../../metrics/promql.ts'
import { type Alert, alert } from '../alert.ts'

const ofClients = { backend_type: 'client backend' } as const
/** By client, whatever its sessions wait for just now. */
const client = ['job', 'instance', 'datname', 'usename', 'application_name'] as const
const idleInTransaction = 'idle in transaction.*'
/** A dump reads for as long as it takes, in one transaction, and nobody would end it. */
const backup = 'pg_dump|pg_dumpall|pg_basebackup|pg_restore'

export const postgresIdleInTransaction = alert({
  name: 'PostgresIdleInTransaction',
  threshold: {
    is: '5 min',
    least: '30 s',
    most: '1 d',
    source: 'ours: far beyond any request; pigsty warns after 3 min',
  },
  expr: (threshold) =>
    gt(
      max(instant(activityMaxTransaction.where({ ...ofClients, state: matches(idleInTransaction) })), client),
      threshold,
    ),
  for: '1m',
  severity: 'medium',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `${label('application_name')} (${label('usename')} in ${label('datname')}) has left a transaction open on PostgreSQL ${label('instance')} for ${value.duration} and does nothing`,
  action: ({ label }) =>
    `End it: select pg_terminate_backend(pid) from pg_stat_activity where state like 'idle in transaction%' and xact_start < now() - interval '5 minutes' and application_name = '${label('application_name')}'. Then mend the code that neither commits nor rolls back.`,
  runbook: {
    meaning:
      'A session began a transaction minutes ago and waits for its client: a COMMIT that is missing on the way of an error, a call of another service inside the transaction, or a person with an open psql.',
    impact:
      'It keeps its locks, so that others may have to wait for it, keeps a connection of the pool, and keeps vacuum from removing any row that died since it began: tables and indexes grow.',
    diagnosis: [
      {
        look: 'Which sessions, since when, and what they did last',
        sql: "select pid, usename, application_name, client_addr, now() - xact_start as open, now() - state_change as idle, left(query, 200) as last_statement from pg_stat_activity where state like 'idle in transaction%' order by xact_start;",
      },
      {
        look: 'Who waits for them',
        sql: 'select pid, pg_blocking_pids(pid) as waits_for, left(query, 100) as query from pg_stat_activity where cardinality(pg_blocking_pids(pid)) > 0;',
      },
    ],
    mitigation: [
      'End the session (pg_terminate_backend); what it had not committed is rolled back.',
      "Let the server do so from now on: ALTER ROLE name SET idle_in_transaction_session_timeout = '60s'.",
      'In the code: release the client in a finally, roll back on every error, and call no other service between BEGIN and COMMIT.',
    ],
  },
})

export const postgresLongTransaction = alert({
  name: 'PostgresLongTransaction',
  threshold: {
    is: '15 min',
    least: '1 min',
    most: '1 d',
    source:
      'ours: a request takes seconds and a report minutes; others warn from 5 min on, which every nightly report exceeds',
  },
  expr: (threshold) =>
    gt(
      max(
        instant(
          activityMaxTransaction.where({
            ...ofClients,
            state: notMatches(idleInTransaction),
            application_name: notMatches(backup),
            // Who waits for a lock is a victim: PostgresSessionsBlocked names the culprit.
            wait_event_type: not('Lock'),
          }),
        ),
        client,
      ),
      threshold,
    ),
  for: '1m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) =>
    `${label('application_name')} (${label('usename')} in ${label('datname')}) has been busy in one transaction on PostgreSQL ${label('instance')} for ${value.duration}`,
  action:
    'Read what it does: select pid, now() - xact_start, query from pg_stat_activity where xact_start is not null order by xact_start. ' +
    'If nobody needs the answer any more: pg_cancel_backend(pid).',
  runbook: {
    meaning:
      'A session of a client works in a transaction that began long ago. Dumps are left out, sessions that do nothing (PostgresIdleInTransaction), and those that wait for a lock (PostgresSessionsBlocked).',
    impact:
      'Rows that died since it began stay, in every table of the database, so that all get slower; what it has locked stays locked. A disk may fill from it.',
    diagnosis: [
      {
        look: 'Which, and how far back they keep rows (backend_xmin)',
        sql: "select pid, usename, application_name, client_addr, now() - xact_start as open, now() - query_start as statement, age(backend_xmin) as keeps, wait_event_type, left(query, 200) as query from pg_stat_activity where xact_start is not null and backend_type = 'client backend' order by xact_start limit 20;",
      },
      {
        look: 'Whether it waits for somebody',
        sql: 'select pid, pg_blocking_pids(pid) as waits_for from pg_stat_activity where cardinality(pg_blocking_pids(pid)) > 0;',
      },
      {
        look: 'How far an index or a vacuum is',
        sql: 'select pid, phase, blocks_done, blocks_total from pg_stat_progress_create_index;',
      },
    ],
    mitigation: [
      'A report or a forgotten client: select pg_cancel_backend(pid); if it goes on, pg_terminate_backend(pid).',
      'A migration or a batch: let it end if it is near; next time in steps, each with a transaction of its own.',
      'Reports that need so long: run them on a standby, and give their role a statement_timeout.',
    ],
  },
})

export const transactionAlerts: readonly Alert[] = [postgresIdleInTransaction, postgresLongTransaction]
