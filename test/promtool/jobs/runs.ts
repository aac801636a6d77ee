import type { Alert } from '../../../alerts/alert.ts'
import { restoreTestFailing } from '../../../alerts/jobs/restores.ts'
import { backupFailing, jobFailing, jobKilled, jobRefused, jobUndecided } from '../../../alerts/jobs/runs.ts'
import type { JobName } from '../../../config/jobs.ts'
import { jobEnabled, jobLastOutcome, jobRunning } from '../../../exporters/jobs/metrics.ts'
import { type Outcome, outcomes } from '../../../exporters/jobs/record.ts'
import type { Case } from '../case.ts'
import { type InputSeries, scraped, series } from '../series.ts'

/** The job ended well, and then so; of a job that is off nobody waits for another run. */
const ended = (job: JobName, last: Outcome, enabled: 0 | 1 = 1): readonly InputSeries[] => [
  ...outcomes.map((outcome) => {
    const [before, after] = [outcome === 'succeeded' ? 1 : 0, outcome === last ? 1 : 0]
    return series(jobLastOutcome, 'jobs', `${before}x2 ${after}x20`, { job_name: job, outcome })
  }),
  series(jobEnabled, 'jobs', `${enabled}x30`, { job_name: job }),
  // As each job does again and again.
  series(jobRunning, 'jobs', '0 1 0x30', { job_name: job }),
]

const well = [ended('backup', 'succeeded'), ended('cleanup', 'succeeded'), ended('restore-test', 'succeeded')].flat()
const besides = (job: JobName) => well.filter(({ series: name }) => !name.includes(`job_name="${job}"`))

const firing = (about: Alert, job: JobName, last: Outcome): Case => ({
  name: `${about.id} tells of ${job} that ended as ${last}`,
  about,
  series: [...ended(job, last), ...besides(job)],
  at: '8m',
  fires: [{ rule: about, labels: { ...scraped.jobs, job_name: job, outcome: last } }],
})

const quiet = (
  about: Alert,
  job: JobName,
  last: Outcome,
  why: string,
  { enabled = 1, at = '8m' as const } = {},
): Case => ({
  name: `${about.id} does not tell of ${job} that ended as ${last}: ${why}`,
  about,
  series: [...ended(job, last, enabled === 1 ? 1 : 0), ...besides(job)],
  at,
  fires: [],
})

const told: readonly (readonly [Alert, readonly JobName[], readonly Outcome[]])[] = [
  [backupFailing, ['backup'], ['failed', 'timed_out', 'refused', 'undecided', 'killed']],
  [backupFailing, ['backup-files', 'backup-configuration'], ['failed']],
  [restoreTestFailing, ['restore-test'], ['failed', 'timed_out', 'refused']],
  [jobFailing, ['cleanup'], ['failed', 'timed_out']],
  [jobFailing, ['restart', 'update', 'security-audit'], ['failed']],
  [jobRefused, ['cleanup', 'update'], ['refused']],
  [jobUndecided, ['cleanup'], ['undecided']],
  [jobKilled, ['update', 'restore-test'], ['killed']],
]

export const runCases: readonly Case[] = [
  ...told.flatMap(([about, jobs, last]) => jobs.flatMap((job) => last.map((one) => firing(about, job, one)))),
  ...[backupFailing, jobFailing, jobRefused, jobUndecided, jobKilled].flatMap((about): readonly Case[] => {
    const job = about === backupFailing ? 'backup' : 'update'
    return [quiet(about, job, 'succeeded', 'all is well'), quiet(about, job, 'stopped', 'somebody did so')]
  }),
  quiet(restoreTestFailing, 'restore-test', 'succeeded', 'all is well'),
  quiet(restoreTestFailing, 'restore-test', 'killed', 'JobKilled does'),
  quiet(jobRefused, 'restore-test', 'refused', 'RestoreTestFailing does'),
  quiet(restoreTestFailing, 'cleanup', 'failed', 'JobFailing does'),
  quiet(restoreTestFailing, 'restore-test', 'failed', 'it is off', { enabled: 0 }),
  quiet(backupFailing, 'backup', 'failed', 'it is off', { enabled: 0 }),
  quiet(backupFailing, 'cleanup', 'failed', 'JobFailing does'),
  quiet(jobFailing, 'backup', 'failed', 'BackupFailing does'),
  quiet(jobFailing, 'restore-test', 'failed', 'RestoreTestFailing does'),
  quiet(jobFailing, 'cleanup', 'failed', 'it is off', { enabled: 0 }),
  quiet(jobFailing, 'cleanup', 'killed', 'JobKilled does'),
  quiet(jobRefused, 'cleanup', 'refused', 'it is off', { enabled: 0 }),
  quiet(jobRefused, 'cleanup', 'failed', 'JobFailing does'),
  quiet(jobRefused, 'backup', 'refused', 'BackupFailing does'),
  quiet(jobUndecided, 'cleanup', 'undecided', 'it is off', { enabled: 0 }),
  quiet(jobUndecided, 'cleanup', 'failed', 'JobFailing does'),
  quiet(jobUndecided, 'backup', 'undecided', 'BackupFailing does'),
  quiet(jobKilled, 'update', 'killed', 'it is off', { enabled: 0 }),
  quiet(jobKilled, 'update', 'failed', 'JobFailing does'),
  quiet(jobKilled, 'backup', 'killed', 'BackupFailing does'),
]
