import type { Alert } from '../../../alerts/alert.ts'
import {
  jobHanging,
  jobOverdue,
  jobOvertime,
  jobRecordsUnreadable,
  schedulerGone,
} from '../../../alerts/jobs/schedule.ts'
import type { JobName } from '../../../config/jobs.ts'
import { jobsVitals } from '../../../exporters/jobs/index.ts'
import {
  jobDue,
  jobMayBeQuiet,
  jobProgressed,
  jobRunning,
  jobStarted,
  jobTimeLimit,
  schedulerSeen,
} from '../../../exporters/jobs/metrics.ts'
import type { Case } from '../case.ts'
import { type InputSeries, scraped, series } from '../series.ts'

const labelsOf = (job: JobName) => ({ ...scraped.jobs, job_name: job })

interface Moments {
  /** Seconds, from the beginning. */
  readonly due?: number
  readonly started?: number
  readonly progressed?: number
}

/** A job that may be quiet for 15 minutes and take an hour, due or under way since some moment. */
const seen = (job: JobName, { due, started, progressed }: Moments): readonly InputSeries[] => {
  const by = { job_name: job }
  return [
    series(jobMayBeQuiet, 'jobs', '900x300', by),
    series(jobTimeLimit, 'jobs', '3600x300', by),
    series(jobRunning, 'jobs', `${started === undefined ? 0 : 1}x300`, by),
    ...(due === undefined ? [] : [series(jobDue, 'jobs', `${due}x300`, by)]),
    ...(started === undefined ? [] : [series(jobStarted, 'jobs', `${started}x300`, by)]),
    ...(progressed === undefined ? [] : [series(jobProgressed, 'jobs', `${progressed}x300`, by)]),
  ]
}

const late: readonly Case[] = [
  ...(['backup', 'backup-files', 'backup-configuration', 'security-audit'] as const).map(
    (job): Case => ({
      name: `${job} that should have started half an hour ago is told`,
      about: jobOverdue,
      series: [...seen(job, { due: 60 }), ...seen('cleanup', { due: 9_000 })],
      at: '35m',
      fires: [{ rule: jobOverdue, labels: labelsOf(job), value: '34m 0s' }],
    }),
  ),
  {
    name: 'a job that should have started twenty minutes ago is not told',
    about: jobOverdue,
    series: seen('backup', { due: 60 }),
    at: '21m',
    fires: [],
  },
  {
    name: 'a job that is late for half an hour this very moment is not told yet',
    about: jobOverdue,
    series: seen('backup', { due: 55 }),
    at: '31m',
    fires: [],
  },
  {
    name: 'a job whose next time has come while it runs is not overdue',
    about: jobOverdue,
    series: seen('restart', { due: 60, started: 30, progressed: 30 }),
    at: '40m',
    fires: [],
  },
]

const slow: readonly Case[] = [
  ...(['backup', 'backup-files', 'backup-configuration'] as const).map(
    (job): Case => ({
      name: `${job} that makes no progress for longer than it may be quiet is told`,
      about: jobHanging,
      series: [...seen(job, { started: 60, progressed: 300 }), ...seen('cleanup', { started: 60, progressed: 1_500 })],
      at: '25m',
      fires: [{ rule: jobHanging, labels: labelsOf(job), value: '20m 0s' }],
    }),
  ),
  {
    name: 'a job that makes progress now and then does not hang, however long it takes',
    about: jobHanging,
    series: [
      ...seen('backup', { started: 60 }),
      series(jobProgressed, 'jobs', '0x9 600x9 1200x9 1800x9 2400x9', { job_name: 'backup' }),
    ],
    at: '48m',
    fires: [],
  },
  {
    name: 'a job that is quiet for as long as it may this very moment is not told yet',
    about: jobHanging,
    series: seen('backup', { started: 60, progressed: 290 }),
    at: '20m',
    fires: [],
  },
  ...(['backup', 'backup-files', 'backup-configuration'] as const).map(
    (job): Case => ({
      name: `${job} that goes on beyond its time is told`,
      about: jobOvertime,
      series: [
        ...seen(job, { started: 60, progressed: 4_200 }),
        ...seen('cleanup', { started: 2_000, progressed: 2_000 }),
      ],
      at: '75m',
      fires: [{ rule: jobOvertime, labels: labelsOf(job), value: '14m 0s' }],
    }),
  ),
  {
    name: 'a job that is ended at its time is not told',
    about: jobOvertime,
    series: seen('backup', { started: 60, progressed: 60 }),
    at: '63m',
    fires: [],
  },
  {
    name: 'a job that is beyond its time and some minutes this very moment is not told yet',
    about: jobOvertime,
    series: seen('backup', { started: 55, progressed: 60 }),
    at: '66m',
    fires: [],
  },
]

const scheduler = (values: string) => [series(schedulerSeen, 'jobs', values), ...seen('backup', { due: 90_000 })]
/** A sign of life a minute, up to this one. */
const alive = (minutes: number) => `0+60x${minutes} ${minutes * 60}x60`

const reading = (values: string, collector = 'backup') => series(jobsVitals.success, 'jobs', values, { collector })
const states: readonly Case[] = [
  {
    name: 'a scheduler that was not there for six minutes is told',
    about: schedulerGone,
    series: scheduler(alive(3)),
    at: '11m',
    fires: [{ rule: schedulerGone, labels: scraped.jobs, value: '8m 0s' }],
  },
  {
    name: 'a scheduler that is restarted is not told',
    about: schedulerGone,
    series: scheduler(alive(6)),
    at: '10m',
    fires: [],
  },
  {
    name: 'a scheduler that is gone for five minutes this very moment is not told yet',
    about: schedulerGone,
    series: scheduler(alive(4)),
    at: '10m',
    fires: [],
  },
  {
    name: 'records that cannot be read are told',
    about: jobRecordsUnreadable,
    series: [reading('1x2 0x20'), reading('1x30', 'cleanup'), series(jobsVitals.up, 'jobs', '1x30')],
    at: '14m',
    fires: [{ rule: jobRecordsUnreadable, labels: { ...scraped.jobs, collector: 'backup' } }],
  },
  {
    name: 'records that could not be read for a moment are not told',
    about: jobRecordsUnreadable,
    series: [reading('1x5 0 0 1x20')],
    at: '9m',
    fires: [],
  },
  {
    name: 'records that are not read since some minutes are not told yet',
    about: jobRecordsUnreadable,
    series: [reading('1x2 0x20')],
    at: '8m',
    fires: [],
  },
  {
    name: 'a job without records has nothing that could not be read',
    about: jobRecordsUnreadable,
    series: [reading('1x30'), series(jobsVitals.up, 'jobs', '1x30')],
    at: '14m',
    fires: [],
  },
]

const every: readonly Alert[] = [jobOverdue, jobHanging, jobOvertime]
const idle = every.map(
  (about): Case => ({
    name: `${about.id} does not tell of a job that waits for its time`,
    about,
    series: seen('backup', { due: 20_000 }),
    at: '75m',
    fires: [],
  }),
)

export const scheduleCases: readonly Case[] = [...late, ...slow, ...states, ...idle]
