import { type Alert, isAlert } from '../../../alerts/alert.ts'
import { stackGroups } from '../../../alerts/stack/index.ts'
import { ledgerUp } from '../../../exporters/incidents/metrics.ts'
import { jobsVitals } from '../../../exporters/jobs/index.ts'
import { schedulerSeen } from '../../../exporters/jobs/metrics.ts'
import { blockedSessions } from '../../../exporters/postgres/blockers.ts'
import { postgresVitals } from '../../../exporters/postgres/index.ts'
import { maxConnections } from '../../../exporters/postgres/settings.ts'
import { redisVitals } from '../../../exporters/redis/index.ts'
import { memoryUsed } from '../../../exporters/redis/memory.ts'
import { reservationsVitals } from '../../../exporters/reservations/index.ts'
import { paymentsFailing } from '../../../exporters/reservations/payments.ts'
import { healthCheckUp } from '../../../exporters/service/health/checks.ts'
import { residentMemory } from '../../../exporters/service/runtime/runtime-metrics.ts'
import {
  clockOffset,
  headSeries,
  notifications,
  probeDuration,
  probeSuccess,
  remoteSamples,
  scrapeDuration,
  up,
} from '../../../metrics/foreign.ts'
import type { Case } from '../case.ts'
import { type InputSeries, type Job, scraped, series } from '../series.ts'

const alerts = stackGroups.flatMap(({ rules }) => rules.filter(isAlert))
const of = (job: Job): Alert => {
  const found = alerts.find(({ id }) => id === `MetricsAbsent of ${job}`)
  if (!found) throw new Error(`no alert tells of metrics that are absent of ${job}`)
  return found
}

const step = '15m' as const
/** There for an hour and a half, and then no more. */
const goes = '1x6 stale'
const stays = '1x12'
const falls = '1x6 0x6'
const at = '135m' as const

const reader = {
  postgres: postgresVitals,
  reservations: reservationsVitals,
  redis: redisVitals,
  jobs: jobsVitals,
} as const
type Read = keyof typeof reader
/** What an exporter says of itself: whether it reaches its server, and whether each collector succeeds. */
const told = (job: Read, { up: reached = stays, success = stays } = {}) => [
  series(reader[job].up, job, reached),
  series(reader[job].success, job, success, { collector: 'one' }),
  series(reader[job].success, job, stays, { collector: 'other' }),
]

/** One metric of each job whose rules are blind without it, and what tells that nothing else is wrong. */
const going: readonly (readonly [job: Job, metric: string, lost: InputSeries, well?: readonly InputSeries[]])[] = [
  ['api', healthCheckUp.name, series(healthCheckUp, 'api', goes, { check: 'database' })],
  ['probe', probeDuration.name, series(probeDuration, 'probe', goes), [series(probeSuccess, 'probe', stays)]],
  ['postgres', maxConnections.name, series(maxConnections, 'postgres', goes), told('postgres')],
  ['reservations', paymentsFailing.name, series(paymentsFailing, 'reservations', goes), told('reservations')],
  ['redis', memoryUsed.name, series(memoryUsed, 'redis', goes), told('redis')],
  ['jobs', schedulerSeen.name, series(schedulerSeen, 'jobs', goes), told('jobs')],
  ['prometheus', headSeries.name, series(headSeries, 'prometheus', goes)],
  [
    'agent',
    remoteSamples.name,
    series(remoteSamples, 'agent', goes, { remote_name: 'mimir', url: 'http://mimir:8080/api/v1/push' }),
  ],
  ['alertmanager', notifications.name, series(notifications, 'alertmanager', goes, { integration: 'email' })],
  ['node', clockOffset.name, series(clockOffset, 'node', goes)],
  ['exporter', residentMemory.name, series(residentMemory, 'exporter', goes)],
  ['incidents', ledgerUp.name, series(ledgerUp, 'incidents', goes)],
]

const gone = going.map(
  ([job, metric, lost, well = []]): Case => ({
    name: `${metric} of ${job}, which alerts read and which is gone, is told`,
    about: of(job),
    series: [lost, ...well, series(up, job, stays)],
    step,
    at,
    fires: [{ rule: of(job), labels: { ...scraped[job], metric } }],
  }),
)

const elsewhere = ({ series: name, values }: InputSeries): InputSeries => ({
  series: name.replace(/job="\w+"/, 'job="elsewhere"'),
  values,
})

const there = going.map(
  ([job, metric, lost, well = []]): Case => ({
    name: `${metric} of ${job} that is there is not told, nor what no alert reads, nor the same of a job that is not ours`,
    about: of(job),
    series: [
      { ...lost, values: stays },
      series(scrapeDuration, job, goes),
      ...well,
      series(up, job, stays),
      ...[lost, series(up, job, stays)].map(elsewhere),
    ],
    step,
    at,
    fires: [],
  }),
)

const guards = going.flatMap(([job, metric, lost]): readonly Case[] =>
  job !== 'postgres' && job !== 'reservations' && job !== 'redis' && job !== 'jobs'
    ? []
    : [
        {
          name: `${metric} of ${job} that cannot be reached is not told`,
          about: of(job),
          series: [lost, series(up, job, stays), ...told(job, { up: falls })],
          step,
          at,
          fires: [],
        },
        {
          name: `${metric} of ${job} of which a collector fails is not told`,
          about: of(job),
          series: [lost, series(up, job, stays), ...told(job, { success: falls })],
          step,
          at,
          fires: [],
        },
      ],
)

const lost = series(memoryUsed, 'redis', goes)
/** By the hour: there until then, and gone. */
const longAgo = [series(memoryUsed, 'redis', '1x1 stale'), series(up, 'redis', '1x30')]
const times: readonly Case[] = [
  {
    name: 'metrics that went with their target are not told one by one',
    about: of('redis'),
    series: [lost, series(up, 'redis', falls)],
    step,
    at,
    fires: [],
  },
  {
    name: 'a metric that is gone this moment is not told',
    about: of('redis'),
    series: [lost, series(up, 'redis', stays)],
    step,
    at: '105m',
    fires: [],
  },
  {
    name: 'a metric that is gone is still told a day later',
    about: of('redis'),
    series: longAgo,
    step: '1h',
    at: '25h',
    fires: [{ rule: of('redis'), labels: { ...scraped.redis, metric: memoryUsed.name } }],
  },
  {
    name: 'a metric that is gone since more than a day is not told any more',
    about: of('redis'),
    series: longAgo,
    step: '1h',
    at: '27h',
    fires: [],
  },
  {
    name: 'a metric of which one series of several goes is not told',
    about: of('postgres'),
    series: [
      series(blockedSessions, 'postgres', goes, { datname: 'old' }),
      series(blockedSessions, 'postgres', stays, { datname: 'techplus' }),
      series(up, 'postgres', stays),
    ],
    step,
    at,
    fires: [],
  },
  {
    name: 'what tells of a probe that fails is not missed',
    about: of('probe'),
    series: [series(probeDuration, 'probe', goes), series(probeSuccess, 'probe', falls), series(up, 'probe', stays)],
    step,
    at,
    fires: [],
  },
]

export const coverageCases: readonly Case[] = [...gone, ...there, ...guards, ...times]
