import { type SeverityName, severities } from '../config/sla.ts'
import { type Channel, type Team, teams } from '../config/teams.ts'
import { namesOf } from '../metrics/names.ts'
import type { Alert } from './alert.ts'
import { postgresDown } from './postgres.ts'
import { redisDown } from './redis.ts'
import { clientPoolWaiting, healthCheckFailing } from './service.ts'
import { apiDown, heartbeatName } from './stack.ts'

/** How often, in Alertmanager's terms. */
export interface Timing {
  readonly groupWait: string
  readonly groupInterval: string
  readonly repeatInterval: string
}

/** Where an alert of one severity goes for the team that owns it. */
export interface Route {
  readonly receiver: string
  readonly owner: Team
  readonly severity: SeverityName
  readonly channels: readonly Channel[]
  readonly timing: Timing
}

/** What fires because of the source is held back: alerts that match the target and equal the source in every label of `equal`. */
export interface Inhibition {
  readonly source: readonly string[]
  readonly target: readonly string[]
  readonly equal: readonly string[]
}

const waits = { critical: '5s', high: '30s', medium: '5m', low: '10m' } as const
const intervals = { critical: '1m', high: '5m', medium: '15m', low: '1h' } as const
/** Told again at half the response time, as long as the alert fires. A multiple of the group interval, or it is rounded up. */
const repeat = (severity: SeverityName) => `${severities[severity].respondWithinHours * 30}m`

export const routes: readonly Route[] = namesOf(teams).flatMap((owner) =>
  namesOf(severities).map((severity) => ({
    receiver: `${owner}-${severity}`,
    owner,
    severity,
    channels: teams[owner].tell[severity],
    timing: { groupWait: waits[severity], groupInterval: intervals[severity], repeatInterval: repeat(severity) },
  })),
)

/** The dead man's switch goes out every minute and never waits. */
export const heartbeatRoute = {
  receiver: 'heartbeat',
  alertname: heartbeatName,
  timing: { groupWait: '0s', groupInterval: '1m', repeatInterval: '1m' },
} as const

/**
 * What a service sees of a server that is down, under the names that the handbook gives the checks. Nothing says which of
 * several servers a service means: while one is down, the fault of another is not told of twice.
 */
const seenByService = (cause: Alert, effect: Alert, ...part: readonly string[]): Inhibition => ({
  source: [`alertname="${cause.alert}"`],
  target: [`alertname="${effect.alert}"`, ...part],
  equal: [],
})

/** One page for one outage: what a server that is down brings with it says nothing new. */
export const inhibitions: readonly Inhibition[] = [
  ...[apiDown, postgresDown, redisDown].map(({ alert }) => ({
    source: [`alertname="${alert}"`],
    target: [`alertname!="${alert}"`, 'severity!="critical"', 'instance!=""'],
    equal: ['instance'],
  })),
  seenByService(postgresDown, healthCheckFailing, 'check="database"'),
  seenByService(postgresDown, clientPoolWaiting),
  seenByService(redisDown, healthCheckFailing, 'check="redis"'),
  // The fast burn of a promise says all that its slower ones would.
  {
    source: ['slo_window="1h"', 'severity="critical"'],
    target: ['slo_window!="1h"', 'slo!=""'],
    equal: ['alertname', 'slo'],
  },
]
