import { boundary } from '../alerts/alert.ts'
import { postgresSlowStatement } from '../alerts/postgres/statements.ts'
import { allStatementCalls, allStatementSeconds } from '../exporters/postgres/statement-totals.ts'
import { statementCalls, statementInfo, statementRows, statementSeconds } from '../exporters/postgres/statements.ts'
import { remainder } from '../exporters/reading.ts'
import { not } from '../metrics/metric.ts'
import { and, div, type Expr, gt, increase, instant, labelReplace, max, mul, or, rate, sum } from '../metrics/promql.ts'
import type { Step } from './colour.ts'
import { row } from './dashboard.ts'
import { most } from './most.ts'
import { timeseries } from './panel.ts'
import { series } from './query.ts'
import { table } from './table.ts'
import { uids } from './uids.ts'
import { postgresServer, statement } from './variables.ts'

const here = { instance: postgresServer.selected }
const window = '$__rate_interval'
// The remainder is no statement, and falls when one of them grows.
const each = { ...here, queryid: not(remainder) }
const by = ['user', 'datname', 'queryid'] as const
const slow: readonly Step[] = [{ from: boundary(postgresSlowStatement), is: 'bad' }]

type Statement = (typeof by)[number]

/** With its text. The server may have lost it: a statement without one is shown all the same. */
const withText = (vector: Expr<Statement>): Expr<Statement | 'query'> =>
  or(
    mul(vector, max(instant(statementInfo.where(here)), ['queryid', 'query']), {
      on: ['queryid'],
      groupLeft: ['query'],
    }),
    labelReplace(vector, 'query', '(text unknown)', 'queryid', '.*'),
    { on: by },
  )

const over = (what: typeof statementCalls) => sum(increase(what.where(each), '$__range'), by)
/** Without statements that were not called: their mean is none. */
const calls = gt(over(statementCalls), 0)

const opens = { uid: uids.postgresQueries, choose: { queryid: statement } } as const
const one = ['queryid'] as const
/** Of each of those that are chosen. Whether it is, its text says: a matcher of its own keeps the remainder out. */
const rateOf = (what: typeof statementCalls) =>
  and(
    sum(rate(what.where(each), window), one),
    max(instant(statementInfo.where({ ...here, queryid: statement.selected })), one),
  )

export const statementRow = row('Which statements are slow?', [
  timeseries({
    title: 'Time spent in statements',
    description:
      'Seconds of work per second, all statements together. 2 means that two sessions are busy all the time.',
    width: 8,
    unit: 'plain',
    min: 0,
    queries: [series(sum(rate(allStatementSeconds.where(here), window)), 'seconds per second')],
  }),
  timeseries({
    title: 'Mean time of a statement',
    description:
      'Over all statements. When it rises and the calls do not, something got slower: the table below says what.',
    width: 8,
    unit: 'seconds',
    min: 0,
    queries: [
      series(
        div(sum(rate(allStatementSeconds.where(here), window)), sum(rate(allStatementCalls.where(here), window))),
        'mean',
      ),
    ],
  }),
  timeseries({
    title: 'Statements',
    description: 'Statements executed per second.',
    width: 8,
    unit: 'perSecond',
    min: 0,
    queries: [series(sum(rate(allStatementCalls.where(here), window)), 'statements')],
  }),
  table({
    title: 'Statements by total time',
    description: `What each statement cost over the shown range, the costliest first; literals are left out of its text. A click on one shows how it went, below. Red: slower on average than ${boundary(postgresSlowStatement)} s, where an alert fires. EXPLAIN (ANALYZE, BUFFERS) says why.`,
    height: 11,
    rows: {
      query: { title: 'Statement', width: 640, opens },
      user: { title: 'User', width: 160 },
      datname: { title: 'Database', width: 120 },
      queryid: { title: 'Query id', width: 200, opens },
    },
    columns: [
      { title: 'Total time', expr: withText(over(statementSeconds)), unit: 'seconds' },
      { title: 'Mean time', expr: withText(div(over(statementSeconds), calls)), unit: 'seconds', steps: slow },
      { title: 'Calls', expr: withText(calls), unit: 'count', decimals: 0 },
      { title: 'Rows per call', expr: withText(div(over(statementRows), calls)), unit: 'count', decimals: 1 },
    ],
    sortBy: 'Total time',
  }),
  timeseries({
    title: 'Mean time of the chosen statements',
    description:
      'The ten slowest in the shown range of those chosen in the head, or by a click on one in the table above. A step up is a plan that changed, or a table that grew.',
    finest: '1m',
    unit: 'seconds',
    min: 0,
    queries: [
      series(most(10, div(rateOf(statementSeconds), gt(rateOf(statementCalls), 0))), ({ label }) => label('queryid')),
    ],
    limits: slow,
  }),
  timeseries({
    title: 'Calls of the chosen statements',
    description:
      'Per second, of the ten of them that are called most in the shown range. Many more than users are: it is asked in a loop.',
    finest: '1m',
    unit: 'perSecond',
    min: 0,
    queries: [series(most(10, rateOf(statementCalls)), ({ label }) => label('queryid'))],
  }),
])
