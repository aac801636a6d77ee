import { gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { readings } from '../reading.ts'
import type { Postgres } from './source.ts'

export const locksHeld = gauge({
  name: 'pg_locks_count',
  peer: 'postgres_exporter',
  help: "Locks held or waited for now, of each mode there is, the exporter's own left out",
  labels: ['datname', 'mode'],
})

/** Locks of each database by mode, those of no database left out. */
export const locks: Collector<Postgres> = {
  name: 'locks',
  metrics: [locksHeld],
  collect: async ({ table }) => readings(await table(sql), { count: locksHeld }),
}

/** As pg_locks writes them. An absence would end a graph: a mode nobody holds is 0. */
const modes = [
  'AccessShareLock',
  'RowShareLock',
  'RowExclusiveLock',
  'ShareUpdateExclusiveLock',
  'ShareLock',
  'ShareRowExclusiveLock',
  'ExclusiveLock',
  'AccessExclusiveLock',
  'SIReadLock',
]

const sql = `
  select datname, lower(m.mode) as mode, coalesce(held, 0) as count
  from pg_database d cross join unnest('{${modes.join()}}'::text[]) as m (mode)
    left join (select database, mode, count(*) as held from pg_locks where pid is distinct from pg_backend_pid() group by 1, 2) l
      on l.database = d.oid and l.mode = m.mode`
