import { gauge } from '../../metrics/metric.ts'
import { fieldCollector, theirs } from './fields.ts'

export const connectedClients = gauge(theirs('connected_clients', 'Client connections, replicas left out'))
export const maxClients = gauge(theirs('max_clients', 'The limit maxclients'))
export const blockedClients = gauge(theirs('blocked_clients', 'Clients that wait in a blocking command'))

/** Who is connected. */
export const clients = fieldCollector('clients', {
  connected_clients: connectedClients,
  maxclients: maxClients,
  blocked_clients: blockedClients,
  tracking_clients: gauge(theirs('tracking_clients', 'Clients that have their reads tracked')),
  clients_in_timeout_table: gauge(theirs('clients_in_timeout_table', 'Blocked clients with a timeout')),
  cluster_connections: gauge(theirs('cluster_connections', 'Sockets of the cluster bus')),
  client_recent_max_input_buffer: gauge(
    theirs('client_recent_max_input_buffer_bytes', 'Largest input buffer among the clients'),
  ),
  client_recent_max_output_buffer: gauge(
    theirs('client_recent_max_output_buffer_bytes', 'Largest output buffer among the clients'),
  ),
})
