import type { PromiseName } from '../config/sla.ts'
import { type Alert, isAlert } from './alert.ts'
import { burnWindows } from './burn-rate.ts'
import { httpClientErrorsSurging, httpRefusalsSurging } from './http/clients.ts'
import { httpRequestsAbandoned, httpRouteFailing } from './http/errors.ts'
import { httpRouteSlow } from './http/latency.ts'
import { httpRequestsPilingUp } from './http/traffic.ts'
import { restartGivenUp } from './jobs/api.ts'
import { ofOneFault } from './jobs/inhibitions.ts'
import { jobFailing } from './jobs/runs.ts'
import { postgresDown, postgresSplitBrain } from './postgres/availability.ts'
import { postgresConnectionsExhausted, postgresConnectionsNearLimit } from './postgres/connections.ts'
import { postgresReplicationLag, postgresStandbyNotReceiving } from './postgres/replication.ts'
import { postgresSlotLost } from './postgres/slots.ts'
import { wraparoundAlerts } from './postgres/wraparound.ts'
import { certificateExpired, certificateExpiresSoon, certificateExpiring } from './probe/certificates.ts'
import { apiDown } from './probe/reach.ts'
import { words } from './promise-records.ts'
import { promiseGroups } from './promises.ts'
import { redisDown } from './redis/availability.ts'
import { redisNoMaster, redisReplicaLinkDown } from './redis/failover.ts'
import { reservationsStopped } from './reservations/bookings.ts'
import { cleanupOverdue } from './reservations/housekeeping.ts'
import { paymentsFailingOften, paymentsStopped, paymentsStuck } from './reservations/payments.ts'
import { endpointCertificateExpiresSoon, endpointCertificateExpiring } from './security/certificates.ts'
import {
  clientPoolFull,
  clientPoolWaiting,
  healthCheckFailing,
  healthCheckSlow,
  redisClientLost,
} from './service/dependencies.ts'
import { logErrorsSurging } from './service/instrumentation.ts'
import { serviceErrors } from './service/process.ts'
import { slosByInstance, slosByRoute } from './slo.ts'
import { aftermath, aftermathName, outages, slowAftermaths } from './stack/aftermath.ts'
import { systemDown } from './stack/system.ts'
import { targetDown } from './stack/targets.ts'

/** What fires because of the source is held back: alerts that match the target and equal the source in every label of `equal`. */
export interface Inhibition {
  readonly source: readonly string[]
  readonly target: readonly string[]
  readonly equal: readonly string[]
}

/** Matchers of what one outage brings with it. */
type Effect = readonly [string, ...string[]]

const among = (alerts: readonly Alert[]) => [...new Set(alerts.map(({ alert }) => alert))].join('|')
const any = (...alerts: readonly Alert[]): Effect => [`alertname=~"${among(alerts)}"`]
const targetsDown = (...jobs: readonly string[]): Effect => [...any(targetDown), `job=~"${jobs.join('|')}"`]
const checks = (check: string): Effect => [...any(healthCheckFailing, healthCheckSlow), `check="${check}"`]

/** Loss of data, and certificates, which say why the API is down: no outage explains them. */
export const neverHeldBack: readonly Alert[] = [
  ...wraparoundAlerts,
  postgresSplitBrain,
  postgresSlotLost,
  certificateExpired,
  certificateExpiresSoon,
]

/** What the service counts by itself; whether it is reached is seen from outside. */
const counted = ['httpAvailability', 'httpLatency', 'reservationSuccess'] as const satisfies readonly PromiseName[]
const anyBurn = 'burn_rate!=""'
const burnOf = (promises: readonly PromiseName[]): Effect => [
  anyBurn,
  `slo=~"(${promises.map(words).join('|')})(_by_.*)?"`,
]
const unknown = (promises: readonly PromiseName[]) => {
  const names = promises.map(words)
  return promiseGroups()
    .flatMap(({ rules }) => rules.filter(isAlert))
    .filter(({ alert, labels }) => alert.endsWith('Unknown') && names.includes(labels.slo ?? ''))
}

/** What fails in the service while a server that it needs is down. */
const failures = [
  httpRouteFailing,
  httpRouteSlow,
  httpRequestsAbandoned,
  httpRequestsPilingUp,
  serviceErrors,
  logErrorsSurging,
] as const

/**
 * What each brings with it elsewhere than on itself. Nothing says which of several servers a service means: while one is down,
 * the fault of another is not told of twice. A budget that is used up stays so, and is told.
 */
const effects = (): readonly (readonly [cause: Alert, effects: readonly Effect[]])[] => [
  [
    apiDown,
    [
      burnOf([...counted, 'apiReachable']),
      any(...unknown(counted), paymentsStopped, paymentsStuck, cleanupOverdue),
      // Who was paged for it sees that it does not come back.
      any(restartGivenUp),
      [...any(jobFailing), 'job_name="restart"'],
    ],
  ],
  [
    postgresDown,
    [
      burnOf(counted),
      checks('database'),
      any(...failures, clientPoolWaiting, clientPoolFull, reservationsStopped),
      // Of a standby whose primary it is.
      any(postgresStandbyNotReceiving, postgresReplicationLag),
    ],
  ],
  [
    redisDown,
    [
      burnOf(counted),
      checks('redis'),
      // Without its sessions everybody is sent to log in.
      any(...failures, redisClientLost, httpRefusalsSurging, httpClientErrorsSurging, reservationsStopped),
      // Of a replica whose master it is.
      any(redisReplicaLinkDown, redisNoMaster),
    ],
  ],
]

