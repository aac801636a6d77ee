import { activityCount } from '../../exporters/postgres/activity.ts'
import { databaseConnectionLimit } from '../../exporters/postgres/databases.ts'
import { roleLimit } from '../../exporters/postgres/roles.ts'
import { maxConnections, reservedConnections, superuserConnections } from '../../exporters/postgres/settings.ts'
import { div, gt, gte, instant, labelReplace, sub, sum } from '../../metrics/promql.ts'
import { type OfInstance, target } from '../../metrics/target.ts'
import { type Alert, alert } from '../alert.ts'

const connections = activityCount.where({ backend_type: 'client backend' })

/** Connections that applications may use: the rest is kept for superusers and for roles with pg_use_reserved_connections. */
export const usableConnections = (of: OfInstance = {}) =>
  sub(
    sub(instant(maxConnections.where(of)), instant(superuserConnections.where(of))),
    instant(reservedConnections.where(of)),
  )

const taken = div(sum(instant(connections), target), usableConnections())

const holders = {
  look: 'Who holds them, and what they do',
  sql: "select datname, usename, application_name, client_addr, state, count(*) from pg_stat_activity where backend_type = 'client backend' group by 1, 2, 3, 4, 5 order by 6 desc;",
} as const
const idlest = {
  look: 'Which have been idle longest: a client that leaks leaves them so',
  sql: "select pid, usename, application_name, client_addr, now() - state_change as idle from pg_stat_activity where state = 'idle' order by 5 desc limit 20;",
} as const
const room = {
  look: 'How many there are for whom',
  sql: "select name, setting from pg_settings where name in ('max_connections', 'superuser_reserved_connections', 'reserved_connections');",
} as const
const endIdle =
  "End the idle ones of a client that leaks: select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'NAME' and state = 'idle' and state_change < now() - interval '5 minutes';"

export const postgresConnectionsNearLimit = alert({
  name: 'PostgresConnectionsNearLimit',
  threshold: {
    is: '80 %',
    least: '30 %',
    most: '99 %',
    source: 'awesome-prometheus-alerts and Percona both warn at 80 %',
  },
  expr: (threshold) => gt(taken, threshold),
  for: '2m',
  keepFiringFor: '5m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) =>
    `${value.percent} of the connections that PostgreSQL ${label('instance')} has for applications are taken`,
  action:
    'See who holds them: select application_name, state, count(*) from pg_stat_activity group by 1, 2 order by 3 desc. ' +
    'End idle ones of a leaking client with pg_terminate_backend(pid); make its pool smaller.',
  runbook: {
    meaning:
      'Connections of clients, as a share of max_connections without those reserved for superusers and for roles with pg_use_reserved_connections.',
    impact:
      'At 100 % nobody new gets in: a deploy, a pool that reconnects, a backup. Requests then wait for the pool and fail.',
    diagnosis: [holders, idlest, room],
    mitigation: [
      endIdle,
      'Make the pools smaller: all instances of the API together, times the size of a pool, must stay below the limit.',
      'Many short-lived clients: put PgBouncer in front. Raise max_connections only with memory for it; it takes a restart.',
    ],
  },
})

export const postgresConnectionsExhausted = alert({
  name: 'PostgresConnectionsExhausted',
  // A pool that reconnects always leaves one or two open for a moment.
  threshold: {
    is: '98 %',
    least: '90 %',
    most: '100 %',
    source: 'ours: two of a hundred are free only between two clients',
  },
  expr: (threshold) => gte(taken, threshold),
  for: '1m',
  keepFiringFor: '2m',
  severity: 'critical',
  owner: 'platform',
  summary: ({ label }) =>
    `PostgreSQL ${label('instance')} has no connection left for applications: new ones are refused`,
  action:
    'As a superuser, for whom some are kept: select application_name, state, count(*) from pg_stat_activity group by 1, 2 order by 3 desc. ' +
    'End those of whoever holds most, idle ones first, with pg_terminate_backend(pid).',
  runbook: {
    meaning: 'Clients hold (nearly) all connections that applications may use. What is left is kept for superusers.',
    impact:
      'Each client that connects is answered "remaining connection slots are reserved" or "too many clients already": requests of the API fail, health checks too, and a restarted instance does not come up.',
    diagnosis: [
      holders,
      idlest,
      {
        look: 'Whether they wait for a lock: then the queue is the fault, see PostgresSessionsBlocked',
        sql: "select wait_event_type, wait_event, count(*) from pg_stat_activity where backend_type = 'client backend' group by 1, 2 order by 3 desc;",
      },
      room,
    ],
    mitigation: [
      endIdle,
      'They wait for a lock: end the session that holds it, and the queue dissolves.',
      'They are active and slow: find the statement (PostgresSlowStatement), and stop what was deployed last.',
      'Afterwards make the pools smaller, or raise max_connections (restart).',
    ],
  },
})

