import { counter, gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { readings } from '../reading.ts'
import type { Postgres } from './source.ts'

const stat = (name: string, help: string) =>
  ({ name: `pg_stat_archiver_${name}`, peer: 'postgres_exporter', help }) as const

export const archived = counter(stat('archived_count', 'Files of the write-ahead log that were archived'))
export const archiveFailures = counter(stat('failed_count', 'Attempts to archive a file that failed'))
export const archiveAge = gauge(
  stat('last_archive_age', 'Seconds since a file was archived last; absent where none ever was'),
)

const metrics = { archived_count: archived, failed_count: archiveFailures, age: archiveAge }

/** Whether the write-ahead log reaches its archive. */
export const archiver: Collector<Postgres> = {
  name: 'archiver',
  metrics: Object.values(metrics),
  collect: async ({ table }) => readings(await table(sql), metrics),
}

const sql = `
  select archived_count, failed_count, extract(epoch from clock_timestamp() - last_archived_time) as age
  from pg_stat_archiver`
