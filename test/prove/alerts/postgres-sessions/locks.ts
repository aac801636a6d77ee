import {
  postgresDeadlocks,
  postgresLockQueueLong,
  postgresLockTableNearFull,
} from '../../../../alerts/postgres/locks.ts'
import type { Adjustment, Provocation } from '../provocation.ts'
import { type Application, misconduct } from './application.ts'

/** Of a small server, with room for 300 locks, and which looks for deadlocks at once. */
export const lockSettings = { max_locks_per_transaction: '10', deadlock_timeout: '20ms' } as const

export const locksSql = [
  'create table tables (id int primary key, taken int not null default 0)',
  'insert into tables select generate_series(1, 100)',
] as const

export const lockAdjustments: readonly Adjustment[] = [
  { alert: postgresLockQueueLong, numbers: { '<= 60': '<= 1' }, why: 'sixty times faster' },
]

/** Two sessions that each hold what the other wants next. */
const deadlock = async ({ open }: Pick<Application, 'open'>) => {
  const [one, other] = [await open(), await open()]
  const take = (id: number) => `update tables set taken = taken + 1 where id = ${id}`
  for (let times = 0; times < 8; times += 1) {
    await Promise.all([one.query(`begin; ${take(1)}`), other.query(`begin; ${take(2)}`)])
    const asked = await Promise.allSettled([one.query(take(2)), other.query(take(1))])
    const failed = asked.filter((answer) => answer.status === 'rejected')
    if (failed.length !== 1 || !String(failed[0]?.reason).includes('deadlock')) {
      throw new Error(`no deadlock, but ${failed.map(({ reason }) => String(reason)).join() || 'nothing'}`)
    }
    await Promise.all([one.query('rollback'), other.query('rollback')])
  }
}

/** What holds locks, or waits for them, on a server with few connections. */
export const lockFaults = (instance: string, url: string): readonly Provocation[] => [
  misconduct({
    fault: 'a session takes 250 advisory locks and gives none back',
    url,
    application: 'hoarder',
    fires: [{ alert: postgresLockTableNearFull, labels: { instance } }],
    bring: async ({ open }) => (await open()).query('select pg_advisory_lock(n) from generate_series(1, 250) n'),
  }),
  misconduct({
    fault: '16 sessions count up the same row, one after the other',
    url,
    application: 'counting',
    fires: [{ alert: postgresLockQueueLong, labels: { instance, datname: 'postgres' } }],
    bring: ({ repeat }) =>
      repeat(16, (session) =>
        session.query('begin; update tables set taken = taken + 1 where id = 1; select pg_sleep(0.02); commit'),
      ),
  }),
  misconduct({
    fault: '8 times two transactions wait for one another',
    url,
    application: 'crossing',
    fires: [{ alert: postgresDeadlocks, labels: { instance, datname: 'postgres' } }],
    bring: deadlock,
  }),
]
