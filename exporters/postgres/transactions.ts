import { gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { readings } from '../reading.ts'
import type { Postgres } from './source.ts'

export const longTransactions = gauge({
  name: 'pg_long_running_transactions',
  peer: 'postgres_exporter',
  help: "Transactions open for a minute or more, vacuums and the exporter's own left out",
})
export const oldestTransaction = gauge({
  name: 'pg_long_running_transactions_oldest_timestamp_seconds',
  peer: 'postgres_exporter',
  help: 'Age of the oldest open transaction, however young, 0 where there is none',
})

const metrics = { transactions: longTransactions, oldest: oldestTransaction }

/**
 * Transactions that stay open: rows that died since are kept for them.
 * @param long seconds from which on one counts; the peer counts every one, its own included, and so never tells 0
 */
export const transactions = ({ long = 60 } = {}): Collector<Postgres> => ({
  name: 'transactions',
  metrics: Object.values(metrics),
  collect: async ({ table }) => readings(await table(sql(long)), metrics),
})

/** Parallel workers repeat the transaction of their leader. */
const sql = (long: number) => `
  select count(*) filter (where age >= ${long}) as transactions, coalesce(max(age), 0) as oldest
  from (
    select extract(epoch from clock_timestamp() - xact_start) as age from pg_stat_activity
    where xact_start is not null and pid <> pg_backend_pid()
      and backend_type not in ('autovacuum worker', 'parallel worker')
  ) open`
