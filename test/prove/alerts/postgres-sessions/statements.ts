import { postgresCacheHitRatioLow } from '../../../../alerts/postgres/databases.ts'
import {
  postgresSlowStatement,
  postgresStatementDominates,
  postgresStatementsForgotten,
} from '../../../../alerts/postgres/statements.ts'
import type { Provocation } from '../provocation.ts'
import { ask, misconduct } from './application.ts'

/** Less than what is read over and over. */
export const cacheSettings = { shared_buffers: '4MB' } as const

/** 25 MB: a row takes half a block. */
export const visitsSql = [
  'create table visits (id int primary key, note text)',
  'alter table visits alter note set storage plain',
  "insert into visits select n, repeat('x', 3900) from generate_series(1, 6400) n",
] as const

/** What single statements do, in a database of their own. */
export const statementFaults = (instance: string, url: string, database: string): readonly Provocation[] => [
  misconduct({
    fault: 'a statement that takes a second and a half, over and over',
    url,
    application: 'slow-page',
    database,
    fires: [{ alert: postgresSlowStatement, labels: { instance, datname: database } }],
    bring: ({ repeat }) => repeat(1, (session) => session.query('select id, pg_sleep(1.5) from visits where id = 1')),
  }),
  misconduct({
    fault: 'ten sessions ask for row after row, a tenth of a second each',
    url,
    application: 'row-by-row',
    database,
    fires: [{ alert: postgresStatementDominates, labels: { instance, datname: database } }],
    bring: ({ repeat }) =>
      repeat(10, (session) => session.query('select id, note, pg_sleep(0.1) from visits where id = 1')),
  }),
]

export const cacheFaults = (instance: string, url: string, database: string): readonly Provocation[] => [
  misconduct({
    fault: 'a table six times as large as the cache is read as a whole, several times a second',
    url,
    application: 'scanning',
    database,
    fires: [{ alert: postgresCacheHitRatioLow, labels: { instance, datname: database } }],
    bring: ({ repeat }) => repeat(1, (session) => session.query('select count(*) from visits; select pg_sleep(0.5)')),
  }),
]

/** How many statements a server keeps. */
const kept = 500
export const statementSettings = { 'pg_stat_statements.max': String(kept) } as const

/** Tables made for a moment: each time they are new statements. */
const moments = Array.from({ length: kept }, (_, n) => `create temp table guests_of_moment_${n} ()`)

export const forgottenFaults = (instance: string, url: string): readonly Provocation[] => {
  const fault = misconduct({
    fault: 'more distinct statements than pg_stat_statements keeps',
    url,
    application: 'moments',
    fires: [{ alert: postgresStatementsForgotten, labels: { instance } }],
    bring: async ({ open }) => {
      const session = await open()
      for (const moment of moments) await session.query(moment)
    },
  })
  const end = async () => {
    await fault.end()
    await ask(url, 'select pg_stat_statements_reset()')
  }
  return [{ ...fault, end }]
}
