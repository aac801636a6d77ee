import type { Alert } from '../../../alerts/alert.ts'
import {
  backupMissing,
  backupStale,
  backupTooSmall,
  configurationBackupStale,
  fileBackupStale,
} from '../../../alerts/jobs/backups.ts'
import { restoreTestFaulty, restoreUntested } from '../../../alerts/jobs/restores.ts'
import { backupDuration, backupNewest, backupSize, backupUsualSize } from '../../../exporters/jobs/backup.ts'
import { jobEnabled, jobLastEnd, jobLastSuccess } from '../../../exporters/jobs/metrics.ts'
import { restoreTestFaults } from '../../../exporters/jobs/restore-test.ts'
import type { Duration } from '../../../metrics/promql.ts'
import type { Case } from '../case.ts'
import { type InputSeries, scraped, series } from '../series.ts'

const [hour, day] = [3_600, 86_400]

interface Copy {
  readonly kind: string
  readonly place?: string
}

/** The data of the newest backup is of this second; 0 where there is none. */
const newest = (second: number, { kind, place = 'local' }: Copy): readonly InputSeries[] => [
  series(backupNewest, 'jobs', `${second}x300`, { kind, place }),
]

/** Every kind and place, all of this second but one. */
const others = (second: number, but: Copy) =>
  ['database', 'redis', 'files', 'configuration'].flatMap((kind) =>
    ['local', 'remote'].flatMap((place) =>
      kind === but.kind && place === (but.place ?? 'local') ? [] : newest(second, { kind, place }),
    ),
  )

interface Ages {
  readonly about: Alert
  readonly kinds: readonly string[]
  readonly step: Duration
  /** In seconds: when one looks, and what the newest may be old. */
  readonly at: Duration
  readonly seconds: number
  readonly limit: number
  readonly printed: string
  /** A quarter of an hour later than it may be. */
  readonly soon: string
  /** A kind that another alert tells of. */
  readonly other: string
}

const ages: readonly Ages[] = [
  {
    about: backupStale,
    kinds: ['database', 'redis'],
    step: '15m',
    at: '40h',
    seconds: 40 * hour,
    limit: 30 * hour,
    printed: '1d 7h 0m 0s',
    soon: '1d 6h 14m 59s',
    other: 'files',
  },
  {
    about: fileBackupStale,
    kinds: ['files'],
    step: '1h',
    at: '220h',
    seconds: 220 * hour,
    limit: 8 * day,
    printed: '8d 2h 0m 0s',
    soon: '8d 0h 14m 59s',
    other: 'database',
  },
  {
    about: configurationBackupStale,
    kinds: ['configuration'],
    step: '4h',
    at: '840h',
    seconds: 840 * hour,
    limit: 33 * day,
    printed: '33d 8h 0m 0s',
    soon: '33d 0h 14m 59s',
    other: 'files',
  },
]
const over: Readonly<Record<string, number>> = { '15m': hour, '1h': 2 * hour, '4h': 8 * hour }

const stale = ages.flatMap(({ about, kinds, step, at, seconds, limit, printed, soon, other }): readonly Case[] => {
  const old = seconds - limit - (over[step] ?? 0)
  const young = seconds - limit + 60
  return [
    ...kinds.flatMap((kind) =>
      ['local', 'remote'].map((place): Case => {
        const copy = { kind, place }
        return {
          name: `the newest ${place} backup of ${kind} that is too old is told`,
          about,
          series: [...newest(old, copy), ...others(seconds, copy)],
          step,
          at,
          fires: [{ rule: about, labels: { ...scraped.jobs, ...copy }, value: printed }],
        }
      }),
    ),
    {
      name: `${about.id} tells of a backup five minutes after it is too old`,
      about,
      series: kinds.slice(0, 1).map((kind) => series(backupNewest, 'jobs', '1x9600', { kind, place: 'local' })),
      step: '5m',
      at: `${limit / 60 + 15}m`,
      fires: kinds.slice(0, 1).map((kind) => ({
        rule: about,
        labels: { ...scraped.jobs, kind, place: 'local' },
        value: soon,
      })),
    },
    {
      name: `${about.id} does not tell of a backup that is hardly as old as it may be`,
      about,
      series: kinds.flatMap((kind) => newest(young, { kind })),
      step,
      at,
      fires: [],
    },
    {
      name: `${about.id} does not tell of a backup that is too old this very moment`,
      about,
      series: kinds.flatMap((kind) => newest(seconds - limit - 1, { kind })),
      step,
      at,
      fires: [],
    },
    {
      name: `${about.id} does not tell of a kind that is not its own`,
      about,
      series: [...newest(60, { kind: other }), ...kinds.flatMap((kind) => newest(seconds, { kind }))],
      step,
      at,
      fires: [],
    },
    {
      name: `${about.id} does not tell of what there is no backup of at all`,
      about,
      series: kinds.flatMap((kind) => newest(0, { kind })),
      step,
      at,
      fires: [],
    },
  ]
})

