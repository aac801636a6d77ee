import { counter } from '../../metrics/metric.ts'
import { namesOf } from '../../metrics/names.ts'
import type { Collector } from '../collector.ts'
import { readings } from '../reading.ts'
import type { Postgres } from './source.ts'

const stat = (name: string, help: string) =>
  counter({ name: `pg_stat_bgwriter_${name}_total`, peer: 'postgres_exporter', help })

export const checkpointsTimed = stat('checkpoints_timed', 'Checkpoints and restartpoints begun because it was time')
export const checkpointsRequested = stat('checkpoints_req', 'Checkpoints and restartpoints begun because of a request')
export const backgroundWriterReset = stat('stats_reset', 'Unix time at which these statistics were last reset')
export const buffersCheckpointed = stat('buffers_checkpoint', 'Buffers that checkpoints wrote')
export const buffersCleaned = stat('buffers_clean', 'Buffers that the background writer wrote')
export const buffersAllocated = stat('buffers_alloc', 'Buffers allocated')

const moved = {
  checkpoints_timed: checkpointsTimed,
  checkpoints_req: checkpointsRequested,
  checkpoint_write_time: stat('checkpoint_write_time', 'Milliseconds checkpoints spent writing files'),
  checkpoint_sync_time: stat('checkpoint_sync_time', 'Milliseconds checkpoints spent bringing files to disk'),
  buffers_checkpoint: buffersCheckpointed,
}
/** pg_stat_io counts otherwise what took their place: file extensions of many blocks at once, and fsyncs of whole files. */
const gone = {
  buffers_backend: stat('buffers_backend', 'Buffers that backends wrote themselves (before PostgreSQL 17)'),
  buffers_backend_fsync: stat(
    'buffers_backend_fsync',
    'Files backends brought to disk themselves (before PostgreSQL 17)',
  ),
}
const own = {
  buffers_clean: buffersCleaned,
  maxwritten_clean: stat('maxwritten_clean', 'Times the background writer stopped because it had written too many'),
  buffers_alloc: buffersAllocated,
  stats_reset: backgroundWriterReset,
}
const metrics = { ...moved, ...gone, ...own }

/** How dirty buffers reach the disk, under the names of before PostgreSQL 17, which moved half of them. */
export const backgroundWriter: Collector<Postgres> = {
  name: 'background_writer',
  metrics: Object.values(metrics),
  collect: async ({ table, version }) => readings(await table(version >= 170_000 ? sql17 : sql), metrics),
}

const reset = 'extract(epoch from b.stats_reset) as stats_reset'
const plain = namesOf({ ...moved, ...gone, ...own }).filter((name) => name !== 'stats_reset')
const sql = `select ${plain.join(', ')}, ${reset} from pg_stat_bgwriter b`

/** Before 17 a standby's restartpoints counted as checkpoints. */
const sql17 = `
  select num_timed + restartpoints_timed as checkpoints_timed, num_requested + restartpoints_req as checkpoints_req,
         write_time as checkpoint_write_time, sync_time as checkpoint_sync_time, buffers_written as buffers_checkpoint,
         null as buffers_backend, null as buffers_backend_fsync, buffers_clean, maxwritten_clean, buffers_alloc, ${reset}
  from pg_stat_bgwriter b, pg_stat_checkpointer`
