import { sla } from '../config/sla.ts'
import { processErrorsTotal } from '../exporters/service/errors/errors.ts'
import { healthCheckDuration, healthCheckTimeout, healthCheckUp } from '../exporters/service/health/checks.ts'
import { clientPoolWaitingRequests } from '../exporters/service/runtime/pools.ts'
import { eventLoopLagP99, heapUsedRatio, processStartTime } from '../exporters/service/runtime/runtime-metrics.ts'
import { and, changes, div, eq, gt, increase, instant } from '../metrics/promql.ts'
import { type Alert, alert } from './alert.ts'

/** The same for every check: which it is, is in the alert's labels. */
const whereToLook =
  'database: see the alerts of PostgreSQL; redis: those of Redis; external_apis: guests can book and not pay. Look at the ' +
  "status page of the payment provider, at the secret key's validity, and whether this host gets out (curl -I)."

export const healthCheckFailing = alert({
  name: 'HealthCheckFailing',
  expr: eq(instant(healthCheckUp), 0),
  for: '1m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label }) =>
    `${label('instance')} does not reach ${label('check')}: its health check fails, and so does what needs it`,
  action: `Open /health/detailed of the service; its log says why the check failed. ${whereToLook}`,
})

/** Of the time it has, from here on a check takes too long. */
export const slowCheck = 0.5

export const healthCheckSlow = alert({
  name: 'HealthCheckSlow',
  // One that fails has its own alert.
  expr: and(
    gt(div(instant(healthCheckDuration), instant(healthCheckTimeout)), slowCheck),
    eq(instant(healthCheckUp), 1),
  ),
  for: '5m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) =>
    `The health check ${label('check')} of ${label('instance')} takes ${value.percent} of its time: soon it fails`,
  action: `Requests that need it are as slow: compare the latency of the routes. ${whereToLook}`,
})

/** Seconds that a request may lose to the event loop alone: half of what is promised for all of it. */
export const laggingLoop = sla.httpLatency.seconds / 2

export const eventLoopLagging = alert({
  name: 'EventLoopLagging',
  expr: gt(instant(eventLoopLagP99), laggingLoop),
  for: '5m',
  severity: 'medium',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `The event loop of ${label('instance')} is held up for ${value.duration} at a time: every request waits for it`,
  action:
    'Something computes too long in one go. Compare with garbage collections (nodejs_gc_duration_seconds) and with CPU; take a ' +
    'profile (node --cpu-prof, or Sentry), and split the work or move it to a worker. More processes help meanwhile.',
})

/** Of the heap's limit, from here on the garbage collector runs ever more often, until Node ends the process. */
export const heapNearLimitAt = 0.9

export const heapNearLimit = alert({
  name: 'HeapNearLimit',
  expr: gt(instant(heapUsedRatio), heapNearLimitAt),
  for: '5m',
  severity: 'high',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `${label('instance')} uses ${value.percent} of what its heap may take: Node ends it when there is no more`,
  action:
    'Restart it before it ends by itself (pm2 restart techplus-backend), or raise --max-old-space-size if the host has room. ' +
    'Then look for what grows: two snapshots (node --heapsnapshot-signal=SIGUSR2) an hour apart, compared.',
})

export const clientPoolWaiting = alert({
  name: 'ClientPoolWaiting',
  expr: gt(instant(clientPoolWaitingRequests), 0),
  for: '2m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) =>
    `${value.plain} requests of ${label('instance')} wait for a connection of the pool ${label('pool')}: all are in use`,
  action:
    'See what holds them: select state, wait_event_type, query from pg_stat_activity order by xact_start. Slow statements and ' +
    "locks first; connections idle in transaction are a leak in the code. Raise the pool's max only if PostgreSQL has room.",
})

/** Restarts in a quarter of an hour that no release explains, nor one that is undone at once. */
export const mostRestarts = 2

export const serviceRestarting = alert({
  name: 'ServiceRestarting',
  expr: gt(changes(processStartTime, '15m'), mostRestarts),
  for: '1s',
  severity: 'high',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `${label('instance')} was started ${value.plain} times in 15 minutes: it ends again and again`,
  action:
    'Its last lines in error.log say why ("Uncaught Exception"), and Sentry has the stack; the console where it ends before it has ' +
    'a log, and dmesg where the kernel ended it for its memory. Undo the release or the change of settings that brought it.',
})

/** Of an exception that ends its process the count ends with it: it is told here only of a worker of node:cluster. */
export const serviceErrors = alert({
  name: 'ServiceErrors',
  expr: gt(increase(processErrorsTotal, '5m'), 0),
  for: '1s',
  severity: 'high',
  owner: 'reservations',
  summary: ({ label }) => `${label('instance')} had an ${label('kind')}: an error that nobody caught`,
  action:
    'Find it in error.log ("Unhandled Rejection") or in Sentry, with its stack: what it was to do for a guest may be half done. Undo ' +
    'the release that brought it. An uncaughtException ended a worker, and with it the requests that it was answering.',
})

export const serviceAlerts: readonly Alert[] = [
  healthCheckFailing,
  healthCheckSlow,
  eventLoopLagging,
  heapNearLimit,
  clientPoolWaiting,
  serviceRestarting,
  serviceErrors,
]
