import {
  postgresDatabaseSpills,
  postgresQueryFillsDisk,
  postgresStatementSpills,
} from '../../../../alerts/postgres/spill.ts'
import type { Adjustment, Provocation } from '../provocation.ts'
import { misconduct } from './application.ts'

const why = 'the disk of a machine for tests has other things to do than to take gibibytes'

export const spillAdjustments: readonly Adjustment[] = [
  { alert: postgresStatementSpills, threshold: '4 MiB', why },
  { alert: postgresDatabaseSpills, threshold: '16 MiB', numbers: { '> 1073741824': `> ${4 * 2 ** 20}` }, why },
  { alert: postgresQueryFillsDisk, threshold: '16 MiB', why },
]

/** Rows of a hundred bytes and more, which are kept until they are counted; and another statement for every `width`. */
const keeping = (rows: number, width = 1) =>
  `with kept as materialized (select repeat('x', 100) from generate_series(1, ${rows}))
   select ${Array.from({ length: width }, () => 'count(*)').join()} from kept`

const little = "set work_mem = '64kB'"

/** What does not fit into memory, in a database of its own. */
export const spillFaults = (instance: string, url: string, database: string): readonly Provocation[] => [
  misconduct({
    fault: 'a statement that writes two megabytes of temporary files, over and over',
    url,
    application: 'spilling',
    database,
    fires: [{ alert: postgresStatementSpills, labels: { instance, datname: database } }],
    bring: ({ repeat }) => repeat(1, (session) => session.query(`${little}; ${keeping(15_000)}; select pg_sleep(0.5)`)),
  }),
  misconduct({
    fault: 'twelve statements each of which writes a little to temporary files',
    url,
    application: 'dripping',
    database,
    fires: [{ alert: postgresDatabaseSpills, labels: { instance, datname: database } }],
    bring: ({ repeat }) =>
      repeat(1, async (session) => {
        await session.query(little)
        for (let width = 2; width < 14; width += 1) await session.query(keeping(2_000, width))
        await session.query('select pg_sleep(1.3)')
      }),
  }),
  misconduct({
    fault: 'a query that has written 30 MB to temporary files and goes on',
    url,
    application: 'nightly',
    database,
    fires: [
      {
        alert: postgresQueryFillsDisk,
        labels: { instance, datname: database, usename: 'postgres', application_name: 'nightly' },
      },
    ],
    bring: ({ run }) =>
      run(
        "with kept as materialized (select n, repeat('x', 1000) from generate_series(1, 30000) n) select count(*), pg_sleep(600) from kept",
      ),
  }),
]
