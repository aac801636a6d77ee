import { counter, gauge } from '../../metrics/metric.ts'
import { fieldCollector, theirs } from './fields.ts'

export const expiredKeys = counter(theirs('expired_keys_total', 'Keys removed because their time to live had passed'))
export const evictedKeys = counter(theirs('evicted_keys_total', 'Keys removed to stay below maxmemory'))

/** What leaves by itself: keys whose time has passed, and keys for which there is no room. */
export const expiry = fieldCollector('expiry', {
  expired_keys: expiredKeys,
  expired_subkeys: counter(theirs('expired_subkeys_total', 'Fields removed because their time to live had passed')),
  expired_stale_perc: gauge(
    theirs('expired_stale_percentage', 'Estimated share of keys that have expired unseen, in %'),
  ),
  expired_time_cap_reached_count: counter(
    theirs('expired_time_cap_reached_total', 'Times the removal of expired keys ran out of its time'),
  ),
  expire_cycle_cpu_milliseconds: counter(
    theirs('expire_cycle_cpu_time_ms_total', 'Time spent removing expired keys, in milliseconds'),
  ),
  slave_expires_tracked_keys: gauge(
    theirs('slave_expires_tracked_keys', 'Keys with a time to live that were written on this replica itself'),
  ),
  evicted_keys: evictedKeys,
  total_eviction_exceeded_time: counter(
    theirs('eviction_exceeded_time_ms_total', 'Time spent above maxmemory, in milliseconds'),
  ),
  current_eviction_exceeded_time: gauge(
    theirs('current_eviction_exceeded_time_ms', 'Time since memory went above maxmemory, in milliseconds'),
  ),
})
