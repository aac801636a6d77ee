import { gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { type Fields, fieldSamples, metricsOf, theirs } from './fields.ts'
import { asked } from './permission.ts'
import { parseInfo, type Redis } from './source.ts'

const told = {
  cluster_enabled: gauge(theirs('cluster_enabled', 'Whether the server is a node of a cluster')),
  cluster_connections: gauge(theirs('cluster_connections', 'Sockets of the cluster bus')),
} satisfies Fields

export const clusterState = gauge(theirs('cluster_state', 'Whether the cluster takes commands (1) or not (0)'))
export const slotsServed = gauge(theirs('cluster_slots_ok', 'Slots whose node answers'))
const asNode = {
  cluster_state: clusterState,
  cluster_slots_assigned: gauge(theirs('cluster_slots_assigned', 'Slots that some node has, of 16384')),
  cluster_slots_ok: slotsServed,
  cluster_slots_pfail: gauge(theirs('cluster_slots_pfail', 'Slots whose node this node can not reach')),
  cluster_slots_fail: gauge(theirs('cluster_slots_fail', 'Slots whose node most nodes can not reach')),
  cluster_known_nodes: gauge(theirs('cluster_known_nodes', 'Nodes this node has heard of')),
  cluster_size: gauge(theirs('cluster_size', 'Masters that have slots')),
  cluster_current_epoch: gauge(theirs('cluster_current_epoch', 'The epoch of the cluster, higher after each change')),
  cluster_my_epoch: gauge(theirs('cluster_my_epoch', 'The epoch in which this node got its slots')),
  cluster_stats_messages_sent: gauge(theirs('cluster_messages_sent_total', 'Messages to other nodes')),
  cluster_stats_messages_received: gauge(theirs('cluster_messages_received_total', 'Messages from other nodes')),
} satisfies Fields

/** Whether the cluster is whole, as this node sees it. */
export const cluster: Collector<Redis> = {
  name: 'cluster',
  metrics: [...metricsOf(told), ...metricsOf(asNode)],
  async collect(reader) {
    const info = await reader.info()
    if (info.get('cluster_enabled') !== '1') return fieldSamples(info, told)
    try {
      const reply = parseInfo(String(await asked(reader, '+cluster|info', 'CLUSTER', 'INFO')))
      return [...fieldSamples(info, told), ...fieldSamples(reply, asNode)]
    } catch (refusal) {
      reader.failed('the nodes', refusal)
      return fieldSamples(info, told)
    }
  },
}
