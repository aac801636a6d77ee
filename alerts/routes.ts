import { type SeverityName, severities } from '../config/sla.ts'
import { type Channel, type TeamContact, teams } from '../config/teams.ts'
import { namesOf } from '../metrics/names.ts'
import type { Alert } from './alert.ts'
import { burnWindows } from './burn-rate.ts'
import { httpRouteFailing } from './http/errors.ts'
import { postgresDown } from './postgres/availability.ts'
import { postgresConnectionsExhausted, postgresConnectionsNearLimit } from './postgres/connections.ts'
import { apiDown } from './probe/reach.ts'
import { redisDown } from './redis/availability.ts'
import { clientPoolFull, clientPoolWaiting, healthCheckFailing, redisClientLost } from './service/dependencies.ts'
import { slosByInstance, slosByRoute } from './slo.ts'
import { heartbeatName } from './stack/heartbeat.ts'

/** How often, in Alertmanager's terms. */
export interface Timing {
  readonly groupWait: string
  readonly groupInterval: string
  readonly repeatInterval: string
}

/** Where an alert of one severity goes for the team that owns it. */
export interface Route {
  readonly receiver: string
  readonly owner: string
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

type Teams = Readonly<Record<string, TeamContact>>

/** One for each team and severity that `config/teams.ts` says how to tell. */
export const routesOf = (all: Teams): readonly Route[] =>
  Object.entries(all).flatMap(([owner, { tell }]) =>
    namesOf(severities).flatMap((severity) => {
      const channels = tell[severity]
      if (!channels) return []
      const timing = {
        groupWait: waits[severity],
        groupInterval: intervals[severity],
        repeatInterval: repeat(severity),
      }
      return [{ receiver: `${owner}-${severity}`, owner, severity, channels, timing }]
    }),
  )

export const routes: readonly Route[] = routesOf(teams)

/** Every alert that nobody would be told of, and every way to tell somebody that no alert takes, each in one line. */
export const routeFaults = (alerts: readonly Alert[], all: Teams = teams): readonly string[] => {
  const known = routesOf(all)
  const told = alerts.filter(({ alert, override }) => alert !== heartbeatName && !override?.off)
  const goes = ({ labels }: Alert) => `${labels.owner}.tell.${labels.severity}`
  const leads = ({ owner, severity }: Route) => `${owner}.tell.${severity}`
  const silent = known.filter(({ channels }) => channels.length === 0)
  const missing = [...new Set(told.map(goes))].filter((way) => !known.some((one) => leads(one) === way))
  const idle = known.filter((one) => !told.some((alert) => goes(alert) === leads(one)))
  return [
    ...silent.map((one) => `${leads(one)} is empty: name a channel, or leave it out`),
    ...missing.map((way) => {
      const first = told.find((one) => goes(one) === way)
      return `${way} is missing: nobody would be told of ${first?.id}; name a channel, or change its severity in config/overrides.ts`
    }),
    ...idle.map((one) => `${leads(one)} is reached by no alert: leave it out`),
  ].map((fault) => `config/teams.ts: ${fault}`)
}

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

/** A faster burn of a promise says all that its slower ones would, of the same part of it. */
const burning = (equal: readonly string[], part: readonly string[]): readonly Inhibition[] => {
  const paces = burnWindows('30d').map(({ pace }) => `burn_rate="${pace}"`)
  const slower = (place: number) => paces.slice(0, place + 1).map((pace) => pace.replace('=', '!='))
  return paces.slice(0, -1).map((pace, place) => ({
    source: [pace, ...part],
    target: ['burn_rate!=""', ...slower(place), ...part],
    equal: ['alertname', ...equal],
  }))
}

/** One page for one outage: what a server that is down brings with it says nothing new. */
export const inhibitions: readonly Inhibition[] = [
  ...[apiDown, postgresDown, redisDown].map(({ alert }) => ({
    source: [`alertname="${alert}"`],
    target: [`alertname!="${alert}"`, 'severity!="critical"', 'instance!=""'],
    equal: ['instance'],
  })),
  seenByService(postgresDown, healthCheckFailing, 'check="database"'),
  ...[clientPoolWaiting, clientPoolFull, httpRouteFailing].map((effect) => seenByService(postgresDown, effect)),
  seenByService(redisDown, healthCheckFailing, 'check="redis"'),
  seenByService(redisDown, redisClientLost),
  {
    source: [`alertname="${postgresConnectionsExhausted.alert}"`],
    target: [`alertname="${postgresConnectionsNearLimit.alert}"`],
    equal: ['instance'],
  },
  ...burning(['slo'], ['route=""', 'instance=""']),
  ...(slosByRoute().length > 0 ? burning(['slo', 'route'], ['route!=""']) : []),
  ...(slosByInstance().length > 0 ? burning(['slo', 'instance'], ['instance!=""']) : []),
]
