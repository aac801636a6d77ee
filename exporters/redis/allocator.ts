import { counter, gauge } from '../../metrics/metric.ts'
import { fieldCollector, scaled, theirs } from './fields.ts'

/** What the allocator holds beyond what was asked of it, and how that is mended. */
export const allocator = fieldCollector('allocator', {
  allocator_allocated: gauge(theirs('allocator_allocated_bytes', 'Bytes in use, as the allocator counts them')),
  allocator_active: gauge(theirs('allocator_active_bytes', 'Bytes of pages in use')),
  allocator_resident: gauge(theirs('allocator_resident_bytes', 'Bytes the allocator has from the system')),
  allocator_muzzy: gauge(theirs('allocator_muzzy_bytes', 'Bytes the system may take back')),
  allocator_frag_ratio: gauge(theirs('allocator_frag_ratio', 'Bytes of pages in use over bytes in use')),
  allocator_frag_bytes: gauge(theirs('allocator_frag_bytes', 'Bytes of pages in use beyond the bytes in use')),
  allocator_rss_ratio: gauge(theirs('allocator_rss_ratio', 'Bytes from the system over bytes of pages in use')),
  allocator_rss_bytes: gauge(theirs('allocator_rss_bytes', 'Bytes from the system beyond the pages in use')),
  active_defrag_running: gauge(theirs('active_defrag_running', 'Whether memory is being defragmented now')),
  active_defrag_hits: gauge(theirs('defrag_hits', 'Values moved to defragment memory')),
  active_defrag_misses: gauge(theirs('defrag_misses', 'Values looked at and left where they were')),
  active_defrag_key_hits: gauge(theirs('defrag_key_hits', 'Keys with a value that was moved')),
  active_defrag_key_misses: gauge(theirs('defrag_key_misses', 'Keys with no value that was moved')),
  total_active_defrag_time: scaled(
    counter({ name: 'redis_active_defrag_seconds_total', help: 'Time that memory was too fragmented, in seconds' }),
    1e-3,
  ),
})
