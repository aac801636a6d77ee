import type { RuleGroup } from '../alert.ts'
import { restartedOften, restartGivenUp, schemaAhead, updateUndone } from './api.ts'
import { backupMissing, backupStale, backupTooSmall, configurationBackupStale, fileBackupStale } from './backups.ts'
import { restoreTestFailing, restoreTestFaulty, restoreUntested } from './restores.ts'
import { backupFailing, jobFailing, jobKilled, jobRefused, jobUndecided } from './runs.ts'
import { jobHanging, jobOverdue, jobOvertime, jobRecordsUnreadable, schedulerGone } from './schedule.ts'

/** What jobs tell changes by the minute at most. */
const unhurried = '1m'

export const jobGroups: readonly RuleGroup[] = [
  // That nobody brings the API back is told at once.
  { name: 'jobs-api', rules: [restartGivenUp, restartedOften, updateUndone, schemaAhead] },
  { name: 'jobs-runs', interval: unhurried, rules: [jobFailing, jobRefused, jobUndecided, jobKilled] },
  {
    name: 'jobs-schedule',
    interval: unhurried,
    rules: [schedulerGone, jobOverdue, jobHanging, jobOvertime, jobRecordsUnreadable],
  },
  {
    name: 'jobs-backups',
    interval: unhurried,
    rules: [
      backupFailing,
      backupStale,
      fileBackupStale,
      configurationBackupStale,
      backupMissing,
      backupTooSmall,
      restoreTestFailing,
      restoreTestFaulty,
      restoreUntested,
    ],
  },
]
