import { boundary } from '../alerts/alert.ts'
import { postgresSequenceNearEnd } from '../alerts/postgres/capacity.ts'
import { postgresReplicationBytes, postgresReplicationLag } from '../alerts/postgres/replication.ts'
import { postgresSlotRetainsWal } from '../alerts/postgres/slots.ts'
import { archived, archiveFailures } from '../exporters/postgres/archiver.ts'
import { checkpointsRequested, checkpointsTimed } from '../exporters/postgres/background-writer.ts'
import { replicationLag, standbyLag } from '../exporters/postgres/replication.ts'
import { sequenceUsed } from '../exporters/postgres/sequences.ts'
import { maxWalSize } from '../exporters/postgres/settings.ts'
import { slotRetained } from '../exporters/postgres/slot-health.ts'
import { slotActive } from '../exporters/postgres/slots.ts'
import { walPosition, walSize } from '../exporters/postgres/wal.ts'
import { not } from '../metrics/metric.ts'
import { deriv, instant, max } from '../metrics/promql.ts'
import { row } from './dashboard.ts'
import { most } from './most.ts'
import { timeseries } from './panel.ts'
import { perMinute } from './per-minute.ts'
import { series } from './query.ts'
import { table } from './table.ts'
import { postgresServer } from './variables.ts'

const here = { instance: postgresServer.selected }
const window = '$__rate_interval'

export const walRow = row('Is what is written kept, and in good time?', [
  timeseries({
    title: 'Written to the log',
    description: 'Bytes of write-ahead log per second: what the disk, the archive and every standby have to take.',
    width: 6,
    unit: 'bytesPerSecond',
    min: 0,
    queries: [series(max(deriv(walPosition.where(here), window)), 'written')],
  }),
  timeseries({
    title: 'Size of the log',
    description:
      'Disk space of the write-ahead log. Far above `limit`, from which on a checkpoint is begun: a slot, or an archive that fails, keeps it.',
    width: 6,
    unit: 'bytes',
    min: 0,
    queries: [series(max(instant(walSize.where(here))), 'size'), series(max(instant(maxWalSize.where(here))), 'limit')],
    bounds: ['limit'],
  }),
  timeseries({
    title: 'Checkpoints',
    description:
      'Per minute. More requested ones than timed ones: max_wal_size is too small for what is written, and each costs full pages.',
    width: 6,
    unit: 'perMinute',
    min: 0,
    queries: [
      series(perMinute(checkpointsTimed.where(here)), 'timed'),
      series(perMinute(checkpointsRequested.where(here)), 'requested'),
    ],
    colours: { timed: 'good', requested: 'warning' },
  }),
  timeseries({
    title: 'Archive',
    description:
      'Per minute: files of the log that were archived, and attempts that failed. Both are 0 where no archive is set up. A failure is repeated until it succeeds, and the disk fills meanwhile.',
    width: 6,
    unit: 'perMinute',
    min: 0,
    queries: [
      series(perMinute(archived.where(here)), 'archived'),
      series(perMinute(archiveFailures.where(here)), 'failed'),
    ],
    colours: { archived: 'good', failed: 'bad' },
  }),
])

const noStandby = { emptyWhen: 'It has no standby, or was not scraped' } as const
const noSlot = { emptyWhen: 'It has no replication slot, or was not scraped' } as const
const slot = ['slot_name'] as const

export const replicationRow = row('Do the standbys follow?', [
  timeseries({
    title: 'Behind the primary, in time',
    description: 'On a standby: how old what readers see is. 0 on a primary.',
    width: 6,
    unit: 'seconds',
    min: 0,
    queries: [series(max(instant(replicationLag.where(here))), 'behind')],
    limits: [{ from: boundary(postgresReplicationLag), is: 'bad' }],
  }),
  timeseries({
    title: 'Behind the primary, in bytes',
    description: 'On a primary: the log that each of its standbys has yet to replay.',
    width: 6,
    unit: 'bytes',
    min: 0,
    queries: [
      series(
        // By name alone two would be one: who names no cluster is called `walreceiver`.
        max(instant(standbyLag.where(here)), ['application_name', 'client_addr']),
        ({ label }) => `${label('application_name')} ${label('client_addr')}`,
        noStandby,
      ),
    ],
    limits: [{ from: boundary(postgresReplicationBytes), is: 'warning' }],
  }),
  timeseries({
    title: 'Kept for slots',
    description:
      'Log that the server may not remove because a slot has not read it. One that nobody reads fills the disk.',
    width: 6,
    unit: 'bytes',
    min: 0,
    queries: [series(max(instant(slotRetained.where(here)), slot), ({ label }) => label('slot_name'), noSlot)],
    limits: [{ from: boundary(postgresSlotRetainsWal), is: 'bad' }],
  }),
  table({
    title: 'Replication slots',
    description:
      'Whether somebody reads from each slot. One that is not read, and belongs to nobody any more: pg_drop_replication_slot().',
    width: 6,
    height: 8,
    rows: { slot_name: { title: 'Slot', width: 160 } },
    columns: [
      {
        title: 'Read',
        expr: max(instant(slotActive.where(here)), slot),
        unit: 'plain',
        names: { 1: { text: 'YES', is: 'good' }, 0: { text: 'NO', is: 'bad' } },
        ...noSlot,
      },
      { title: 'Kept', expr: max(instant(slotRetained.where(here)), slot), unit: 'bytes', ...noSlot },
    ],
    sortBy: 'Slot',
  }),
])

export const sequenceRow = row('What runs out of numbers?', [
  timeseries({
    title: 'Given out of a sequence',
    description:
      'Share of its range, or of the column that it fills, of the ten sequences nearest their end in the shown range. At 100% inserts fail: make the column bigint before.',
    width: 24,
    finest: '1m',
    unit: 'share',
    min: 0,
    max: 1,
    queries: [
      series(
        most(
          10,
          max(instant(sequenceUsed.where({ ...here, schemaname: not('') })), ['datname', 'schemaname', 'sequencename']),
        ),
        ({ label }) => `${label('datname')}.${label('schemaname')}.${label('sequencename')}`,
        { emptyWhen: 'There is no sequence, or the server was not scraped' },
      ),
    ],
    limits: [{ from: boundary(postgresSequenceNearEnd), is: 'warning' }],
  }),
])
