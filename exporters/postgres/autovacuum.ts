import { gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { readings } from '../reading.ts'
import type { Postgres } from './source.ts'

export const autovacuumStart = gauge({
  name: 'pg_stat_activity_autovacuum_timestamp_seconds',
  peer: 'postgres_exporter',
  help: 'Unix time at which the autovacuum that is at work on this table began, the earliest of several of one name',
  labels: ['relname'],
})

/** Tables that autovacuum is at work on. Nothing while it rests. */
export const autovacuum: Collector<Postgres> = {
  name: 'autovacuum',
  metrics: [autovacuumStart],
  collect: async ({ table }) => readings(await table(sql), { start: autovacuumStart }),
}

/** What a worker does it writes for people: `autovacuum: VACUUM ANALYZE public.guests (to prevent wraparound)`. */
const sql = `
  select substring(query from '^autovacuum: [^.]*[.](.*?)(?: [(]to prevent wraparound[)])?$') as relname,
         extract(epoch from min(xact_start)) as start
  from pg_stat_activity
  where backend_type = 'autovacuum worker' and query like 'autovacuum: %.%' and xact_start is not null group by 1`
