import { gauge } from '../../metrics/metric.ts'
import { fieldCollector, theirs } from './fields.ts'

export const memoryUsed = gauge(theirs('memory_used_bytes', 'Bytes the server has allocated for its data and itself'))
export const memoryMax = gauge(theirs('memory_max_bytes', 'The limit maxmemory in bytes; 0 where none is set'))
export const memoryResident = gauge(theirs('memory_used_rss_bytes', 'Bytes the operating system counts for the server'))
export const memoryDataset = gauge(theirs('memory_used_dataset_bytes', 'Bytes of the data themselves'))
export const memoryFragmentation = gauge(
  theirs('mem_fragmentation_ratio', 'Bytes the system counts for the server over bytes the server has allocated'),
)
export const systemMemory = gauge(theirs('total_system_memory_bytes', 'Bytes of memory that the machine has'))
export const fragmentedBytes = gauge(theirs('mem_fragmentation_bytes', 'Bytes lost to fragmentation'))
export const clientBuffers = gauge(theirs('mem_clients_normal', 'Bytes of the buffers of clients'))
export const memoryNotCounted = gauge(
  theirs('mem_not_counted_for_eviction_bytes', 'Bytes that do not count towards maxmemory'),
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
  total_system_memory: systemMemory,
  mem_fragmentation_ratio: memoryFragmentation,
  mem_fragmentation_bytes: fragmentedBytes,
  mem_clients_normal: clientBuffers,
  mem_clients_slaves: gauge(theirs('mem_clients_slaves', 'Bytes of the buffers of replicas')),
  mem_cluster_links: gauge(theirs('mem_cluster_links_bytes', 'Bytes of the links to other nodes of the cluster')),
  mem_aof_buffer: gauge(theirs('mem_aof_buffer_bytes', 'Bytes of the buffer of the append-only file')),
  mem_replication_backlog: gauge(
    theirs('mem_replication_backlog_bytes', 'Bytes kept for replicas that were gone for a moment'),
  ),
  mem_total_replication_buffers: gauge(
    theirs('mem_total_replication_buffers_bytes', 'Bytes kept for replicas, the backlog included'),
  ),
  mem_replica_full_sync_buffer: gauge({
    name: 'redis_mem_replica_full_sync_buffer_bytes',
    help: 'Bytes that this replica keeps of what the master sent while it took in a full copy',
  }),
  mem_not_counted_for_evict: memoryNotCounted,
  mem_overhead_db_hashtable_rehashing: gauge(
    theirs('mem_overhead_db_hashtable_rehashing_bytes', 'Bytes of tables of keys that are being enlarged'),
  ),
  lazyfree_pending_objects: gauge(theirs('lazyfree_pending_objects', 'Objects that wait to be freed')),
  lazyfreed_objects: gauge(theirs('lazyfreed_objects', 'Objects freed in the background')),
})
