import { boundary } from '../alerts/alert.ts'
import { backupMissing, backupStale, backupTooSmall } from '../alerts/jobs/backups.ts'
import { restoreTestFaulty, restoreUntested } from '../alerts/jobs/restores.ts'
import { backupCopies, backupDuration, backupNewest, backupSize, backupUsualSize } from '../exporters/jobs/backup.ts'
import { jobLastSuccess } from '../exporters/jobs/metrics.ts'
import {
  restoreTestBackupMoment,
  restoreTestDataAge,
  restoreTestDuration,
  restoreTestFaults,
  restoreTestNewestReservationAge,
} from '../exporters/jobs/restore-test.ts'
import { matches } from '../metrics/metric.ts'
import { div, instant, max, mul, secondsSince } from '../metrics/promql.ts'
import { drawnOn } from './alerts.ts'
import { row } from './dashboard.ts'
import { stat, timeseries } from './panel.ts'
import { series } from './query.ts'
import { table } from './table.ts'

const milliseconds = 1_000
const noBackup = 'No backup was made here yet'
const noTest = 'No restore was tested here yet'
const kind = ['kind'] as const
const daily = { kind: matches('database|redis') }

export const backups = row('Are there backups?', [
  table({
    title: 'The newest backups, by kind and place',
    description:
      'The newest backup of each kind that is complete and was verified: on the disk (local) and in the bucket (remote). Database and Redis are saved daily, files weekly, the configuration monthly; an alert fires for each that is too old.',
    width: 12,
    rows: { kind: { title: 'Kind', opens: drawnOn('jobs', backupMissing) }, place: 'Place' },
    columns: [
      {
        title: 'Made',
        expr: mul(max(instant(backupNewest), ['kind', 'place']), milliseconds),
        unit: 'timeAgo',
        emptyWhen: noBackup,
      },
      {
        title: 'Copies',
        expr: max(instant(backupCopies), ['kind', 'place']),
        unit: 'count',
        decimals: 0,
        base: 'bad',
        steps: [{ from: 1, is: 'muted' }],
        emptyWhen: noBackup,
      },
    ],
    sortBy: 'Kind',
  }),
  table({
    title: 'How large they are, and how long they took',
    description: `The newest backup of each kind, compressed and encrypted, beside the median of up to seven before it. Below ${boundary(backupTooSmall) * 100}% of that something is missing, and an alert fires.`,
    width: 12,
    rows: { kind: { title: 'Kind', opens: drawnOn('jobs', backupTooSmall) } },
    columns: [
      { title: 'Size', expr: max(instant(backupSize), kind), unit: 'bytes', emptyWhen: noBackup },
      {
        title: 'Usual size',
        expr: max(instant(backupUsualSize), kind),
        unit: 'bytes',
        emptyWhen: 'There is one backup of each kind at most',
      },
      {
        title: 'Of usual',
        expr: max(div(instant(backupSize), instant(backupUsualSize)), kind),
        unit: 'share',
        decimals: 0,
        base: 'bad',
        steps: [{ from: boundary(backupTooSmall), is: 'good' }],
        emptyWhen: 'There is one backup of each kind at most',
      },
      { title: 'Took', expr: max(instant(backupDuration), kind), unit: 'seconds', decimals: 1, emptyWhen: noBackup },
    ],
    sortBy: 'Size',
  }),
  timeseries({
    title: 'Age of what is saved daily',
    description:
      'How old the data in the newest backup is: what a loss at that moment would have cost. It falls to nothing with every backup; a line that climbs on is one that did not come.',
    unit: 'seconds',
    min: 0,
    queries: [
      series(
        secondsSince(max(instant(backupNewest.where(daily)), ['kind', 'place'])),
        ({ label }) => `${label('kind')} ${label('place')}`,
        { emptyWhen: noBackup },
      ),
    ],
    limits: [{ from: boundary(backupStale), is: 'warning' }],
    reaches: [0, boundary(backupStale)],
  }),
  timeseries({
    title: 'Size of backups',
    description:
      'The newest backup of each kind, compressed and encrypted. A step down is data that is no longer there.',
    unit: 'bytes',
    min: 0,
    queries: [series(max(instant(backupSize), kind), ({ label }) => label('kind'), { emptyWhen: noBackup })],
  }),
])

export const restores = row('Could they be restored?', [
  stat({
    title: 'Restore tested',
    description: `How long ago a backup was restored and found to be whole. After ${boundary(restoreUntested) / 86_400} days an alert fires: nobody knows whether one can be.`,
    width: 6,
    height: 6,
    unit: 'seconds',
    decimals: 1,
    queries: [
      series(secondsSince(max(instant(jobLastSuccess.where({ job_name: 'restore-test' })))), '', { emptyWhen: noTest }),
    ],
    steps: [{ from: boundary(restoreUntested), is: 'bad' }],
  }),
  stat({
    title: 'Newest reservation in it',
    description:
      'How old the newest reservation in the restored database was when it was asked. Much older than the backup itself, the backup lacks what was booked last.',
    width: 6,
    height: 6,
    unit: 'seconds',
    decimals: 1,
    queries: [series(max(instant(restoreTestNewestReservationAge)), '', { emptyWhen: noTest })],
  }),
  table({
    title: 'What a recovery would take, and cost',
    description:
      'As the last test measured it: the time until what was restored was back and checked (RTO), and how old its data was (RPO).',
    width: 12,
    height: 6,
    rows: { kind: 'Kind' },
    columns: [
      {
        title: 'Time to restore (RTO)',
        expr: max(instant(restoreTestDuration), kind),
        unit: 'seconds',
        decimals: 1,
        emptyWhen: noTest,
      },
      {
        title: 'Age of data (RPO)',
        expr: max(instant(restoreTestDataAge), kind),
        unit: 'seconds',
        decimals: 1,
        emptyWhen: noTest,
      },
      {
        title: 'Backup of',
        expr: mul(max(instant(restoreTestBackupMoment), kind), milliseconds),
        unit: 'timeAgo',
        emptyWhen: noTest,
      },
    ],
    sortBy: 'Kind',
  }),
  table({
    title: 'What was not as it was saved',
    description:
      'Differences between what was restored and its manifest, by what differs. The record of the test names each: the table, the constraint, the index, the file.',
    width: 12,
    height: 7,
    rows: { kind: { title: 'Kind', opens: drawnOn('jobs', restoreTestFaulty) }, fault: 'What' },
    columns: [
      {
        title: 'Faults',
        expr: max(instant(restoreTestFaults), ['kind', 'fault']),
        unit: 'count',
        decimals: 0,
        steps: [{ from: 1, is: 'bad' }],
        emptyWhen: noTest,
      },
    ],
    sortBy: 'Faults',
  }),
  timeseries({
    title: 'Time to restore',
    description:
      'How long each test took, by kind (RTO). It grows with the data: this is what an outage would last at least.',
    height: 7,
    unit: 'seconds',
    min: 0,
    queries: [series(max(instant(restoreTestDuration), kind), ({ label }) => label('kind'), { emptyWhen: noTest })],
  }),
])
