import { counter, gauge } from '../../metrics/metric.ts'
import { fieldCollector, theirs } from './fields.ts'

export const commandsProcessed = counter(theirs('commands_processed_total', 'Commands the server has processed'))
export const keyspaceHits = counter(theirs('keyspace_hits_total', 'Look-ups that found their key'))
export const keyspaceMisses = counter(theirs('keyspace_misses_total', 'Look-ups that found no key'))
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
  total_net_input_bytes: netInputBytes,
  total_net_output_bytes: netOutputBytes,
  total_net_repl_input_bytes: counter(theirs('net_repl_input_bytes_total', 'Bytes received to replicate')),
  total_net_repl_output_bytes: counter(theirs('net_repl_output_bytes_total', 'Bytes sent to replicate')),
  total_error_replies: errorReplies,
  unexpected_error_replies: counter(
    theirs('unexpected_error_replies', 'Replies that were errors where none may be, as from the master'),
  ),
  uptime_in_seconds: uptime,
  migrate_cached_sockets: gauge(theirs('migrate_cached_sockets_total', 'Connections kept open for MIGRATE')),
  dump_payload_sanitizations: counter(theirs('dump_payload_sanitizations', 'Payloads of RESTORE that were checked')),
})