/** A limit of 0 or below stands for none allowed, for none set (-1), or for a database that is half dropped (-2). */
const ofDatabase = div(sum(instant(connections), [...target, 'datname']), gt(instant(databaseConnectionLimit), 0))
const ofRole = div(
  sum(instant(connections), [...target, 'usename']),
  gt(sum(labelReplace(instant(roleLimit), 'usename', '$1', 'rolname', '(.*)'), [...target, 'usename']), 0),
)
const ownLimit = {
  is: '80 %',
  least: '30 %',
  most: '99 %',
  source: 'as for the limit of the whole server: awesome-prometheus-alerts and Percona warn at 80 %',
} as const

export const postgresDatabaseConnectionsNearLimit = alert({
  name: 'PostgresDatabaseConnectionsNearLimit',
  threshold: ownLimit,
  expr: (threshold) => gt(ofDatabase, threshold),
  for: '2m',
  keepFiringFor: '5m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) =>
    `${value.percent} of the connections that database ${label('datname')} of PostgreSQL ${label('instance')} allows are taken`,
  action: ({ label }) =>
    `End idle sessions of ${label('datname')} with pg_terminate_backend(pid), or raise its limit: ALTER DATABASE "${label('datname')}" CONNECTION LIMIT n.`,
  runbook: {
    meaning:
      'The database has a CONNECTION LIMIT of its own, and that many of it are taken. The server as a whole may have room.',
    impact: 'At the limit the database answers "too many connections for database"; others go on.',
    diagnosis: [
      {
        look: 'The limits, and what is taken of them',
        sql: "select d.datname, datconnlimit, count(a.pid) from pg_database d left join pg_stat_activity a on a.datid = d.oid and backend_type = 'client backend' where datconnlimit > 0 group by 1, 2 order by 1;",
      },
      holders,
      idlest,
    ],
    mitigation: [
      endIdle,
      'Raise the limit if the server has room; it holds at once, for new connections: ALTER DATABASE name CONNECTION LIMIT n.',
      'Make the pools that use this database smaller.',
    ],
  },
})

export const postgresRoleConnectionsNearLimit = alert({
  name: 'PostgresRoleConnectionsNearLimit',
  threshold: ownLimit,
  expr: (threshold) => gt(ofRole, threshold),
  for: '2m',
  keepFiringFor: '5m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) =>
    `${value.percent} of the connections that role ${label('usename')} may have on PostgreSQL ${label('instance')} are taken`,
  action: ({ label }) =>
    `End idle sessions of ${label('usename')} with pg_terminate_backend(pid), or raise its limit: ALTER ROLE "${label('usename')}" CONNECTION LIMIT n.`,
  runbook: {
    meaning: 'The role has a CONNECTION LIMIT of its own, and that many of it are taken. Others may have room.',
    impact: 'At the limit whoever logs in by this role is answered "too many connections for role"; other roles go on.',
    diagnosis: [
      {
        look: 'The limits, and what is taken of them',
        sql: "select rolname, rolconnlimit, count(a.pid) from pg_roles r left join pg_stat_activity a on a.usesysid = r.oid and backend_type = 'client backend' where rolconnlimit > 0 group by 1, 2 order by 1;",
      },
      holders,
      idlest,
    ],
    mitigation: [
      endIdle,
      'Raise the limit if the server has room; it holds at once, for new connections: ALTER ROLE name CONNECTION LIMIT n.',
      'Make the pool of whoever logs in by this role smaller.',
    ],
  },
})

export const connectionAlerts: readonly Alert[] = [
  postgresConnectionsNearLimit,
  postgresConnectionsExhausted,
  postgresDatabaseConnectionsNearLimit,
  postgresRoleConnectionsNearLimit,
]
