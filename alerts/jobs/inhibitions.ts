import type { JobName } from '../../config/jobs.ts'
import type { Alert } from '../alert.ts'
import { cleanupOverdue } from '../reservations/housekeeping.ts'
import { auditCheckBlind } from '../security/audit.ts'
import { restartGivenUp, schemaAhead, updateUndone } from './api.ts'
import { backupMissing, backupStale, configurationBackupStale, fileBackupStale } from './backups.ts'
import { restoreTestFailing, restoreTestFaulty, restoreUntested } from './restores.ts'
import { backupFailing, jobFailing, jobRefused, jobUndecided } from './runs.ts'
import { jobHanging, jobOverdue, jobOvertime, schedulerGone } from './schedule.ts'

/** One of these alerts, with labels where they are not of every series. */
interface Some {
  readonly alerts: readonly [Alert, ...Alert[]]
  readonly more?: readonly string[]
}

/** Of two that come of one fault, the one to be told of, and what says nothing new beside it, of the same `equal`. */
export interface OneFault {
  readonly tells: Some
  readonly says: Some
  readonly equal: readonly string[]
}

const of = (job: JobName) => [`job_name="${job}"`]

const backups: readonly (readonly [job: JobName, stale: Alert, kinds: string])[] = [
  ['backup', backupStale, 'database|redis'],
  ['backup-files', fileBackupStale, 'files'],
  ['backup-configuration', configurationBackupStale, 'configuration'],
]

const ofBackups = backups.flatMap(([job, stale, kinds]): readonly OneFault[] => [
  // It failed, so that there is no new one: the record of the run says why.
  { tells: { alerts: [backupFailing], more: of(job) }, says: { alerts: [stale] }, equal: ['instance'] },
  {
    tells: { alerts: [backupFailing], more: of(job) },
    says: { alerts: [backupMissing], more: [`kind=~"${kinds}"`] },
    equal: ['instance'],
  },
  // That data is at risk says more than why.
  {
    tells: { alerts: [stale] },
    says: { alerts: [jobOverdue, jobHanging, jobOvertime], more: of(job) },
    equal: ['instance'],
  },
])

/** One fault of the jobs is told of once. */
export const ofOneFault: readonly OneFault[] = [
  {
    tells: { alerts: [schedulerGone] },
    says: { alerts: [jobOverdue, backupStale, fileBackupStale, configurationBackupStale, restoreUntested] },
    equal: ['instance'],
  },
  { tells: { alerts: [jobHanging] }, says: { alerts: [jobOvertime] }, equal: ['job_name', 'instance'] },
  ...ofBackups,
  { tells: { alerts: [restoreTestFaulty] }, says: { alerts: [restoreTestFailing] }, equal: ['instance'] },
  {
    tells: { alerts: [restoreTestFailing, restoreTestFaulty] },
    says: { alerts: [restoreUntested] },
    equal: ['instance'],
  },
  // It is what the job would clean, and the job says why it does not.
  {
    tells: { alerts: [jobFailing, jobRefused, jobUndecided], more: of('cleanup') },
    says: { alerts: [cleanupOverdue] },
    equal: [],
  },
  { tells: { alerts: [restartGivenUp] }, says: { alerts: [jobFailing], more: of('restart') }, equal: ['instance'] },
  {
    tells: { alerts: [updateUndone, schemaAhead] },
    says: { alerts: [jobFailing], more: of('update') },
    equal: ['instance'],
  },
  { tells: { alerts: [schemaAhead] }, says: { alerts: [updateUndone] }, equal: ['instance'] },
  // A check that could not run fails the audit.
  {
    tells: { alerts: [auditCheckBlind] },
    says: { alerts: [jobFailing], more: of('security-audit') },
    equal: ['instance'],
  },
]
