import { jobEnabled, jobLastSuccess } from '../../exporters/jobs/metrics.ts'
import { restoreTestFaults } from '../../exporters/jobs/restore-test.ts'
import { and, eq, gt, instant, secondsSince } from '../../metrics/promql.ts'
import { alert } from '../alert.ts'
import { backupDir, lastRecord, whichAreOn, wouldDo } from './looks.ts'
import { endedAs } from './runs.ts'

const job = 'restore-test'

export const restoreTestFailing = alert({
  name: 'RestoreTestFailing',
  expr: endedAs(['failed', 'timed_out', 'refused'], job),
  for: '1m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label }) =>
    `The newest backup could not be restored, or is not whole: its test ended as ${label('outcome')}`,
  action:
    'Read what failed, and run it again: npm run job -- restore-test. If it fails again, make a backup now and test that one.',
  runbook: {
    meaning:
      'The job takes the newest backup of each kind, restores it beside the live data and looks at what came back. It ended with an error, did not end in time, or refused: a backup is cut off or another than its manifest tells, or something that it needs is missing.',
    impact: 'A backup that cannot be restored is none. Until this is mended, nobody knows whether there is one.',
    diagnosis: [
      lastRecord(job),
      wouldDo(job),
      { look: 'Whether there is room for what is restored', shell: 'df -h' },
      {
        look: 'Whether databases of a test were left',
        sql: 'select datname, pg_size_pretty(pg_database_size(datname)) from pg_database order by 1;',
      },
    ],
    mitigation: [
      'The key: BACKUP_IDENTITY has to be the one that belongs to BACKUP_RECIPIENT. Without it no backup can be opened at all: look for it at once.',
      'The file is damaged (its sum differs): test the one before it, and see what the disk says (dmesg).',
      'pg_restore is older than the server: set POSTGRES_BIN to programs of its major.',
      'No room, or no server for the scratch database: give it one in RESTORE_DATABASE_URL.',
    ],
  },
})

export const restoreTestFaulty = alert({
  name: 'RestoreTestFoundFaults',
  expr: gt(instant(restoreTestFaults), 0),
  for: '1m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) =>
    `What was restored from the backup of ${label('kind')} is not what was saved: ${value.plain} faults (${label('fault')})`,
  action:
    'Its record names each: the table, the constraint, the index, the file. Keep the older backups, and make a new one once the cause is known.',
  runbook: {
    meaning:
      'The newest backup was restored and differs from its manifest. rows: a table has fewer or more. constraints and indexes: one is missing or not valid. ' +
      'files: one is missing, or another than was saved. other: what the record says.',
    impact: 'Restored in an emergency, the service would run on wrong data, or not at all.',
    diagnosis: [
      lastRecord(job),
      {
        look: 'What the backup is said to hold',
        shell: `jq . "$(ls ${backupDir}/database/*.manifest.json | tail -n 1)"`,
      },
      {
        look: 'Whether the source itself has the fault',
        sql: "select conrelid::regclass as relation, conname as name, 'constraint' as what from pg_constraint where not convalidated union all select indexrelid::regclass, indexrelid::regclass::text, 'index' from pg_index where not indisvalid;",
      },
    ],
    mitigation: [
      'The source has it too, as an index that is not valid: mend it there (reindex index concurrently), make a backup, test again.',
      'Only what was restored has it: the backup is bad. Make another at once, test it, and look for the reason in the versions of pg_dump and the server.',
    ],
  },
})

export const restoreUntested = alert({
  name: 'RestoreUntested',
  threshold: {
    is: '14 d',
    least: '1 d',
    most: '180 d',
    source: 'twice the interval of its schedule in config/jobs.ts, which is weekly',
  },
  expr: (threshold) =>
    and(
      gt(secondsSince(instant(jobLastSuccess.where({ job_name: job }))), threshold),
      eq(instant(jobEnabled.where({ job_name: job })), 1),
    ),
  for: '10m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ value }) => `No backup was restored successfully for ${value.duration}: nobody knows whether one can be`,
  action:
    'Run the test now: npm run job -- restore-test. It restores into a scratch database and touches nothing else.',
  runbook: {
    meaning: 'The last test of a restore that succeeded is longer ago than the threshold, though the job is on.',
    impact: 'None, until a backup is needed. That is the moment at which it is found out otherwise.',
    diagnosis: [lastRecord(job), whichAreOn, wouldDo(job)],
    mitigation: [
      'It does not run: see JobOverdue and JobSchedulerGone.',
      'It runs and fails: RestoreTestFailing leads.',
      'It is refused: RestoreTestFailing says what is missing.',
    ],
  },
})
