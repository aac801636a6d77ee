import { gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { readings } from '../reading.ts'
import type { Postgres } from './source.ts'

const labels = [
  'datname',
  'state',
  'usename',
  'application_name',
  'backend_type',
  'wait_event_type',
  'wait_event',
] as const

export const activityCount = gauge({
  name: 'pg_stat_activity_count',
  peer: 'postgres_exporter',
  help: 'Server processes: connections of clients, and the workers of the server itself',
  labels,
})
export const activityMaxTransaction = gauge({
  name: 'pg_stat_activity_max_tx_duration',
  peer: 'postgres_exporter',
  help: 'Age in seconds of the oldest transaction still open',
  labels,
})
const grouped = { count: activityCount, max_transaction: activityMaxTransaction }

/** Who is connected and what they do. */
export const activity: Collector<Postgres> = {
  name: 'activity',
  metrics: Object.values(grouped),
  async collect({ rows }) {
    const found = await rows<Row>(sql)
    const login = found.find(({ hidden }) => Number(hidden) > 0)
    if (login) throw new Error(`${login.me} may not see other sessions: run GRANT pg_monitor TO "${login.me}"`)
    return readings(found, grouped)
  },
}

type Row = Readonly<Record<string, string | number>>

const sql = `
  select coalesce(datname, '') as datname, coalesce(state, '') as state, coalesce(usename, '') as usename,
         coalesce(application_name, '') as application_name, coalesce(backend_type, '') as backend_type,
         coalesce(wait_event_type, '') as wait_event_type, coalesce(wait_event, '') as wait_event,
         count(*)::float8 as count, current_user as me,
         count(*) filter (where query = '<insufficient privilege>')::float8 as hidden,
         coalesce(extract(epoch from max(clock_timestamp() - xact_start)), 0)::float8 as max_transaction
  from pg_stat_activity group by 1, 2, 3, 4, 5, 6, 7`