const because = (cause: Alert, target: Effect, equal: readonly string[] = []): Inhibition => ({
  source: [`alertname="${cause.alert}"`],
  target,
  equal,
})

/** Also until the windows of what it brought with it have forgotten it: nobody is to be woken by what is over. */
const duringAndAfter = (cause: Alert, target: Effect): readonly Inhibition[] => {
  const afterIt = (pace: string, held: readonly string[]): Inhibition => ({
    source: [`alertname="${aftermathName}"`, `cause="${cause.alert}"`, `pace="${pace}"`],
    target: held,
    equal: [],
  })
  const slowly = target.includes(anyBurn) ? slowAftermaths.map(({ labels }) => labels.pace) : []
  return [
    because(cause, target),
    afterIt(aftermath.labels.pace, target),
    ...slowly.map((pace) => afterIt(pace, [`burn_rate="${pace}"`, ...target.filter((one) => one !== anyBurn)])),
  ]
}

/** What looks back further than a page does, or is told for longer, is forgotten with the budgets that burn slowly. */
const longAfter = (cause: Alert, target: Effect): readonly Inhibition[] =>
  slowAftermaths.slice(0, 1).map(({ labels }) => ({
    source: [`alertname="${aftermathName}"`, `cause="${cause.alert}"`, `pace="${labels.pace}"`],
    target,
    equal: [],
  }))

/** On a server that is down nothing else is worth a word, but for what nobody may miss. */
const onItself = (cause: Alert): Inhibition =>
  because(
    cause,
    [`alertname!~"${among([cause, ...neverHeldBack])}"`, 'severity!="critical"', 'instance!=""'],
    ['instance'],
  )

/** A faster burn of a promise says all that its slower ones would, of the same part of it. */
const burning = (equal: readonly string[], part: readonly string[]): readonly Inhibition[] => {
  const paces = burnWindows('30d').map(({ pace }) => `burn_rate="${pace}"`)
  const slower = (place: number) => paces.slice(0, place + 1).map((pace) => pace.replace('=', '!='))
  return paces.slice(0, -1).map((pace, place) => ({
    source: [pace, ...part],
    target: ['burn_rate!=""', ...slower(place), ...part],
    equal: ['slo', ...equal],
  }))
}

/** What reads several servers is one target of Prometheus for each of them. */
const throughExporter = (job: string, ...read: readonly string[]): Inhibition => ({
  source: [...any(targetDown), `job="${job}"`],
  target: targetsDown(...read),
  equal: [],
})

const first = (): readonly Inhibition[] => [
  because(systemDown, any(apiDown, postgresDown, redisDown)),
  // They do so themselves, but later, and each for as long as it is down itself.
  ...effects().flatMap(([, brought]) => brought.flatMap((effect) => duringAndAfter(systemDown, effect))),
  ...duringAndAfter(systemDown, any(paymentsFailingOften)),
  because(systemDown, targetsDown('api', 'probe', 'postgres', 'reservations', 'redis', 'jobs', 'exporter', 'blackbox')),
  ...[apiDown, postgresDown, redisDown].map(onItself),
  ...effects().flatMap(([cause, brought]) => brought.flatMap((effect) => duringAndAfter(cause, effect))),
  ...outages.flatMap((cause) => longAfter(cause, any(logErrorsSurging))),
  throughExporter('exporter', 'postgres', 'reservations', 'redis', 'jobs'),
  throughExporter('blackbox', 'probe'),
  ...ofOneFault.map(
    ({ tells, says, equal }): Inhibition => ({
      source: [...any(...tells.alerts), ...(tells.more ?? [])],
      target: [...any(...says.alerts), ...(says.more ?? [])],
      equal,
    }),
  ),
  // The audit sees the same certificate once more.
  because(certificateExpiring, any(endpointCertificateExpiring)),
  because(certificateExpiresSoon, any(endpointCertificateExpiresSoon)),
  because(postgresConnectionsExhausted, any(postgresConnectionsNearLimit), ['instance']),
  ...burning([], ['route=""', 'instance=""']),
  ...(slosByRoute().length > 0 ? burning(['route'], ['route!=""']) : []),
  ...(slosByInstance().length > 0 ? burning(['instance'], ['instance!=""']) : []),
]

/** While an alert is held back, nobody is told that nobody responds to it. */
const twinOf = ({ source, target, equal }: Inhibition): Inhibition => ({
  source: [...source, 'step=""'],
  target: [...target.map((matcher) => matcher.replace(/^alertname\b/, 'source_alert')), 'step!=""'],
  equal,
})

const distinct = (every: readonly Inhibition[]) => [...new Map(every.map((one) => [JSON.stringify(one), one])).values()]

/** One page for one outage: what it brings with it says nothing new. */
export const inhibitions = (): readonly Inhibition[] => {
  const every = first()
  return distinct([
    ...every.map(({ source, target, equal }) => ({
      source: [...source, 'step=""'],
      target: [...target, 'step=""'],
      equal,
    })),
    ...every.map(twinOf),
  ])
}
