import { gauge } from '../../metrics/metric.ts'

const kindLabels = ['kind'] as const

export const backupSize = gauge({
  name: 'backup_size_bytes',
  help: 'Size of the newest backup of that kind, compressed and encrypted. `kind` is database, redis, files or configuration',
  labels: kindLabels,
})
export const backupUsualSize = gauge({
  name: 'backup_usual_size_bytes',
  help: 'Median size of up to seven complete backups before the newest one; none where there is none before it',
  labels: kindLabels,
})
export const backupDuration = gauge({
  name: 'backup_duration_seconds',
  help: 'How long the newest backup of that kind took until it was complete and verified on the disk, without its upload',
  labels: kindLabels,
})
/** `place` is `local`, the disk, or `remote`, the bucket. */
export const backupNewest = gauge({
  name: 'backup_newest_timestamp_seconds',
  help: 'Unix time of the data in the newest backup there that is complete and was verified; 0 where there is none',
  labels: ['kind', 'place'],
})
export const backupCopies = gauge({
  name: 'backup_copies',
  counts: 'backups',
  help: 'Complete backups there, after those past their time were removed',
  labels: ['kind', 'place'],
})

/** What a run of a backup tells of. */
export const backupMeasures = [backupSize, backupUsualSize, backupDuration, backupNewest, backupCopies] as const
