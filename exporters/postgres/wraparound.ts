import { gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { readings } from '../reading.ts'
import type { Postgres } from './source.ts'

const age = (column: string, help: string) =>
  gauge({ name: `pg_database_wraparound_age_${column}_seconds`, peer: 'postgres_exporter', help, labels: ['datname'] })

/** Its peer's names say seconds; what is counted are transactions. */
export const transactionAge = age(
  'datfrozenxid',
  'Transactions since the oldest that is not frozen: at two thousand million the server stops (no seconds)',
)
export const multixactAge = age(
  'datminmxid',
  'Shared row locks (multixacts) since the oldest that is kept: at two thousand million the server stops (no seconds)',
)

const metrics = { xids: transactionAge, multixacts: multixactAge }

/** How far each database is on the way to running out of transaction numbers. */
export const wraparound: Collector<Postgres> = {
  name: 'wraparound',
  metrics: Object.values(metrics),
  collect: async ({ table }) => readings(await table(sql), metrics),
}

const sql = `
  select datname, age(datfrozenxid) as xids, mxid_age(datminmxid) as multixacts from pg_database where datallowconn`
