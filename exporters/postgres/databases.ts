import { counter, gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { readings } from '../reading.ts'
import type { Postgres } from './source.ts'
import type { Survey } from './survey.ts'

const peer = 'postgres_exporter'
const labels = ['datid', 'datname'] as const
const stat = (name: string, help: string) => ({ name: `pg_stat_database_${name}`, peer, help, labels }) as const

export const databaseConnections = gauge(stat('numbackends', 'Backends now connected to this database'))
export const databaseDeadlocks = counter(stat('deadlocks', 'Deadlocks detected in this database'))
export const databaseCommits = counter(stat('xact_commit', 'Transactions of this database that were committed'))
export const databaseRollbacks = counter(stat('xact_rollback', 'Transactions of this database that were rolled back'))
export const databaseBlocksHit = counter(stat('blks_hit', 'Disk blocks found in the buffer cache'))
export const databaseBlocksRead = counter(stat('blks_read', 'Disk blocks that had to be read'))
export const databaseTempBytes = counter(stat('temp_bytes', 'Bytes that queries wrote to temporary files'))
const databaseRowsReturned = counter(stat('tup_returned', 'Rows read by queries in this database'))
export const databaseRowsFetched = counter(stat('tup_fetched', 'Rows fetched through indexes in this database'))
export const databaseRowsInserted = counter(stat('tup_inserted', 'Rows inserted in this database'))
export const databaseRowsUpdated = counter(stat('tup_updated', 'Rows updated in this database'))
export const databaseRowsDeleted = counter(stat('tup_deleted', 'Rows deleted in this database'))
export const databaseConflicts = counter(stat('conflicts', 'Queries cancelled because of recovery, on a standby'))

const activity = {
  numbackends: databaseConnections,
  xact_commit: databaseCommits,
  xact_rollback: databaseRollbacks,
  blks_read: databaseBlocksRead,
  blks_hit: databaseBlocksHit,
  tup_returned: databaseRowsReturned,
  tup_fetched: databaseRowsFetched,
  tup_inserted: databaseRowsInserted,
  tup_updated: databaseRowsUpdated,
  tup_deleted: databaseRowsDeleted,
  conflicts: databaseConflicts,
  temp_files: counter(stat('temp_files', 'Temporary files that queries wrote')),
  temp_bytes: databaseTempBytes,
  deadlocks: databaseDeadlocks,
  blk_read_time: counter(stat('blk_read_time', 'Milliseconds spent reading blocks (0 unless track_io_timing is on)')),
  blk_write_time: counter(stat('blk_write_time', 'Milliseconds spent writing blocks (0 unless track_io_timing is on)')),
  active_time: counter(
    stat('active_time_seconds_total', 'Seconds spent executing statements (PostgreSQL 14 and newer)'),
  ),
  stats_reset: counter(stat('stats_reset', 'Unix time at which these statistics were last reset')),
}
export const databaseSize = gauge({
  name: 'pg_database_size_bytes',
  peer,
  help: 'Disk space used by the database',
  labels: ['datname'],
})
export const databaseConnectionLimit = gauge({
  name: 'pg_database_connection_limit',
  peer,
  help: 'Connections this database takes at most, -1 where it sets no limit of its own',
  labels: ['datname'],
})
const catalogue = { datconnlimit: databaseConnectionLimit }

/** Every database of the server: what was done in it, and how large it is. */
export const databases = (survey: Survey): Collector<Postgres> => {
  // The server looks at every file of every database for it.
  const sizes = survey.asks('database sizes', ({ rows }) => rows<Row>(sizesSql))
  return {
    name: 'databases',
    metrics: [...Object.values(activity), ...Object.values(catalogue), databaseSize],
    async collect(postgres) {
      const { rows, table, version } = postgres
      const [stats, limits, known] = await Promise.all([
        table(statsSql(version)),
        rows<Row>(catalogueSql),
        sizes(postgres, postgres),
      ])
      return [
        ...readings(stats, activity),
        ...readings(limits, catalogue),
        ...readings(known ?? [], { size: databaseSize }),
      ]
    },
  }
}

type Row = Readonly<Record<string, string | number | null>>

const plain = Object.keys(activity).filter((column) => !['active_time', 'stats_reset'].includes(column))
const statsSql = (version: number) => `
  select datid::text, coalesce(datname, '') as datname, ${plain.join(', ')},
         ${version >= 140_000 ? 'active_time / 1000' : 'null::float8'} as active_time,
         extract(epoch from stats_reset)::float8 as stats_reset
  from pg_stat_database`

const catalogueSql = 'select datname, datconnlimit from pg_database'

const sizesSql = `
  select datname, pg_database_size(oid) as size from pg_database
  where has_database_privilege(oid, 'CONNECT') or pg_has_role(current_user, 'pg_read_all_stats', 'usage')`
