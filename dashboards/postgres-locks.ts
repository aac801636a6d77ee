import { boundary } from '../alerts/alert.ts'
import { postgresSessionsBlocked } from '../alerts/postgres/locks.ts'
import {
  blockedLongest,
  blockedSessions,
  blockerLongest,
  blockerProcess,
  blockerSessions,
  blockerTransaction,
} from '../exporters/postgres/blockers.ts'
import { databaseDeadlocks } from '../exporters/postgres/databases.ts'
import { locksHeld } from '../exporters/postgres/locks.ts'
import { preparedOldest } from '../exporters/postgres/prepared-transactions.ts'
import { remainder } from '../exporters/reading.ts'
import { not } from '../metrics/metric.ts'
import { gt, instant, max, sum } from '../metrics/promql.ts'
import { row } from './dashboard.ts'
import { timeseries } from './panel.ts'
import { perMinute } from './per-minute.ts'
import { series } from './query.ts'
import { table } from './table.ts'
import { uids } from './uids.ts'
import { postgresServer, statement } from './variables.ts'

const here = { instance: postgresServer.selected }
const one = { ...here, queryid: not(remainder) }
const whose = ['datname', 'usename', 'application_name', 'state', 'queryid'] as const
const nobody = { emptyWhen: 'Nobody waits for anybody, or the server was not scraped' } as const

export const lockRow = row('Who waits for whom?', [
  timeseries({
    title: 'Sessions that wait for a lock',
    description:
      'By database. A few for a moment are usual; a number that stays has one cause: the table below names it.',
    width: 12,
    height: 7,
    unit: 'count',
    min: 0,
    queries: [series(sum(instant(blockedSessions.where(here)), ['datname']), ({ label }) => label('datname'))],
  }),
  timeseries({
    title: 'Longest wait',
    description:
      'How long the session has waited that waits longest. Beyond the line somebody is told who holds it up.',
    width: 12,
    height: 7,
    unit: 'seconds',
    min: 0,
    queries: [series(max(instant(blockedLongest.where(here)), ['datname']), ({ label }) => label('datname'))],
    limits: [{ from: boundary(postgresSessionsBlocked), is: 'bad' }],
  }),
  table({
    title: 'Who holds up others',
    description:
      'Sessions that others wait for, and that wait for nobody. `idle in transaction`: its client forgot it. The process is what pg_terminate_backend() ends.',
    width: 24,
    height: 6,
    rows: {
      application_name: { title: 'Application', width: 240 },
      usename: { title: 'User', width: 180 },
      datname: { title: 'Database', width: 140 },
      state: { title: 'State', width: 200 },
      queryid: { title: 'Query id', width: 220, opens: { uid: uids.postgresQueries, choose: { queryid: statement } } },
    },
    columns: [
      { title: 'Waiting', expr: sum(instant(blockerSessions.where(one)), whose), unit: 'count', ...nobody },
      { title: 'Longest', expr: max(instant(blockerLongest.where(one)), whose), unit: 'seconds', ...nobody },
      { title: 'Transaction', expr: max(instant(blockerTransaction.where(one)), whose), unit: 'seconds', ...nobody },
      { title: 'Process', expr: max(instant(blockerProcess.where(one)), whose), unit: 'plain', decimals: 0, ...nobody },
    ],
    sortBy: 'Waiting',
  }),
  timeseries({
    title: 'Locks by mode',
    description:
      'Locks that are held or waited for. AccessExclusiveLock, as ALTER TABLE and VACUUM FULL take it, shuts everybody else out.',
    width: 8,
    unit: 'count',
    min: 0,
    queries: [
      series(gt(sum(instant(locksHeld.where(here)), ['mode']), 0), ({ label }) => label('mode'), {
        emptyWhen: 'No lock was held, or the server was not scraped',
      }),
    ],
    colours: { accessexclusivelock: 'bad' },
  }),
  timeseries({
    title: 'Deadlocks',
    description:
      'Per minute: transactions that the server ended because they waited for each other. The log names both statements of each: take locks in one order.',
    width: 8,
    unit: 'perMinute',
    min: 0,
    queries: [
      series(perMinute(databaseDeadlocks.where({ ...here, datname: not('') }), ['datname']), ({ label }) =>
        label('datname'),
      ),
    ],
  }),
  timeseries({
    title: 'Prepared and not ended',
    description:
      'Age of the oldest transaction that was prepared for a commit in two phases, by database; 0 where there is none. It holds its locks over restarts: COMMIT PREPARED or ROLLBACK PREPARED.',
    width: 8,
    unit: 'seconds',
    min: 0,
    queries: [series(max(instant(preparedOldest.where(here)), ['datname']), ({ label }) => label('datname'))],
  }),
])
