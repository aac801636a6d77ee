import { healthCheckDuration, healthCheckTimeout, healthCheckUp } from '../../exporters/service/health/checks.ts'
import {
  clientPoolConnections,
  clientPoolConnectionsMax,
  clientPoolWaitingRequests,
  redisClientReady,
} from '../../exporters/service/runtime/pools.ts'
import { and, div, eq, gt, gte, instant, maxOverTime, sum, unless } from '../../metrics/promql.ts'
import { alert } from '../alert.ts'
import { service } from '../http/requests.ts'

/** The same for every check: which it is, is in the alert's labels. */
const whereToLook =
  'database: see the alerts of PostgreSQL; redis: those of Redis; external_apis: guests can book and not pay. Look at the ' +
  "status page of the payment provider, at the secret key's validity, and whether this host gets out (curl -I)."

const checks = [
  { look: 'What each check says', shell: 'curl -s http://localhost:3000/health/detailed' },
  { look: 'Why it failed', shell: 'grep "health check" logs/combined.log | tail -n 20' },
] as const

export const healthCheckFailing = alert({
  name: 'HealthCheckFailing',
  expr: eq(instant(healthCheckUp), 0),
  for: '1m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label }) =>
    `${label('instance')} does not reach ${label('check')}: its health check fails, and so does what needs it`,
  action: `Open /health/detailed of the service; its log says why the check failed. ${whereToLook}`,
  runbook: {
    meaning:
      'A health check of the service failed or ran out of its time at every scrape for a minute. The service itself asks, over the ' +
      'client that its requests use; of several processes the worst is told of.',
    impact:
      'Requests that need the dependency fail: the database all of them, Redis sessions and the cache, a payment provider paying.',
    diagnosis: [
      ...checks,
      { look: 'Whether the database takes connections from this host', shell: 'pg_isready -d "$DATABASE_URL"' },
      { look: 'Whether Redis answers', shell: 'redis-cli -u "$REDIS_URL" ping' },
    ],
    mitigation: [
      'Bring the dependency back: its own alert leads, where it is one of ours.',
      'If it answers others, restart the service: its client may hold connections that are dead.',
      'Switch off the feature that needs it, where there is a switch.',
    ],
  },
})

export const healthCheckSlow = alert({
  name: 'HealthCheckSlow',
  threshold: {
    is: '50 %',
    least: '5 %',
    most: '99 %',
    source: 'ours: of its time, half is left before it counts as failed',
  },
  expr: (threshold) =>
    // One that fails has its own alert.
    and(gt(div(instant(healthCheckDuration), instant(healthCheckTimeout)), threshold), eq(instant(healthCheckUp), 1)),
  for: '5m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) =>
    `The health check ${label('check')} of ${label('instance')} takes ${value.percent} of its time: soon it fails`,
  action: `Requests that need it are as slow: compare the latency of the routes. ${whereToLook}`,
  runbook: {
    meaning: 'A health check took this share of the time that it has, at every scrape for five minutes, and succeeded.',
    impact:
      'What needs the dependency is as slow. When the check runs out of its time, /health/ready takes the service out of service.',
    diagnosis: [
      ...checks,
      {
        look: 'How long each takes, of how long',
        shell: "curl -s http://localhost:9465/metrics | grep -E '^health_check_(duration|timeout)'",
      },
      { look: 'How busy Redis is', shell: 'redis-cli -u "$REDIS_URL" --latency -i 5' },
      {
        look: 'What the database is at',
        sql: "select state, wait_event_type, count(*) from pg_stat_activity where backend_type = 'client backend' group by 1, 2 order by 3 desc;",
      },
    ],
    mitigation: [
      'Relieve the dependency: its own alerts lead.',
      'Where the event loop lags, it is the service that is slow to look: see EventLoopLagging.',
    ],
  },
})

const holders = [
  {
    look: 'Who holds the connections',
    sql: "select application_name, state, wait_event_type, count(*), max(now() - state_change) as longest from pg_stat_activity where backend_type = 'client backend' group by 1, 2, 3 order by 4 desc;",
  },
  {
    look: 'Transactions that are open longest',
    sql: 'select pid, state, now() - xact_start as open, left(query, 80) as query from pg_stat_activity where xact_start is not null and pid <> pg_backend_pid() order by xact_start limit 10;',
  },
  { look: 'The pools, as the service sees them', shell: 'curl -s http://localhost:9465/metrics | grep ^client_pool_' },
] as const

