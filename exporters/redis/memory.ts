import { gauge } from '../../metrics/metric.ts'
import { fieldCollector, theirs } from './fields.ts'

export const memoryUsed = gauge(theirs('memory_used_bytes', 'Bytes the server has allocated for its data and itself'))
export const memoryMax = gauge(theirs('memory_max_bytes', 'The limit maxmemory in bytes; 0 where none is set'))
export const memoryResident = gauge(theirs('memory_used_rss_bytes', 'Bytes the operating system counts for the server'))
export const memoryDataset = gauge(theirs('memory_used_dataset_bytes', 'Bytes of the data themselves'))
export const memoryFragmentation = gauge(
  theirs('mem_fragmentation_ratio', 'Bytes the system counts for the server over bytes the server has allocated'),
)

/** Where the memory is, and how near the limit. */
export const memory = fieldCollector('memory', {
  used_memory: memoryUsed,
  maxmemory: memoryMax,
  used_memory_rss: memoryResident,
  used_memory_peak: gauge(theirs('memory_used_peak_bytes', 'Most bytes ever allocated')),
  used_memory_overhead: gauge(theirs('memory_used_overhead_bytes', 'Bytes for the bookkeeping of the data')),
  used_memory_startup: gauge(theirs('memory_used_startup_bytes', 'Bytes allocated at start, before any data')),
  used_memory_dataset: memoryDataset,
  used_memory_lua: gauge(theirs('memory_used_lua_bytes', 'Bytes of the Lua engine')),
  used_memory_scripts: gauge(theirs('memory_used_scripts_bytes', 'Bytes of cached scripts and functions')),
  mem_fragmentation_ratio: memoryFragmentation,
  mem_fragmentation_bytes: gauge(theirs('mem_fragmentation_bytes', 'Bytes lost to fragmentation')),
  mem_clients_normal: gauge(theirs('mem_clients_normal', 'Bytes of the buffers of clients')),
  mem_clients_slaves: gauge(theirs('mem_clients_slaves', 'Bytes of the buffers of replicas')),
  mem_aof_buffer: gauge(theirs('mem_aof_buffer_bytes', 'Bytes of the buffer of the append-only file')),
  mem_not_counted_for_evict: gauge(
    theirs('mem_not_counted_for_eviction_bytes', 'Bytes that do not count towards maxmemory'),
  ),
  lazyfree_pending_objects: gauge(theirs('lazyfree_pending_objects', 'Objects that wait to be freed')),
  active_defrag_running: gauge(theirs('active_defrag_running', 'Whether memory is being defragmented now')),
})
