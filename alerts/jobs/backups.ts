import { backupNewest, backupSize, backupUsualSize } from '../../exporters/jobs/backup.ts'
import { type Matcher, matches } from '../../metrics/metric.ts'
import { and, div, eq, gt, instant, lt, secondsSince } from '../../metrics/promql.ts'
import { alert, type Look, type Runbook, type Threshold } from '../alert.ts'
import { backupDir, lastRecord, whichAreOn, wouldDo } from './looks.ts'

const there: Look = {
  look: 'Which backups are there; each is complete where its manifest is',
  shell: `ls -lt ${backupDir}/*/*.manifest.json | head -n 20`,
}
const inBucket: Look = {
  look: 'Which are in the bucket',
  shell: `aws s3 ls --recursive "s3://$BACKUP_S3_BUCKET/\${BACKUP_S3_PREFIX:-techplus}/" | grep manifest | sort | tail`,
}

interface Stale {
  readonly name: string
  readonly kind: Matcher | string
  readonly job: 'backup' | 'backup-files' | 'backup-configuration'
  readonly often: string
  readonly threshold: Threshold
}

const runbookOf = ({ job, often }: Pick<Stale, 'job' | 'often'>): Runbook => ({
  meaning:
    `The newest backup of this kind in this place that is complete and was verified is older than the threshold. It is made ${often}. ` +
    'Its age is that of its data. local is BACKUP_DIR, remote the bucket.',
  impact:
    'What was written since is lost if the server is. For remote: if the whole host is. The older backups are all there.',
  diagnosis: [lastRecord(job), whichAreOn, wouldDo(job), there, inBucket],
  mitigation: [
    `Run it now: npm run job -- ${job}. What it says if it fails is the fault.`,
    'It never ran: see JobOverdue. It is on in config/jobs.ts, or this backup is made by another program.',
    'Only remote is stale: the bucket, its key or the network. The next run uploads.',
    'Another program makes these backups: switch this alert off in config/overrides.ts, with that as the reason.',
  ],
})

const stale = ({ name, kind, threshold, ...more }: Stale) =>
  alert({
    name,
    threshold,
    // 0 where there is none at all, which is another fault.
    expr: (age) =>
      and(gt(secondsSince(instant(backupNewest.where({ kind }))), age), gt(instant(backupNewest.where({ kind })), 0)),
    for: '5m',
    severity: 'high',
    owner: 'platform',
    summary: ({ label, value }) => `The newest ${label('place')} backup of ${label('kind')} is ${value.duration} old`,
    action: `Run it by hand now: npm run job -- ${more.job}. Then find out why it did not run, or failed: its record says.`,
    runbook: runbookOf(more),
  })

export const backupStale = stale({
  name: 'BackupStale',
  kind: matches('database|redis'),
  job: 'backup',
  often: 'daily',
  threshold: {
    is: '30 h',
    least: '1 h',
    most: '14 d',
    source: 'the handbook saves the database daily; a run may take three hours, and one be started again by hand',
  },
})

export const fileBackupStale = stale({
  name: 'FileBackupStale',
  kind: 'files',
  job: 'backup-files',
  often: 'weekly',
  threshold: {
    is: '8 d',
    least: '1 d',
    most: '60 d',
    source: 'the handbook saves files weekly; a day more to mend it',
  },
})

export const configurationBackupStale = stale({
  name: 'ConfigurationBackupStale',
  kind: 'configuration',
  job: 'backup-configuration',
  often: 'monthly',
  threshold: {
    is: '33 d',
    least: '1 d',
    most: '120 d',
    source: 'the handbook saves the configuration monthly; two days more than the longest month',
  },
})

export const backupMissing = alert({
  name: 'BackupMissing',
  expr: eq(instant(backupNewest), 0),
  for: '5m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label }) => `There is no ${label('place')} backup of ${label('kind')} at all`,
  action:
    'Make one now: npm run job -- backup (backup-files, backup-configuration). If there were some, find out who removed them.',
  runbook: {
    meaning:
      'The last run of the backup looked for complete backups of this kind in this place, and there is none. local is BACKUP_DIR, remote the bucket.',
    impact: 'If the server is lost, everything of this kind is lost with it; for remote: if the host is.',
    diagnosis: [lastRecord('backup'), there, inBucket, wouldDo('backup')],
    mitigation: [
      'It is the first: run it to the end; what it says if it fails is the fault.',
      'BACKUP_DIR or BACKUP_S3_PREFIX were changed: copy the old ones over, or put the setting back.',
      'Somebody removed them: see who may write there. Nothing of ours removes the newest good backup.',
    ],
  },
})

export const backupTooSmall = alert({
  name: 'BackupTooSmall',
  threshold: {
    is: '50 %',
    least: '1 %',
    most: '99 %',
    source: 'ours: of the median of the seven before it. A cleanup of a year removes less than half at once',
  },
  expr: (threshold) => lt(div(instant(backupSize), instant(backupUsualSize)), threshold),
  for: '1m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) =>
    `The newest backup of ${label('kind')} has ${value.percent} of its usual size: something is missing in it, or in what it saves`,
  action:
    'Compare its manifest with the one before: which table lost its rows. If it is the database that lost them, stop what deletes, and keep the backups before it.',
  runbook: {
    meaning:
      'The backup is complete and verified, and much smaller than the median of up to seven before it. It holds what the source had: the source has less than before.',
    impact:
      'Rows, keys or files were lost, or are no longer saved. In 30 days the last local backup that has them is past its time; in the bucket after a year.',
    diagnosis: [
      {
        look: 'How many rows each table had in the last two',
        shell: `cd ${backupDir}/database && diff <(jq -r '.contents.tables[] | [.name, .rows] | @tsv' "$(ls *.manifest.json | tail -n 2 | head -n 1)") <(jq -r '.contents.tables[] | [.name, .rows] | @tsv' "$(ls *.manifest.json | tail -n 1)")`,
      },
      there,
      {
        look: 'What removes rows',
        sql: 'select schemaname, relname, n_live_tup, n_tup_del, last_autovacuum from pg_stat_user_tables order by n_tup_del desc limit 10;',
      },
      lastRecord('cleanup'),
    ],
    mitigation: [
      'Rows were deleted by mistake: copy the backup before it to a safe place, and restore into a scratch database to take them from there.',
      'A cleanup removed what was due, or a table was dropped on purpose: it ends when four of the seven before are as small.',
      'Files: a folder was moved out of what config/backup.ts saves; add it there.',
    ],
  },
})