export const clientPoolWaiting = alert({
  name: 'ClientPoolWaiting',
  threshold: {
    is: '0',
    least: '0',
    most: '10000',
    source: 'ours: a pool of the right size has a connection for everybody',
  },
  expr: (threshold) => gt(instant(clientPoolWaitingRequests), threshold),
  for: '2m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) =>
    `${value.plain} requests of ${label('instance')} wait for a connection of the pool ${label('pool')}: all are in use`,
  action:
    'See what holds them: select state, wait_event_type, query from pg_stat_activity order by xact_start. Slow statements and ' +
    "locks first; connections idle in transaction are a leak in the code. Raise the pool's max only if PostgreSQL has room.",
  runbook: {
    meaning: 'At every scrape for two minutes requests waited because every connection of the pool was in use.',
    impact:
      'Every request that needs the database waits, and fails when the time for a connection is over (connectionTimeoutMillis).',
    diagnosis: holders,
    mitigation: [
      'End what holds up the others: select pg_cancel_backend(PID), and pg_terminate_backend(PID) for one that is idle in transaction.',
      'Restart the service if its code lost its connections (clients that are never released).',
      "Raise the pool's max where PostgreSQL has room: pools of all processes together stay below max_connections.",
    ],
  },
})

export const clientPoolFull = alert({
  name: 'ClientPoolFull',
  threshold: {
    is: '90 %',
    least: '50 %',
    most: '100 %',
    source: 'ours: the next burst, or one slow statement more, has to wait',
  },
  expr: (threshold) => {
    const pool = [...service, 'pool'] as const
    const used = sum(instant(clientPoolConnections.where({ state: 'used' })), pool)
    // Where requests wait already, ClientPoolWaiting tells it.
    return unless(
      gte(div(used, instant(clientPoolConnectionsMax)), threshold),
      gt(instant(clientPoolWaitingRequests), 0),
    )
  },
  for: '15m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) =>
    `The pool ${label('pool')} of ${label('instance')} has ${value.percent} of its connections in use all the time: soon requests wait`,
  action:
    'See whether they work or idle in a transaction (pg_stat_activity by state). Working: more traffic, or slower statements. Idle: ' +
    'code that keeps a connection while it does something else.',
  runbook: {
    meaning:
      'For a quarter of an hour nearly every connection that the pool may have was in use, and nobody waited for one yet.',
    impact: 'None yet. The next burst waits for connections, and requests become slow all at once.',
    diagnosis: holders,
    mitigation: [
      'Make the statements faster that take most of the time; give back a connection before a call to another service.',
      "Raise the pool's max where PostgreSQL has room.",
    ],
  },
})

export const redisClientLost = alert({
  name: 'RedisClientLost',
  expr: unless(
    and(
      eq(maxOverTime(redisClientReady, '1m'), 0),
      // One that connects only when it is needed is not ready before.
      eq(maxOverTime(redisClientReady, '2d'), 1),
    ),
    eq(instant(healthCheckUp.where({ check: 'redis' })), 0),
    { on: service },
  ),
  for: '2m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label }) =>
    `The Redis client ${label('client')} of ${label('instance')} lost its connection and does not get it back`,
  action:
    'The health check of Redis succeeds, so the server answers: look at what is particular to this client, its address, password and ' +
    'database, or one process of several. Restart the service (pm2 restart techplus-backend).',
  runbook: {
    meaning:
      'A client of ioredis was ready within the last two days, and is not now. Of several processes one is enough. Where the health ' +
      'check of Redis fails as well, HealthCheckFailing tells it.',
    impact: 'Commands of this client wait in its memory or fail: sessions, cache or queue, whatever it is for.',
    diagnosis: [
      { look: 'Clients and their commands', shell: 'curl -s http://localhost:9465/metrics | grep ^redis_client_' },
      { look: 'What the server sees of us', shell: 'redis-cli -u "$REDIS_URL" client list' },
      {
        look: 'Errors of the client',
        shell: 'grep -iE "redis|ECONNREFUSED|WRONGPASS|NOAUTH" logs/error.log | tail -n 20',
      },
    ],
    mitigation: [
      'Restart the service; correct the address or the password of this client.',
      'See that its retryStrategy never gives up: ioredis stays closed for ever after it returned null.',
    ],
  },
})
