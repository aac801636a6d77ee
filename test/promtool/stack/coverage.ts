import { type Alert, isAlert } from '../../../alerts/alert.ts'
import { stackGroups } from '../../../alerts/stack/index.ts'
import { blockedSessions } from '../../../exporters/postgres/blockers.ts'
import { postgresVitals } from '../../../exporters/postgres/index.ts'
import { maxConnections } from '../../../exporters/postgres/settings.ts'
import { redisVitals } from '../../../exporters/redis/index.ts'
import { reservationsVitals } from '../../../exporters/reservations/index.ts'
import { healthCheckUp } from '../../../exporters/service/health/checks.ts'
import { residentMemory } from '../../../exporters/service/runtime/runtime-metrics.ts'
import { clockOffset, headSeries, notifications, probeDuration, probeSuccess, up } from '../../../metrics/foreign.ts'
import type { Case } from '../case.ts'
import { type InputSeries, type Job, scraped, series } from '../series.ts'

const alerts = stackGroups.flatMap(({ rules }) => rules.filter(isAlert))
const of = (job: Job): Alert => {
  const found = alerts.find(({ id }) => id === `MetricsAbsent of ${job}`)
  if (!found) throw new Error(`no alert tells of metrics that are absent of ${job}`)
  return found
}

const step = '5m' as const
const hour = 12
/** There for three hours, and then no more. */
const goes = `1x${3 * hour} stale`
const stays = `1x${40 * hour}`

/** One metric of each job whose rules are blind without it. */
const going: readonly (readonly [job: Job, metric: string, series: InputSeries])[] = [
  ['api', healthCheckUp.name, series(healthCheckUp, 'api', goes, { check: 'database' })],
  ['probe', probeDuration.name, series(probeDuration, 'probe', goes)],
  ['postgres', postgresVitals.up.name, series(postgresVitals.up, 'postgres', goes)],
  ['reservations', reservationsVitals.up.name, series(reservationsVitals.up, 'reservations', goes)],
  ['redis', redisVitals.up.name, series(redisVitals.up, 'redis', goes)],
  ['prometheus', headSeries.name, series(headSeries, 'prometheus', goes)],
  ['alertmanager', notifications.name, series(notifications, 'alertmanager', goes, { integration: 'email' })],
  ['node', clockOffset.name, series(clockOffset, 'node', goes)],
  ['exporter', residentMemory.name, series(residentMemory, 'exporter', goes)],
]

const gone = going.map(
  ([job, metric, lost]): Case => ({
    name: `${metric} of ${job}, which alerts read and which is gone, is told`,
    about: of(job),
    series: [lost, series(up, job, stays)],
    step,
    at: '4h',
    fires: [{ rule: of(job), labels: { ...scraped[job], metric } }],
  }),
)

const there = going.map(
  ([job, metric, { series: name }]): Case => ({
    name: `${metric} of ${job} that is there is not told`,
    about: of(job),
    series: [{ series: name, values: stays }, series(up, job, stays)],
    step,
    at: '4h',
    fires: [],
  }),
)

const postgres = of('postgres')
const lost = series(postgresVitals.lastFailed, 'postgres', goes)
const guards: readonly Case[] = [
  {
    name: 'metrics that went with their target are not told one by one',
    about: of('redis'),
    series: [series(redisVitals.up, 'redis', goes), series(up, 'redis', `1x${3 * hour} 0x100`)],
    step,
    at: '4h',
    fires: [],
  },
  {
    name: 'a metric that is gone since ten minutes is not told',
    about: of('redis'),
    series: [series(redisVitals.up, 'redis', goes), series(up, 'redis', stays)],
    step,
    at: '195m',
    fires: [],
  },
  {
    name: 'a metric that is gone is still told half a day later',
    about: of('redis'),
    series: [series(redisVitals.up, 'redis', `1x${20 * hour} stale`), series(up, 'redis', stays)],
    step,
    at: '32h',
    fires: [{ rule: of('redis'), labels: { ...scraped.redis, metric: redisVitals.up.name } }],
  },
  {
    name: 'a metric that is gone since more than a day is not told any more',
    about: of('redis'),
    series: [series(redisVitals.up, 'redis', goes), series(up, 'redis', stays)],
    step,
    at: '28h',
    fires: [],
  },
  {
    name: 'a metric that no alert reads is not told',
    about: postgres,
    series: [lost, series(up, 'postgres', stays)],
    step,
    at: '4h',
    fires: [],
  },
  {
    name: 'metrics of a database that is down are not told',
    about: postgres,
    series: [
      series(maxConnections, 'postgres', goes),
      series(up, 'postgres', stays),
      series(postgresVitals.up, 'postgres', `1x${3 * hour} 0x100`),
    ],
    step,
    at: '4h',
    fires: [],
  },
  {
    name: 'metrics of a collector that fails are not told',
    about: postgres,
    series: [
      series(maxConnections, 'postgres', goes),
      series(up, 'postgres', stays),
      series(postgresVitals.up, 'postgres', stays),
      series(postgresVitals.success, 'postgres', `1x${3 * hour} 0x100`, { collector: 'settings' }),
      series(postgresVitals.success, 'postgres', stays, { collector: 'locks' }),
    ],
    step,
    at: '4h',
    fires: [],
  },
  {
    name: 'a metric of which one series of several goes is not told',
    about: postgres,
    series: [
      series(blockedSessions, 'postgres', goes, { datname: 'old' }),
      series(blockedSessions, 'postgres', stays, { datname: 'techplus' }),
      series(up, 'postgres', stays),
    ],
    step,
    at: '4h',
    fires: [],
  },
  {
    name: 'what tells of a probe that fails is not missed',
    about: of('probe'),
    series: [
      series(probeDuration, 'probe', goes),
      series(probeSuccess, 'probe', `1x${3 * hour} 0x100`),
      series(up, 'probe', stays),
    ],
    step,
    at: '4h',
    fires: [],
  },
]

export const coverageCases: readonly Case[] = [...gone, ...there, ...guards]
