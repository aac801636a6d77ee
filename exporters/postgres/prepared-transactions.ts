import { gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { readings } from '../reading.ts'
import type { Postgres } from './source.ts'

export const preparedTransactions = gauge({
  name: 'pg_prepared_transactions',
  counts: 'transactions',
  help: 'Transactions that were prepared for a commit in two phases and are neither committed nor rolled back',
  labels: ['datname'],
})
export const preparedOldest = gauge({
  name: 'pg_prepared_transactions_oldest_seconds',
  help: 'Time since the oldest of them was prepared, 0 if there is none: it holds its locks and keeps dead rows since then',
  labels: ['datname'],
})
export const preparedXidAge = gauge({
  name: 'pg_prepared_transactions_oldest_xid_age',
  counts: 'transactions',
  help: 'Transactions that began since the oldest of them, 0 if there is none: no row that died since then can be removed',
  labels: ['datname'],
})
export const preparedByOwner = gauge({
  name: 'pg_prepared_transactions_owner_oldest_seconds',
  help: 'The same time by the role that prepared it, who is to ask; no series if there is none',
  labels: ['datname', 'owner'],
})

const ofDatabase = { prepared: preparedTransactions, oldest: preparedOldest, xid_age: preparedXidAge }

/** What an application left prepared. No session holds it: it outlives every connection, and a restart. */
export const preparedTransactionsLeft: Collector<Postgres> = {
  name: 'prepared_transactions',
  metrics: [...Object.values(ofDatabase), preparedByOwner],
  async collect({ table }) {
    const [databases, owners] = await Promise.all([table(databasesSql), table(ownersSql)])
    return [...readings(databases, ofDatabase), ...readings(owners, { oldest: preparedByOwner })]
  },
}

const oldest = 'extract(epoch from max(clock_timestamp() - prepared))::float8'

const databasesSql = `
  select datname, count(gid) as prepared, coalesce(${oldest}, 0) as oldest, coalesce(max(age(transaction)), 0) as xid_age
  from pg_database left join pg_prepared_xacts on database = datname where datallowconn group by datname`

const ownersSql = `select database as datname, owner, ${oldest} as oldest from pg_prepared_xacts group by 1, 2`
