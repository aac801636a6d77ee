import { gauge, type Sample } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { type Fields, fieldSamples, type Info, metricsOf, numberOf, pairsOf, theirs } from './fields.ts'
import type { Redis } from './source.ts'
export const connectedReplicas = gauge(theirs('connected_slaves', 'Replicas that are connected'))
export const fullCopies = gauge(theirs('replica_resyncs_full', 'Full copies sent to replicas'))
export const goodReplicas = gauge({
  name: 'redis_good_replicas',
  counts: 'replicas',
  help: 'Replicas near enough to count for min-replicas-to-write',
})

const fields = {
  connected_slaves: connectedReplicas,
  master_repl_offset: gauge(theirs('master_repl_offset', 'Bytes of changes that the master has sent in all')),
  second_repl_offset: gauge(
    theirs('second_repl_offset', 'Up to where the replicas of the former master can go on; -1 without one'),
  ),
  repl_backlog_active: gauge(theirs('repl_backlog_is_active', 'Whether changes are kept for replicas that return')),
  repl_backlog_size: gauge(theirs('replication_backlog_bytes', 'Bytes of changes that are kept at most')),
  repl_backlog_first_byte_offset: gauge(theirs('repl_backlog_first_byte_offset', 'Where the changes kept begin')),
  repl_backlog_histlen: gauge(theirs('repl_backlog_history_bytes', 'Bytes of changes that are kept')),
  sync_full: fullCopies,
  sync_partial_ok: gauge(theirs('replica_partial_resync_accepted', 'Replicas that went on where they had stopped')),
  sync_partial_err: gauge(
    theirs('replica_partial_resync_denied', 'Replicas that could not go on, and got a full copy'),
  ),
  min_slaves_good_slaves: goodReplicas,
} satisfies Fields

const replicaLabels = ['slave_ip', 'slave_port', 'slave_state'] as const
export const replicaLagSeconds = gauge({
  ...theirs('connected_slave_lag_seconds', 'Time since the replica last said how far it is, in seconds'),
  labels: replicaLabels,
})
const replicaOffset = gauge({
  ...theirs('connected_slave_offset_bytes', 'How far the replica is, in bytes of changes'),
  labels: replicaLabels,
})
export const replicaLagBytes = gauge({
  name: 'redis_connected_slave_lag_bytes',
  help: 'How far the replica is behind, in bytes of changes',
  labels: replicaLabels,
})

/** How far each replica is behind, and whether one that returns may go on. */
export const replication: Collector<Redis> = {
  name: 'replication',
  metrics: [...metricsOf(fields), replicaLagSeconds, replicaOffset, replicaLagBytes],
  async collect({ info }) {
    const found = await info()
    return [...fieldSamples(found, fields), ...[...replicasOf(found).values()].flat()]
  },
}

/** By their labels: behind one address there may be two replicas, and of two series alike Prometheus takes neither. */
const replicasOf = (info: Info): ReadonlyMap<string, readonly Sample[]> => {
  const sent = numberOf(info.get('master_repl_offset'))
  return new Map(
    [...info].flatMap(([field, text]) => {
      if (!/^slave\d+$/.test(field)) return []
      const pairs = pairsOf(text)
      const of = {
        slave_ip: pairs.get('ip') ?? '',
        slave_port: pairs.get('port') ?? '',
        slave_state: pairs.get('state') ?? '',
      }
      const [offset, lag] = [numberOf(pairs.get('offset')), numberOf(pairs.get('lag'))]
      if (offset === undefined) return []
      const behind = sent === undefined ? undefined : Math.max(0, sent - offset)
      const samples = [
        replicaOffset.sample(offset, of),
        // -1 is a replica that has not said anything yet.
        ...(lag === undefined || lag < 0 ? [] : [replicaLagSeconds.sample(lag, of)]),
        ...(behind === undefined ? [] : [replicaLagBytes.sample(behind, of)]),
      ]
      return [[Object.values(of).join(), samples] as const]
    }),
  )
}
