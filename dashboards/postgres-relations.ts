import { indexesUnused, indexesUnusedSize, indexScans, indexSize } from '../exporters/postgres/indexes.ts'
import {
  tableDeadRows,
  tableIndexScans,
  tableIndexSize,
  tableLastAutovacuum,
  tableLiveRows,
  tableSeqScans,
  tableSize,
} from '../exporters/postgres/tables.ts'
import { add, and, div, eq, gt, increase, instant, max, mul, rate, sum } from '../metrics/promql.ts'
import { row } from './dashboard.ts'
import { most } from './most.ts'
import { stat, timeseries } from './panel.ts'
import { chosen, each, nameOf, oneTable, openTable, rows } from './postgres-tables.ts'
import { series } from './query.ts'
import { table } from './table.ts'
import { postgresServer } from './variables.ts'

const here = { instance: postgresServer.selected }
const window = '$__rate_interval'

export const tableRow = row('Which tables grow, and which are not looked after?', [
  table({
    title: 'Tables',
    description:
      'The largest tables; a click on one shows its charts. Many dead rows: vacuum does not keep up, and scans read what nobody sees. Many sequential scans of a large table: an index may be missing.',
    width: 16,
    height: 10,
    rows: {
      relname: { title: 'Table', width: 180, opens: openTable },
      schemaname: { title: 'Schema', width: 90 },
      datname: { title: 'Database', width: 90 },
    },
    columns: [
      { title: 'Size', expr: sum(instant(tableSize.where(each)), oneTable), unit: 'bytes' },
      { title: 'Indexes', expr: sum(instant(tableIndexSize.where(each)), oneTable), unit: 'bytes' },
      { title: 'Rows', expr: sum(instant(tableLiveRows.where(each)), oneTable), unit: 'count' },
      {
        title: 'Dead',
        expr: max(div(instant(tableDeadRows.where(each)), gt(rows, 0)), oneTable),
        unit: 'share',
        decimals: 1,
        steps: [{ from: 0.2, is: 'warning' }],
      },
      {
        title: 'Seq. scans',
        expr: sum(increase(tableSeqScans.where(each), '$__range'), oneTable),
        unit: 'count',
        decimals: 0,
      },
      {
        title: 'Index scans',
        expr: sum(increase(tableIndexScans.where(each), '$__range'), oneTable),
        unit: 'count',
        decimals: 0,
      },
      {
        title: 'Autovacuum',
        // In milliseconds, as Grafana reads a time.
        // 0 is a table that was never vacuumed.
        expr: mul(max(gt(instant(tableLastAutovacuum.where(each)), 0), oneTable), 1000),
        unit: 'timeAgo',
        emptyWhen: 'No table has been vacuumed by the daemon yet, or the server was not scraped',
      },
    ],
    sortBy: 'Size',
  }),
  timeseries({
    title: 'Size by table',
    description: 'Disk space of the ten chosen tables that are largest in the shown range, with their indexes.',
    width: 8,
    height: 10,
    finest: '1m',
    unit: 'bytes',
    min: 0,
    queries: [
      series(
        most(10, sum(add(instant(tableSize.where(chosen)), instant(tableIndexSize.where(chosen))), oneTable)),
        nameOf,
      ),
    ],
  }),
])

const oneIndex = [...oneTable, 'indexrelname'] as const
// Those that back a constraint, and keep something true unread, can't be dropped.
const dispensable = { ...each, constraint: 'none' }

export const indexRow = row('Which indexes are not worth their upkeep?', [
  stat({
    title: 'Never read',
    description: 'Indexes that back no constraint and were not read since the statistics of the database began.',
    width: 3,
    height: 8,
    unit: 'count',
    queries: [series(sum(instant(indexesUnused.where({ ...here, constraint: 'none' }))), '')],
  }),
  stat({
    title: 'Their size',
    description: 'Disk space of those indexes. Each is written with every change of its table, for nobody.',
    width: 3,
    height: 8,
    unit: 'bytes',
    queries: [series(sum(instant(indexesUnusedSize.where({ ...here, constraint: 'none' }))), '')],
  }),
  table({
    title: 'Not read in this range',
    description:
      'Indexes that back no constraint and that no query read in the shown range. Look at a whole month, and at replicas, before DROP INDEX CONCURRENTLY.',
    width: 10,
    height: 8,
    rows: {
      indexrelname: { title: 'Index', width: 240 },
      relname: { title: 'Table', width: 140, opens: openTable },
      schemaname: { title: 'Schema', width: 80 },
      datname: { title: 'Database', width: 90 },
    },
    columns: [
      {
        title: 'Size',
        expr: and(
          sum(instant(indexSize.where(dispensable)), oneIndex),
          eq(sum(increase(indexScans.where(dispensable), '$__range'), oneIndex), 0),
        ),
        unit: 'bytes',
        emptyWhen: 'Every index was read, or the server was not scraped',
      },
    ],
    sortBy: 'Size',
  }),
  timeseries({
    title: 'Index scans',
    description: 'Scans per second of the indexes of the ten chosen tables that are searched most in the shown range.',
    width: 8,
    height: 8,
    finest: '1m',
    unit: 'perSecond',
    min: 0,
    queries: [series(most(10, sum(rate(indexScans.where(chosen), window), oneTable)), nameOf)],
  }),
])
