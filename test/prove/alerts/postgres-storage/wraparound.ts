import {
  postgresMultixactAgeHigh,
  postgresMultixactWraparound,
  postgresXidAgeHigh,
  postgresXidWraparound,
} from '../../../../alerts/postgres/wraparound.ts'
import type { Adjustment, Provocation } from '../provocation.ts'
import { type Database, until } from './database.ts'

const why = 'a thousand million transactions take days'

export const wraparoundAdjustments: readonly Adjustment[] = [
  { alert: postgresXidAgeHigh, threshold: '5000', numbers: { '<= 1600000000': '<= 20000' }, why },
  { alert: postgresXidWraparound, threshold: '20000', why },
  { alert: postgresMultixactAgeHigh, threshold: '1000', numbers: { '<= 1600000000': '<= 3000' }, why },
  { alert: postgresMultixactWraparound, threshold: '3000', why },
]

const rows = 4000

export const prepareWraparound = (database: Database) =>
  database.run('create table locked (id int primary key)', `insert into locked select generate_series(1, ${rows})`)

const times = (count: number, statement: string) => `
  do $$ begin for i in 1..${count} loop ${statement}; commit; end loop; end $$`

/** Of two transactions that lock a row, another pair each time. */
const burn = async (database: Database, { xids, multixacts }: Readonly<Record<'xids' | 'multixacts', number>>) => {
  await database.run(times(xids, 'perform pg_current_xact_id()'))
  const other = await database.session()
  await other.query('begin; select from locked for share')
  await database.run(times(multixacts, 'perform from locked where id = i for share'))
  await other.end()
}

const burnt = (
  instance: string,
  database: Database,
  {
    fault,
    alerts,
    ...counts
  }: Readonly<Record<'xids' | 'multixacts', number>> & {
    readonly fault: string
    readonly alerts: readonly [Adjustment['alert'], Adjustment['alert']]
  },
) => {
  const expected = (alert: Adjustment['alert']) => ({ alert, labels: { instance, datname: 'postgres' } })
  return until({
    fault,
    fires: [expected(alerts[0]), expected(alerts[1])],
    bring: async () => {
      await burn(database, counts)
      return () => database.run('vacuum (freeze)')
    },
  })
}

export const wraparoundFaults = (instance: string, database: Database): readonly Provocation[] => [
  burnt(instance, database, {
    fault: 'thousands of transactions and of shared row locks, and no vacuum',
    alerts: [postgresXidAgeHigh, postgresMultixactAgeHigh],
    xids: 6000,
    multixacts: 1500,
  }),
  burnt(instance, database, {
    fault: 'some ten thousands of transactions and thousands of shared row locks, and no vacuum',
    alerts: [postgresXidWraparound, postgresMultixactWraparound],
    xids: 20_000,
    multixacts: 3500,
  }),
]
