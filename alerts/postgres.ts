import { activityCount } from '../exporters/postgres/activity.ts'
import { postgresVitals } from '../exporters/postgres/index.ts'
import { indexScans, indexSize } from '../exporters/postgres/indexes.ts'
import { maxConnections, reservedConnections, superuserConnections } from '../exporters/postgres/settings.ts'
import { statementCalls, statementSeconds } from '../exporters/postgres/statements.ts'
import { remainder } from '../exporters/reading.ts'
import { type Matcher, not } from '../metrics/metric.ts'
import { and, div, eq, gt, increase, instant, rate, sub, sum } from '../metrics/promql.ts'
import { type Alert, alert } from './alert.ts'

const target = ['job', 'instance'] as const

export const postgresDown = alert({
  name: 'PostgresDown',
  expr: eq(instant(postgresVitals.up), 0),
  for: '1m',
  severity: 'critical',
  owner: 'platform',
  summary: ({ label }) => `PostgreSQL ${label('instance')} does not answer: no reservation can be made or read`,
  action:
    "Read the exporter's log for the reason (refused, login, no answer). Check that the server runs and that its disk is " +
    'not full; then its own log. Fail over or restart it.',
})

/** Of the connections an application may use, from here on too many are taken. */
export const connectionsNearLimit = 0.8

/** Connections that applications may use: the rest is kept for superusers and for roles with pg_use_reserved_connections. */
export const usableConnections = (of: { readonly instance?: string | Matcher } = {}) =>
  sub(
    sub(instant(maxConnections.where(of)), instant(superuserConnections.where(of))),
    instant(reservedConnections.where(of)),
  )

export const postgresConnectionsNearLimit = alert({
  name: 'PostgresConnectionsNearLimit',
  expr: gt(
    div(sum(instant(activityCount.where({ backend_type: 'client backend' })), target), usableConnections()),
    connectionsNearLimit,
  ),
  for: '2m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) =>
    `${value.percent} of the connections that PostgreSQL ${label('instance')} has for applications are taken`,
  action:
    'See who holds them: select application_name, state, count(*) from pg_stat_activity group by 1, 2 order by 3 desc. ' +
    'End idle ones of a leaking client with pg_terminate_backend(pid); make its pool smaller.',
})

const shown = { queryid: not(remainder) }

/** Seconds that a statement takes on average from which on it is slow. */
export const slowStatement = 1

export const postgresSlowStatement = alert({
  name: 'PostgresSlowStatement',
  expr: and(
    gt(div(rate(statementSeconds.where(shown), '5m'), rate(statementCalls.where(shown), '5m')), slowStatement),
    // One slow report a day is nobody's problem: it must take a tenth of a second of every second as well.
    gt(rate(statementSeconds.where(shown), '5m'), 0.1),
  ),
  for: '5m',
  severity: 'medium',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `Statement ${label('queryid')} of ${label('user')} in ${label('datname')} takes ${value.duration} on average`,
  action: ({ label }) =>
    `Read it: select query from pg_stat_statements where queryid = ${label('queryid')}. EXPLAIN (ANALYZE, BUFFERS) it on ` +
    'a copy; look for a missing index, stale statistics (ANALYZE) or a plan that changed with a deploy.',
})

const dispensable = { constraint: 'none', indexrelname: not('other') }

export const postgresUnusedIndex = alert({
  name: 'PostgresUnusedIndex',
  expr: and(
    and(
      eq(increase(indexScans.where(dispensable), '7d'), 0),
      gt(instant(indexSize.where(dispensable)), 10 * 1024 ** 2),
    ),
    // An index younger than the week it is judged by has had no chance yet.
    instant(indexSize.where(dispensable), { offset: '7d' }),
  ),
  for: '1h',
  severity: 'low',
  owner: 'reservations',
  summary: ({ label }) =>
    `Index ${label('indexrelname')} of ${label('schemaname')}.${label('relname')} was not read for a week, ` +
    'and slows down every write to its table',
  action: ({ label }) =>
    'Make sure that no replica and no monthly report reads it (pg_stat_user_indexes there), then ' +
    `DROP INDEX CONCURRENTLY ${label('schemaname')}.${label('indexrelname')} in ${label('datname')}.`,
})

export const postgresAlerts: readonly Alert[] = [
  postgresDown,
  postgresConnectionsNearLimit,
  postgresSlowStatement,
  postgresUnusedIndex,
]
