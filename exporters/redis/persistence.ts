import { counter, gauge } from '../../metrics/metric.ts'
import { fieldCollector, scaled, theirs } from './fields.ts'

export const lastSave = gauge(
  theirs('rdb_last_save_timestamp_seconds', 'When the data were last saved whole, in seconds since 1970'),
)
export const lastSaveOk = gauge(theirs('rdb_last_bgsave_status', 'Whether the last save succeeded (1) or not (0)'))
export const unsavedChanges = gauge(
  theirs('rdb_changes_since_last_save', 'Changes since the data were last saved whole'),
)
export const appendOnly = gauge(theirs('aof_enabled', 'Whether every change is written to the append-only file'))
export const lastRewriteOk = gauge(
  theirs('aof_last_bgrewrite_status', 'Whether the last rewrite of the append-only file succeeded (1) or not (0)'),
)
export const lastWriteOk = gauge(
  theirs('aof_last_write_status', 'Whether the last write to the append-only file succeeded (1) or not (0)'),
)
export const loading = gauge(theirs('loading_dump_file', 'Whether the server loads its data and refuses commands'))
export const delayedWrites = gauge(theirs('aof_delayed_fsync', 'Times the server had to wait for the disk'))
export const lastFork = gauge(theirs('latest_fork_seconds', 'How long the last fork stopped the server'))
export const forks = counter({
  name: 'redis_forks_total',
  help: 'Forks, each of which stops the server for a moment',
})

/** -1 before the first, as the server tells it. */
export const lastSaveDuration = gauge(
  theirs('rdb_last_bgsave_duration_sec', 'How long the last save took, in seconds; -1 before the first'),
)
/** -1 before the first, as the server tells it. */
export const lastRewriteDuration = gauge(
  theirs('aof_last_rewrite_duration_sec', 'How long the last rewrite took, in seconds; -1 before the first'),
)

/** What would be left after a crash: whole saves, the append-only file, and how the last of each went. */
export const persistence = fieldCollector('persistence', {
  loading,
  async_loading: gauge(theirs('async_loading', 'Whether a replica takes in new data while it serves the old')),
  loading_total_bytes: gauge({ name: 'redis_loading_total_bytes', help: 'Bytes to load' }),
  loading_loaded_bytes: gauge({ name: 'redis_loading_loaded_bytes', help: 'Bytes loaded so far' }),
  loading_eta_seconds: gauge({ name: 'redis_loading_eta_seconds', help: 'Expected time until all is loaded' }),
  rdb_changes_since_last_save: unsavedChanges,
  rdb_bgsave_in_progress: gauge(theirs('rdb_bgsave_in_progress', 'Whether a save is under way')),
  rdb_last_save_time: lastSave,
  rdb_last_bgsave_status: lastSaveOk,
  rdb_last_bgsave_time_sec: lastSaveDuration,
  rdb_current_bgsave_time_sec: gauge(
    theirs('rdb_current_bgsave_duration_sec', 'How long the save under way has taken, in seconds; -1 without one'),
  ),
  rdb_saves: gauge(theirs('rdb_saves_total', 'Saves since the server started')),
  rdb_last_cow_size: gauge(theirs('rdb_last_cow_size_bytes', 'Bytes copied for changes during the last save')),
  rdb_last_load_keys_expired: gauge(
    theirs('rdb_last_load_expired_keys', 'Keys left out of the last load because their time had passed'),
  ),
  rdb_last_load_keys_loaded: gauge(theirs('rdb_last_load_loaded_keys', 'Keys of the last load')),
  aof_enabled: appendOnly,
  aof_rewrite_in_progress: gauge(theirs('aof_rewrite_in_progress', 'Whether the append-only file is being rewritten')),
  aof_rewrite_scheduled: gauge(theirs('aof_rewrite_scheduled', 'Whether a rewrite waits for the save under way')),
  aof_last_rewrite_time_sec: lastRewriteDuration,
  aof_current_rewrite_time_sec: gauge(
    theirs('aof_current_rewrite_duration_sec', 'How long the rewrite under way has taken, in seconds; -1 without one'),
  ),
  aof_last_bgrewrite_status: lastRewriteOk,
  aof_last_write_status: lastWriteOk,
  aof_last_cow_size: gauge(theirs('aof_last_cow_size_bytes', 'Bytes copied for changes during the last rewrite')),
  aof_current_size: gauge(theirs('aof_current_size_bytes', 'Size of the append-only file')),
  aof_base_size: gauge(theirs('aof_base_size_bytes', 'Size of the append-only file after its last rewrite')),
  aof_pending_rewrite: gauge(theirs('aof_pending_rewrite', 'Whether a rewrite waits for the save under way')),
  aof_buffer_length: gauge(theirs('aof_buffer_length', 'Bytes that wait to be written to the append-only file')),
  aof_rewrite_buffer_length: gauge(theirs('aof_rewrite_buffer_length', 'Bytes of changes during the rewrite')),
  aof_pending_bio_fsync: gauge(theirs('aof_pending_bio_fsync', 'Writes that wait to be flushed to the disk')),
  aof_delayed_fsync: delayedWrites,
  aof_rewrites: counter({ name: 'redis_aof_rewrites_total', help: 'Rewrites of the append-only file' }),
  aof_rewrites_consecutive_failures: gauge({
    name: 'redis_aof_rewrites_consecutive_failures',
    counts: 'failures',
    help: 'Rewrites that have failed since the last one that succeeded',
  }),
  latest_fork_usec: scaled(lastFork, 1e-6),
  total_forks: forks,
  current_cow_size: gauge({
    name: 'redis_current_cow_size_bytes',
    help: 'Bytes copied so far for changes during what is being saved',
  }),
  current_save_keys_processed: gauge({
    name: 'redis_current_save_keys_processed',
    counts: 'keys',
    help: 'Keys that the save under way has done',
  }),
  current_save_keys_total: gauge({
    name: 'redis_current_save_keys',
    counts: 'keys',
    help: 'Keys that the save under way has to do',
  }),
  module_fork_in_progress: gauge(theirs('module_fork_in_progress', 'Whether a module has forked the server')),
  module_fork_last_cow_size: gauge(
    theirs('module_fork_last_cow_size', 'Bytes copied during the last fork of a module'),
  ),
})
