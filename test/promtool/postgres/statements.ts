import {
  postgresSlowStatement,
  postgresStatementDominates,
  postgresStatementsForgotten,
} from '../../../alerts/postgres/statements.ts'
import { maxStatements } from '../../../exporters/postgres/settings.ts'
import { allStatementSeconds, statementsTracked } from '../../../exporters/postgres/statement-totals.ts'
import { statementCalls, statementSeconds } from '../../../exporters/postgres/statements.ts'
import { remainder } from '../../../exporters/reading.ts'
import type { Case } from '../case.ts'
import { rising, scraped, series } from '../series.ts'

const at = scraped.postgres
const statement = { user: 'techplus', datname: 'techplus', queryid: '-4711' }
const rest = { user: '', datname: '', queryid: remainder }

/** So many calls a minute, each of so many seconds. */
const executed = (calls: number, each: number, labels = statement) => [
  series(statementCalls, 'postgres', rising([[calls, 60]]), labels),
  series(statementSeconds, 'postgres', rising([[calls * each, 60]]), labels),
]

const slow: readonly Case[] = [
  {
    name: 'a statement that takes more than a second, six times a minute, is told with its id',
    about: postgresSlowStatement,
    series: [...executed(6, 1.2), ...executed(600, 0.01, { ...statement, queryid: '815' })],
    at: '20m',
    fires: [{ rule: postgresSlowStatement, labels: { ...at, ...statement }, value: '1.2s' }],
  },
  {
    name: 'a statement that takes nearly a second is not told, however often it runs',
    about: postgresSlowStatement,
    series: executed(600, 0.95),
    at: '20m',
    fires: [],
  },
  {
    name: 'a slow statement that hardly ever runs is not told',
    about: postgresSlowStatement,
    series: executed(1, 4),
    at: '20m',
    fires: [],
  },
  {
    name: 'a report that takes ten minutes once is not told',
    about: postgresSlowStatement,
    series: [
      series(statementCalls, 'postgres', '1x10 2x30', statement),
      series(statementSeconds, 'postgres', '600x10 1200x30', statement),
    ],
    at: '14m',
    fires: [],
  },
  {
    name: 'a statement that was slow half an hour ago is not told',
    about: postgresSlowStatement,
    series: [
      series(
        statementCalls,
        'postgres',
        rising([
          [30, 20],
          [1, 60],
        ]),
        statement,
      ),
      series(
        statementSeconds,
        'postgres',
        rising([
          [60, 20],
          [2, 60],
        ]),
        statement,
      ),
    ],
    at: '45m',
    fires: [],
  },
  {
    name: 'a statement that is not called takes no time',
    about: postgresSlowStatement,
    series: executed(0, 3),
    at: '20m',
    fires: [],
  },
  {
    name: 'the statements summed as the remainder are not told: there is none to mend',
    about: postgresSlowStatement,
    series: executed(30, 2, rest),
    at: '20m',
    fires: [],
  },
]

/** Calls of 0.8 s, beside others that take so many seconds of a minute. */
const among = (calls: number, others: number, labels = statement) => ({
  about: postgresStatementDominates,
  series: [
    ...executed(calls, 0.8, labels),
    ...executed(60, others / 60, { ...statement, queryid: '815' }),
    series(allStatementSeconds, 'postgres', rising([[calls * 0.8 + others, 60]])),
  ],
  at: '40m' as const,
})

const dominating: readonly Case[] = [
  {
    name: 'a statement that is not slow but called so often that it takes most of the time is told with its share',
    ...among(112.5, 30),
    fires: [{ rule: postgresStatementDominates, labels: { ...at, ...statement }, value: '75%' }],
  },
  { name: 'two statements that take half of the time each are not told', ...among(112.5, 90), fires: [] },
  { name: 'most of little is no load', ...among(62.5, 5), fires: [] },
  { name: 'a load is not told within a quarter of an hour', ...among(112.5, 30), at: '20m', fires: [] },
  { name: 'the remainder is no statement that could dominate', ...among(112.5, 30, rest), fires: [] },
  {
    name: 'a slow statement is told as slow, not as called too often',
    about: postgresStatementDominates,
    series: [...executed(75, 1.2), series(allStatementSeconds, 'postgres', rising([[100, 60]]))],
    at: '40m',
    fires: [],
  },
]

const held = (values: string) => ({
  about: postgresStatementsForgotten,
  series: [series(statementsTracked, 'postgres', values), series(maxStatements, 'postgres', '5000x100')],
})

const forgotten: readonly Case[] = [
  {
    name: 'pg_stat_statements that is full again and again is told, also just after it forgot some',
    ...held(Array(20).fill('4700 4800 4900 5000').join(' ')),
    at: '60m',
    fires: [{ rule: postgresStatementsForgotten, labels: at, value: '100%' }],
  },
  {
    name: 'pg_stat_statements that was full and was emptied is not told',
    ...held('5000x30 100x70'),
    at: '80m',
    fires: [],
  },
  { name: 'pg_stat_statements with room left is not told', ...held('4740x100'), at: '90m', fires: [] },
  { name: 'pg_stat_statements that became full just now is not told', ...held('100x30 5000x70'), at: '55m', fires: [] },
]

export const statementCases: readonly Case[] = [...slow, ...dominating, ...forgotten]
