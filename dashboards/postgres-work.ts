import { buffersAllocated, buffersCheckpointed, buffersCleaned } from '../exporters/postgres/background-writer.ts'
import {
  databaseBlocksHit,
  databaseBlocksRead,
  databaseCommits,
  databaseDeadlocks,
  databaseRollbacks,
  databaseRowsDeleted,
  databaseRowsFetched,
  databaseRowsInserted,
  databaseRowsUpdated,
  databaseTempBytes,
} from '../exporters/postgres/databases.ts'
import { not } from '../metrics/metric.ts'
import { add, type Expr, rate, sum } from '../metrics/promql.ts'
import { share } from '../metrics/share.ts'
import { row } from './dashboard.ts'
import { timeseries } from './panel.ts'
import { series } from './query.ts'
import { postgresServer } from './variables.ts'

const here = { instance: postgresServer.selected }
const window = '$__rate_interval'
// Databases without a name are the server's own, and templates hold no data.
const named = { ...here, datname: not('') }

const hit = sum(rate(databaseBlocksHit.where(here), window))
/** The share of blocks that did not have to be read. */
export const cacheHits: Expr = share(hit, add(hit, sum(rate(databaseBlocksRead.where(here), window))))

export const workRow = row('What does it do?', [
  timeseries({
    title: 'Transactions by database',
    description: 'Committed per second.',
    width: 8,
    unit: 'perSecond',
    min: 0,
    queries: [series(sum(rate(databaseCommits.where(named), window), ['datname']), ({ label }) => label('datname'))],
  }),
  timeseries({
    title: 'Rolled back and deadlocked',
    description:
      'Transactions per second that came to nothing. Deadlocks are a fault of the application: it takes locks in changing order.',
    width: 8,
    unit: 'perSecond',
    min: 0,
    queries: [
      series(sum(rate(databaseRollbacks.where(here), window)), 'rolled back'),
      series(sum(rate(databaseDeadlocks.where(here), window)), 'deadlocks'),
    ],
    colours: { 'rolled back': 'notice', deadlocks: 'bad' },
  }),
  timeseries({
    title: 'Rows',
    description: 'Rows per second that queries fetched through indexes, and changed.',
    width: 8,
    unit: 'perSecond',
    min: 0,
    queries: [
      series(sum(rate(databaseRowsFetched.where(here), window)), 'fetched'),
      series(sum(rate(databaseRowsInserted.where(here), window)), 'inserted'),
      series(sum(rate(databaseRowsUpdated.where(here), window)), 'updated'),
      series(sum(rate(databaseRowsDeleted.where(here), window)), 'deleted'),
    ],
  }),
  timeseries({
    title: 'Found in the cache',
    description: 'Share of blocks that were in shared_buffers. The rest came from the system: its cache or the disk.',
    width: 8,
    unit: 'share',
    max: 1,
    queries: [series(cacheHits, 'found')],
  }),
  timeseries({
    title: 'Written to temporary files',
    description: 'Bytes per second of sorts and joins that did not fit into work_mem.',
    width: 8,
    unit: 'bytesPerSecond',
    min: 0,
    queries: [series(sum(rate(databaseTempBytes.where(here), window)), 'written')],
    reaches: [0, 1000],
  }),
  timeseries({
    title: 'Blocks of the cache',
    description:
      'Blocks per second that were taken for something else, and that were written back: by the background writer, which is gentle, and by checkpoints. Many taken and none written back gently: sessions have to write themselves.',
    width: 8,
    unit: 'perSecond',
    min: 0,
    queries: [
      series(sum(rate(buffersAllocated.where(here), window)), 'taken'),
      series(sum(rate(buffersCleaned.where(here), window)), 'written gently'),
      series(sum(rate(buffersCheckpointed.where(here), window)), 'written by checkpoints'),
    ],
  }),
])
