import { counter } from '../../metrics/metric.ts'
import { namesOf } from '../../metrics/names.ts'
import type { Collector } from '../collector.ts'
import { readings } from '../reading.ts'
import type { Postgres } from './source.ts'

const stat = (name: string, help: string) =>
  counter({ name: `pg_stat_checkpointer_${name}_total`, peer: 'postgres_exporter', help })

const counted = {
  num_timed: stat('num_timed', 'Checkpoints begun because it was time'),
  num_requested: stat('num_requested', 'Checkpoints begun because of a request'),
  restartpoints_timed: stat('restartpoints_timed', 'Restartpoints, which a standby makes, begun because it was time'),
  restartpoints_req: stat('restartpoints_req', 'Restartpoints begun because of a request'),
  restartpoints_done: stat('restartpoints_done', 'Restartpoints that were made'),
  write_time: stat('write_time', 'Milliseconds they spent writing files'),
  sync_time: stat('sync_time', 'Milliseconds they spent bringing files to disk'),
  buffers_written: stat('buffers_written', 'Buffers that they wrote'),
}
const metrics = {
  ...counted,
  stats_reset: stat('stats_reset', 'Unix time at which these statistics were last reset'),
}

/** Checkpoints as PostgreSQL 17 and newer count them. `background_writer` has them for every release. */
export const checkpointer: Collector<Postgres> = {
  name: 'checkpointer',
  metrics: Object.values(metrics),
  collect: async ({ table, version }) => (version >= 170_000 ? readings(await table(sql), metrics) : []),
}

const sql = `
  select ${namesOf(counted).join(', ')}, extract(epoch from stats_reset) as stats_reset from pg_stat_checkpointer`