const missing: readonly Case[] = [
  ...['database', 'redis', 'files', 'configuration'].map((kind): Case => {
    const copy = { kind, place: 'remote' }
    return {
      name: `that there is no backup of ${kind} in the bucket is told`,
      about: backupMissing,
      series: [...newest(0, copy), ...others(60, copy)],
      at: '10m',
      fires: [{ rule: backupMissing, labels: { ...scraped.jobs, ...copy } }],
    }
  }),
  {
    name: 'a backup that is there is not missing',
    about: backupMissing,
    series: newest(60, { kind: 'database' }),
    at: '10m',
    fires: [],
  },
  {
    name: 'a backup that is missing for some minutes is not told yet',
    about: backupMissing,
    series: newest(0, { kind: 'database' }),
    at: '4m',
    fires: [],
  },
]

const sizes = (kind: string, size: string, usual = '1000x30') => [
  series(backupSize, 'jobs', size, { kind }),
  series(backupUsualSize, 'jobs', usual, { kind }),
  series(backupDuration, 'jobs', '600x30', { kind }),
]
const small: readonly Case[] = [
  {
    name: 'a backup that has a third of its usual size is told',
    about: backupTooSmall,
    series: [...sizes('database', '950x2 330x20'), ...sizes('redis', '900x30')],
    at: '8m',
    fires: [{ rule: backupTooSmall, labels: { ...scraped.jobs, kind: 'database' }, value: '33%' }],
  },
  {
    name: 'a backup that has three fifths of its usual size is not told',
    about: backupTooSmall,
    series: sizes('database', '950x2 600x20'),
    at: '8m',
    fires: [],
  },
  {
    name: 'the first backup has no usual size to be smaller than',
    about: backupTooSmall,
    series: [series(backupSize, 'jobs', '10x30', { kind: 'database' })],
    at: '8m',
    fires: [],
  },
  {
    name: 'a backup that is too small this very moment is not told yet',
    about: backupTooSmall,
    series: sizes('database', '950x7 330x20'),
    at: '8m',
    fires: [],
  },
]

const success = (job: string, second: number, enabled = 1) => [
  series(jobLastSuccess, 'jobs', `${second}x300`, { job_name: job }),
  series(jobLastEnd, 'jobs', `${350 * hour}x300`, { job_name: job }),
  series(jobEnabled, 'jobs', `${enabled}x300`, { job_name: job }),
]
const untested = { about: restoreUntested, step: '2h', at: '360h' } as const
const tests: readonly Case[] = [
  {
    name: 'that no restore succeeded for over two weeks is told',
    ...untested,
    series: [...success('restore-test', 20 * hour), ...success('cleanup', 350 * hour)],
    fires: [{ rule: restoreUntested, labels: { ...scraped.jobs, job_name: 'restore-test' }, value: '14d 4h 0m 0s' }],
  },
  {
    name: 'that no restore succeeded for two weeks is told ten minutes later',
    about: restoreUntested,
    series: [
      series(jobLastSuccess, 'jobs', `${-14 * day + 150}x60`, { job_name: 'restore-test' }),
      series(jobEnabled, 'jobs', '1x60', { job_name: 'restore-test' }),
    ],
    at: '30m',
    fires: [{ rule: restoreUntested, labels: { ...scraped.jobs, job_name: 'restore-test' }, value: '14d 0h 27m 30s' }],
  },
  {
    name: 'that no restore succeeded for nearly two weeks is not told',
    ...untested,
    series: success('restore-test', 25 * hour),
    fires: [],
  },
  {
    name: 'that no restore succeeded for two weeks this very moment is not told yet',
    ...untested,
    series: success('restore-test', 24 * hour - 1),
    fires: [],
  },
  {
    name: 'where restores are not to be tested none is missed',
    ...untested,
    series: [...success('restore-test', 20 * hour, 0), ...success('cleanup', 350 * hour)],
    fires: [],
  },
  {
    name: 'another job that did not succeed for long is no restore that was not tested',
    ...untested,
    series: [...success('restore-test', 350 * hour), ...success('update', 20 * hour)],
    fires: [],
  },
]

const faults = (fault: string, values: string) => series(restoreTestFaults, 'jobs', values, { kind: 'database', fault })
const found: readonly Case[] = [
  ...['rows', 'constraints', 'indexes', 'files', 'other'].map(
    (fault): Case => ({
      name: `a restore that is not what was saved is told: ${fault}`,
      about: restoreTestFaulty,
      series: [faults(fault, '0x2 2x20'), faults('none of these', '0x30')],
      at: '8m',
      fires: [{ rule: restoreTestFaulty, labels: { ...scraped.jobs, kind: 'database', fault }, value: '2' }],
    }),
  ),
  {
    name: 'a restore that is what was saved is not told',
    about: restoreTestFaulty,
    series: [faults('rows', '0x30'), faults('indexes', '0x30')],
    at: '8m',
    fires: [],
  },
  {
    name: 'a restore that is found to be faulty this very moment is not told yet',
    about: restoreTestFaulty,
    series: [faults('rows', '0x7 1x20')],
    at: '8m',
    fires: [],
  },
]

export const backupCases: readonly Case[] = [...stale, ...missing, ...small, ...tests, ...found]
