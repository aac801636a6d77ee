import { postgresRollbackRatioHigh } from '../../../../alerts/postgres/databases.ts'
import { postgresSessionsBlocked } from '../../../../alerts/postgres/locks.ts'
import { postgresIdleInTransaction, postgresLongTransaction } from '../../../../alerts/postgres/transactions.ts'
import type { Adjustment, Provocation } from '../provocation.ts'
import { ask, misconduct } from './application.ts'

/** Otherwise none can be prepared. */
export const transactionSettings = { max_prepared_transactions: '4' } as const

export const transactionsSql = [
  'create table bookings (id int primary key, guest text)',
  "insert into bookings select n, 'guest ' || n from generate_series(1, 100) n",
] as const

const why = 'sixty times faster'

export const transactionAdjustments: readonly Adjustment[] = [
  { alert: postgresIdleInTransaction, threshold: '5 s', why },
  { alert: postgresLongTransaction, threshold: '15 s', why },
  { alert: postgresSessionsBlocked, threshold: '1 s', why },
]

/** What transactions do that stay open, and those that fail, in a database of their own. */
export const transactionFaults = (instance: string, url: string, database: string): readonly Provocation[] => {
  const by = (application: string) => ({
    instance,
    datname: database,
    usename: 'postgres',
    application_name: application,
  })
  const change = "update bookings set guest = 'nobody' where id = 1"
  const behindPrepared = misconduct({
    fault: 'a transaction that changed a row is left prepared, and a session waits for that row',
    url,
    application: 'coordinator',
    database,
    // No session of anybody: it has no name.
    fires: [{ alert: postgresSessionsBlocked, labels: { instance, datname: database } }],
    bring: async ({ open, run }) => {
      await (await open()).query(`begin; ${change}; prepare transaction 'half'`)
      await run(change)
    },
  })
  return [
    misconduct({
      fault: 'a transaction that changed a row is left open, and another session waits for that row',
      url,
      application: 'forgetful',
      database,
      fires: [
        { alert: postgresIdleInTransaction, labels: by('forgetful') },
        { alert: postgresSessionsBlocked, labels: by('forgetful') },
      ],
      bring: async ({ open, run }) => {
        await (await open()).query(`begin; ${change}`)
        await run(change)
      },
    }),
    {
      ...behindPrepared,
      end: async () => {
        await ask(url, "rollback prepared 'half'", database)
        await behindPrepared.end()
      },
    },
    misconduct({
      fault: 'a report that takes for ever',
      url,
      application: 'endless-report',
      database,
      fires: [{ alert: postgresLongTransaction, labels: by('endless-report') }],
      bring: ({ run }) => run('select count(*), pg_sleep(600) from bookings'),
    }),
    misconduct({
      fault: 'every other statement inserts a booking that is there already',
      url,
      application: 'clashing',
      database,
      fires: [{ alert: postgresRollbackRatioHigh, labels: { instance, datname: database } }],
      bring: ({ repeat }) =>
        repeat(1, async (session) => {
          const [inserted] = await Promise.allSettled([session.query("insert into bookings values (1, 'again')")])
          if (inserted.status === 'fulfilled') throw new Error('the same booking could be inserted twice')
          await session.query('select pg_sleep(0.1)')
        }),
    }),
  ]
}
