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
export const maxConnections = gauge({
  name: 'pg_settings_max_connections',
  peer: 'postgres_exporter',
  help: 'Connections the server takes at most, the reserved ones included',
})
export const superuserConnections = gauge({
  name: 'pg_settings_superuser_reserved_connections',
  peer: 'postgres_exporter',
  help: 'Connections kept for superusers',
})
export const reservedConnections = gauge({
  name: 'pg_settings_reserved_connections',
  peer: 'postgres_exporter',
  help: 'Connections kept for roles with pg_use_reserved_connections (0 before PostgreSQL 16)',
})

const grouped = { count: activityCount, max_transaction: activityMaxTransaction }
const limits = { max: maxConnections, superuser: superuserConnections, reserved: reservedConnections }

/** Who is connected and what they do, beside how many may connect. */
export const activity: Collector<Postgres> = {
  name: 'activity',
  metrics: [...Object.values(grouped), ...Object.values(limits)],
  async collect({ rows }) {
    const [found, settings] = await Promise.all([rows<Row>(activitySql), rows<Row>(limitsSql)])
    const login = found.find(({ hidden }) => Number(hidden) > 0)
    if (login) throw new Error(`${login.me} may not see other sessions: run GRANT pg_monitor TO "${login.me}"`)
    return [...readings(found, grouped), ...readings(settings, limits)]
  },
}

type Row = Readonly<Record<string, string | number>>

const activitySql = `
  select coalesce(datname, '') as datname, coalesce(state, '') as state, coalesce(usename, '') as usename,
         coalesce(application_name, '') as application_name, coalesce(backend_type, '') as backend_type,
         coalesce(wait_event_type, '') as wait_event_type, coalesce(wait_event, '') as wait_event,
         count(*)::float8 as count, current_user as me,
         count(*) filter (where query = '<insufficient privilege>')::float8 as hidden,
         coalesce(extract(epoch from max(clock_timestamp() - xact_start)), 0)::float8 as max_transaction
  from pg_stat_activity group by 1, 2, 3, 4, 5, 6, 7`

const limitsSql = `
  select current_setting('max_connections')::float8 as max,
         current_setting('superuser_reserved_connections')::float8 as superuser,
         coalesce(current_setting('reserved_connections', true), '0')::float8 as reserved`
