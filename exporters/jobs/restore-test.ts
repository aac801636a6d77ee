import { gauge } from '../../metrics/metric.ts'

/** What was restored: `database`, `redis`, `files`, `configuration`. */
const labels = ['kind'] as const

/**
 * What can be wrong with what came back: `rows` and `constraints` and `indexes` of a database, `files` of an archive, and
 * anything `other`.
 */
export const restoreFaults = ['rows', 'constraints', 'indexes', 'files', 'other'] as const
export type RestoreFault = (typeof restoreFaults)[number]

export const restoreTestDuration = gauge({
  name: 'restore_test_duration_seconds',
  help: 'How long the last restore took, from the first byte that was fetched until what came back was checked: what a recovery takes (RTO)',
  labels,
})
export const restoreTestDataAge = gauge({
  name: 'restore_test_data_age_seconds',
  help: 'How old the data of the newest backup was when its restore was tested: what a loss at that time would have cost (RPO)',
  labels,
})
export const restoreTestFaults = gauge({
  name: 'restore_test_faults',
  counts: 'faults',
  help: 'Differences between what was restored and what was saved; the record of the run names each',
  labels: [...labels, 'fault'],
})
export const restoreTestNewestReservationAge = gauge({
  name: 'restore_test_newest_reservation_age_seconds',
  help: 'How old the newest reservation in the restored database was when it was asked',
})
export const restoreTestBackupMoment = gauge({
  name: 'restore_test_backup_timestamp_seconds',
  help: 'Unix time of the data in the backup that was restored',
  labels,
})

/** What a test of a restore measures. */
export const restoreTestMeasures = [
  restoreTestDuration,
  restoreTestDataAge,
  restoreTestFaults,
  restoreTestNewestReservationAge,
  restoreTestBackupMoment,
] as const
