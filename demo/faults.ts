import { burnThreshold, burnWindows, inHours, percent } from '../alerts/burn-rate.ts'
import { type Objective, sla } from '../config/sla.ts'

interface Words {
  /** What happens. */
  readonly does: string
  /** What should follow in the observability stack. */
  readonly expect: string
}

/** When the fastest alert about a promise pages while this share of all requests is bad, as a word says. */
const page = (promise: Objective, bad: number, word: string) => {
  const [window] = burnWindows(promise.window)
  const threshold = burnThreshold(window, promise.target)
  const [long, wait] = [inHours(window.long) * 60, Math.round(inHours(window.for) * 60)]
  return (
    `${window.severity}: within ${wait} to ${wait + 1} minutes on a stack that just started; after ${window.long} of good ` +
    `traffic only once ${percent(threshold)} of all requests of the last ${window.long} ${word}, ` +
    `about ${Math.round((long * threshold) / bad + wait)} minutes in all`
  )
}

/** Of the demo's visitors this share pays: see `traffic.ts`. */
const paymentShare = 0.06

/** Faults the API brings about by itself, in its own process. */
export const apiFaults = {
  slow: {
    does: 'every answer of the API takes 0.7 to 1.4 s longer',
    expect: `HttpLatencyBudgetBurn, ${page(sla.httpLatency, 1, 'were slow')}`,
  },
  errors: {
    does: 'the API answers every second request with status 500',
    expect: `HttpAvailabilityBudgetBurn, ${page(sla.httpAvailability, 0.5, 'failed')}`,
  },
  'booking-failures': {
    does: 'every attempt to book fails with status 500; the rest of the API works',
    expect: 'ReservationSuccessBudgetBurn and HttpAvailabilityBudgetBurn, critical, within minutes',
  },
  'payments-down': {
    does: 'the payment provider answers everything with status 503, and the API every payment with 502',
    expect: `HealthCheckFailing for external_apis, high, after 1 minute; HttpAvailabilityBudgetBurn, ${page(sla.httpAvailability, paymentShare, 'failed')}`,
  },
  connections: {
    does: 'idle connections take 85 % of those PostgreSQL has for applications',
    expect: 'PostgresConnectionsNearLimit, high, after 2 minutes',
  },
  'slow-statement': {
    does: 'one statement that takes 1.5 s runs again and again',
    expect: 'PostgresSlowStatement, medium, after 5 minutes',
  },
  'unused-index': {
    does: 'an index of more than 10 MB that nobody reads is made, on a table of its own',
    expect:
      'the index among the unused ones at once; PostgresUnusedIndex, low, only after it lay unread for a week, so give ' +
      'the seconds accordingly (700000)',
  },
  blocked: {
    does: 'a session changes a row and forgets to commit, and another waits for that row',
    expect:
      'PostgresSessionsBlocked, high, after a minute and a half; who holds it up stands on PostgreSQL maintenance',
  },
  'slow-vacuum': {
    does: 'a vacuum of a table of its own takes minutes',
    expect: 'no alert; the table and the phase stand on PostgreSQL maintenance, beside the dead rows',
  },
  memory: {
    does: 'keys named fault:* fill Redis to 94 % of its maxmemory',
    expect: 'RedisMemoryNearLimit, high, after 2 minutes',
  },
} as const satisfies Readonly<Record<string, Words>>

export type ApiFault = keyof typeof apiFaults

interface Paused extends Words {
  /** Of `npm start` with local processes. */
  readonly process: string
  /** Of docker-compose.yml. */
  readonly service: string
}

/** Faults of a whole process: it is paused, as a machine that hangs, and goes on where it was. */
export const processFaults = {
  'postgres-down': {
    does: 'PostgreSQL is paused: connections are taken and nothing answers',
    expect:
      'PostgresDown, critical, after 1 minute, which holds back HealthCheckFailing for database and ClientPoolWaiting; the API ' +
      'answers with errors and is itself again afterwards',
    process: 'postgres',
    service: 'postgres',
  },
  'redis-down': {
    does: 'Redis is paused: connections are taken and nothing answers',
    expect:
      'RedisDown, critical, after 1 minute, which holds back HealthCheckFailing for redis; the API answers with errors and is ' +
      'itself again afterwards',
    process: 'redis',
    service: 'redis',
  },
  'api-down': {
    does: 'the demo API is paused, with the traffic, the payment provider and the pager that run in its process',
    expect:
      'ApiDown, critical, after 1 minute, which holds back TargetDown for the API; the pager takes its page only when the ' +
      'process goes on',
    process: 'demo',
    service: 'api',
  },
  'target-down': {
    does: 'the exporter is paused: nothing of it can be scraped',
    expect: 'TargetDown, high, after 2 minutes',
    process: 'exporter',
    service: 'exporter',
  },
} as const satisfies Readonly<Record<string, Paused>>
