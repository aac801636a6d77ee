import { counter, gauge } from '../../metrics/metric.ts'
import { fieldCollector, theirs } from './fields.ts'

export const commandsProcessed = counter(theirs('commands_processed_total', 'Commands the server has processed'))
export const keyspaceHits = counter(theirs('keyspace_hits_total', 'Look-ups that found their key'))
export const keyspaceMisses = counter(theirs('keyspace_misses_total', 'Look-ups that found no key'))
export const expiredKeys = counter(theirs('expired_keys_total', 'Keys removed because their time to live had passed'))
export const evictedKeys = counter(theirs('evicted_keys_total', 'Keys removed to stay below maxmemory'))
export const connectionsReceived = counter(theirs('connections_received_total', 'Connections the server has accepted'))
export const rejectedConnections = counter(
  theirs('rejected_connections_total', 'Connections refused because of maxclients'),
)
export const netInputBytes = counter(theirs('net_input_bytes_total', 'Bytes received'))
export const netOutputBytes = counter(theirs('net_output_bytes_total', 'Bytes sent'))
export const errorReplies = counter(theirs('total_error_replies', 'Replies that were errors'))
export const uptime = gauge(theirs('uptime_in_seconds', 'Seconds since the server started'))

/** What the server has done since it started. */
export const stats = fieldCollector('stats', {
  total_commands_processed: commandsProcessed,
  total_connections_received: connectionsReceived,
  rejected_connections: rejectedConnections,
  keyspace_hits: keyspaceHits,
  keyspace_misses: keyspaceMisses,
  expired_keys: expiredKeys,
  evicted_keys: evictedKeys,
  expired_stale_perc: gauge(
    theirs('expired_stale_percentage', 'Estimated share of keys that have expired unseen, in %'),
  ),
  expired_time_cap_reached_count: counter(
    theirs('expired_time_cap_reached_total', 'Times the removal of expired keys ran out of its time'),
  ),
  total_net_input_bytes: netInputBytes,
  total_net_output_bytes: netOutputBytes,
  total_error_replies: errorReplies,
  uptime_in_seconds: uptime,
})
