import { gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { readings } from '../reading.ts'
import type { Postgres } from './source.ts'

const peer = 'postgres_exporter'

export const walSegments = gauge({
  name: 'pg_wal_segments',
  peer,
  help: 'Files of the write-ahead log, those kept for reuse included',
})
export const walSize = gauge({
  name: 'pg_wal_size_bytes',
  peer,
  help: 'Disk space of the write-ahead log',
})
export const walPosition = gauge({
  name: 'pg_xlog_location_bytes',
  peer,
  help: 'Where the write-ahead log ends, on a standby what is replayed of it, in bytes since its beginning, modulo 2^52',
})

const metrics = { segments: walSegments, size: walSize, position: walPosition }

/** The write-ahead log: what is written of it, and what it takes on disk. */
export const wal: Collector<Postgres> = {
  name: 'wal',
  metrics: Object.values(metrics),
  collect: async ({ table }) => readings(await table(sql), metrics),
}

/** Up to where this server has the write-ahead log, as SQL: on a standby what it received, from its primary or an archive. */
export const walEnd = `
  case when pg_is_in_recovery() then coalesce(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
       else pg_current_wal_lsn() end`

/** A place in the write-ahead log in bytes, as SQL. */
export const lsn = (place: string) => `pg_wal_lsn_diff(${place}, '0/0')`

/** A float64 counts bytes up to 2^53. History files stand beside the segments. */
export const exact = (bytes: string) => `mod(${bytes}, 4503599627370496)`

const replayed = 'case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end'
const sql = `
  select count(*) as segments, coalesce(sum(size), 0) as size, ${exact(lsn(replayed))} as position
  from pg_ls_waldir() where name ~ '^[0-9A-F]{24}$'`
