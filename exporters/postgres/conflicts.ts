import { counter } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { readings } from '../reading.ts'
import type { Postgres } from './source.ts'

const stat = (name: string, why: string) =>
  counter({
    name: `pg_stat_database_conflicts_${name}`,
    peer: 'postgres_exporter',
    help: `Queries that a standby cancelled because of ${why}`,
    labels: ['datid', 'datname'],
  })

const ever = {
  confl_tablespace: stat('confl_tablespace', 'a table space that was dropped'),
  confl_lock: stat('confl_lock', 'a lock'),
  confl_snapshot: stat('confl_snapshot', 'rows they might still see and that were removed'),
  confl_bufferpin: stat('confl_bufferpin', 'a buffer they held'),
  confl_deadlock: stat('confl_deadlock', 'a deadlock with replay'),
}
const since16 = {
  confl_active_logicalslot: stat('confl_active_logicalslot', 'a logical slot that was invalidated (PostgreSQL 16 on)'),
}

/** Why a standby cancelled queries: replay could not wait for them. */
export const conflicts: Collector<Postgres> = {
  name: 'conflicts',
  metrics: Object.values({ ...ever, ...since16 }),
  async collect({ table, version }) {
    const metrics = version >= 160_000 ? { ...ever, ...since16 } : ever
    const columns = Object.keys(metrics).join(', ')
    return readings(await table(`select datid::text, datname, ${columns} from pg_stat_database_conflicts`), metrics)
  },
}
