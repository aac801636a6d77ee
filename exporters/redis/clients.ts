import { counter, gauge } from '../../metrics/metric.ts'
import { fieldCollector, theirs } from './fields.ts'

export const connectedClients = gauge(theirs('connected_clients', 'Client connections, replicas left out'))
export const maxClients = gauge(theirs('max_clients', 'The limit maxclients'))
export const blockedClients = gauge(theirs('blocked_clients', 'Clients that wait in a blocking command'))

export const evictedClients = counter(
  theirs('evicted_clients_total', 'Clients disconnected to stay below maxmemory-clients'),
)
export const inputDisconnections = counter(
  theirs('client_query_buffer_limit_disconnections_total', 'Clients disconnected because they sent too much'),
)
export const outputDisconnections = counter(
  theirs(
    'client_output_buffer_limit_disconnections_total',
    'Clients disconnected because they took their replies too slowly',
  ),
)

/** Who is connected, and who waits. */
export const clients = fieldCollector('clients', {
  connected_clients: connectedClients,
  maxclients: maxClients,
  blocked_clients: blockedClients,
  tracking_clients: gauge(theirs('tracking_clients', 'Clients that have their reads tracked')),
  pubsub_clients: gauge(theirs('pubsub_clients', 'Clients that have subscribed to something')),
  watching_clients: gauge(theirs('watching_clients', 'Clients that watch keys for a transaction')),
  total_watched_keys: gauge(theirs('total_watched_keys', 'Keys that are watched for transactions')),
  total_blocking_keys: gauge(theirs('total_blocking_keys', 'Keys that blocked clients wait for')),
  total_blocking_keys_on_nokey: gauge(
    theirs('total_blocking_keys_on_nokey', 'Keys whose removal unblocks the clients that wait for them'),
  ),
  clients_in_timeout_table: gauge(theirs('clients_in_timeout_table', 'Blocked clients with a timeout')),
  client_recent_max_input_buffer: gauge(
    theirs('client_recent_max_input_buffer_bytes', 'Largest input buffer among the clients'),
  ),
  client_recent_max_output_buffer: gauge(
    theirs('client_recent_max_output_buffer_bytes', 'Largest output buffer among the clients'),
  ),
  evicted_clients: evictedClients,
  client_query_buffer_limit_disconnections: inputDisconnections,
  client_output_buffer_limit_disconnections: outputDisconnections,
})
