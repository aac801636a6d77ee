import { boundary } from '../alerts/alert.ts'
import { postgresDeadRows } from '../alerts/postgres/tables.ts'
import {
  postgresMultixactAgeHigh,
  postgresMultixactWraparound,
  postgresXidAgeHigh,
  postgresXidWraparound,
} from '../alerts/postgres/wraparound.ts'
import { autovacuumStart } from '../exporters/postgres/autovacuum.ts'
import { indexBloat, tableBloat } from '../exporters/postgres/bloat.ts'
import { tableDeadRows } from '../exporters/postgres/tables.ts'
import { oldestTransaction } from '../exporters/postgres/transactions.ts'
import { vacuumPhase } from '../exporters/postgres/vacuum-progress.ts'
import { multixactAge, transactionAge } from '../exporters/postgres/wraparound.ts'
import { div, gt, instant, max, secondsSince, sum } from '../metrics/promql.ts'
import { row } from './dashboard.ts'
import { most } from './most.ts'
import { timeseries } from './panel.ts'
import { chosen, nameOf, oneTable, openTable, rows } from './postgres-tables.ts'
import { series } from './query.ts'
import { table } from './table.ts'
import { postgresServer } from './variables.ts'

const here = { instance: postgresServer.selected }
/** Fewer rows than this are cheap to read, dead or not. */
const many = 1_000
const deadShare = max(div(instant(tableDeadRows.where(chosen)), gt(rows, many)), oneTable)

export const vacuumRow = row('Does vacuum keep up?', [
  timeseries({
    title: 'Dead rows',
    description:
      'Share of the rows that nobody sees any more, of the ten chosen tables with the largest in the shown range. It falls at each vacuum; one that only rises is held back: look for an old transaction.',
    width: 8,
    finest: '1m',
    unit: 'share',
    min: 0,
    queries: [
      series(most(10, deadShare), nameOf, { emptyWhen: `No table has ${many} rows, or the server was not scraped` }),
    ],
    limits: [{ from: boundary(postgresDeadRows), is: 'warning' }],
  }),
  timeseries({
    title: 'Oldest transaction',
    description:
      'How long the oldest open transaction is open. Vacuum removes no row that died since then, in any table: end it, and vacuum works again.',
    width: 8,
    unit: 'seconds',
    min: 0,
    queries: [series(max(instant(oldestTransaction.where(here))), 'open for')],
  }),
  table({
    title: 'At work now',
    description: 'Tables that are being vacuumed, and where each vacuum is.',
    width: 8,
    height: 8,
    rows: {
      relname: { title: 'Table', width: 160, opens: openTable },
      datname: { title: 'Database', width: 90 },
      phase: 'Phase',
    },
    columns: [
      {
        title: 'At work',
        expr: gt(max(instant(vacuumPhase.where(here)), ['datname', 'relname', 'phase']), 0),
        unit: 'plain',
        names: { 1: { text: 'NOW', is: 'neutral' } },
        emptyWhen: 'No table is being vacuumed, or the server was not scraped',
      },
    ],
    sortBy: 'Table',
  }),
  timeseries({
    title: 'Autovacuum of a table',
    description:
      'How long each autovacuum has been at work. Hours on one table: it waits for its turn of cost, or several large tables want it at once (autovacuum_max_workers).',
    width: 8,
    unit: 'seconds',
    min: 0,
    queries: [
      series(secondsSince(max(instant(autovacuumStart.where(here)), ['relname'])), ({ label }) => label('relname'), {
        emptyWhen: 'No autovacuum was at work, or the server was not scraped',
      }),
    ],
  }),
  timeseries({
    title: 'Space that a rewrite would free',
    description:
      'Estimated bloat of the ten chosen tables with most in the shown range. Vacuum makes room for new rows and gives nothing back: pg_repack, or VACUUM FULL in a maintenance window.',
    width: 8,
    finest: '1m',
    unit: 'bytes',
    min: 0,
    queries: [
      series(most(10, sum(instant(tableBloat.where(chosen)), oneTable)), nameOf, {
        emptyWhen: 'No table was analyzed yet, or the server was not scraped',
      }),
    ],
  }),
  timeseries({
    title: 'Space that a rebuild would free',
    description:
      'Estimated bloat of the indexes of a chosen table, of the ten with most in the shown range: REINDEX INDEX CONCURRENTLY.',
    width: 8,
    finest: '1m',
    unit: 'bytes',
    min: 0,
    queries: [
      series(most(10, sum(instant(indexBloat.where(chosen)), oneTable)), nameOf, {
        emptyWhen: 'No table was analyzed yet, or the server was not scraped',
      }),
    ],
  }),
])

export const wraparoundRow = row('How far is wraparound?', [
  timeseries({
    title: 'Age of transactions',
    description:
      'Transactions since the oldest row that is not frozen, by database. At 2.1 thousand million the server takes no more writes. It falls whenever vacuum freezes.',
    unit: 'count',
    min: 0,
    queries: [series(max(instant(transactionAge.where(here)), ['datname']), ({ label }) => label('datname'))],
    limits: [
      { from: boundary(postgresXidAgeHigh), is: 'warning' },
      { from: boundary(postgresXidWraparound), is: 'bad' },
    ],
  }),
  timeseries({
    title: 'Age of multixacts',
    description:
      'Shared row locks since the oldest that is kept, by database. Foreign keys make them. At 2.1 thousand million no more rows can be locked.',
    unit: 'count',
    min: 0,
    queries: [series(max(instant(multixactAge.where(here)), ['datname']), ({ label }) => label('datname'))],
    limits: [
      { from: boundary(postgresMultixactAgeHigh), is: 'warning' },
      { from: boundary(postgresMultixactWraparound), is: 'bad' },
    ],
  }),
])
