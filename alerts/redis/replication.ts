import { configValue } from '../../exporters/redis/config.ts'
import {
  connectedReplicas,
  fullCopies,
  goodReplicas,
  replicaLagBytes,
  replicaLagSeconds,
} from '../../exporters/redis/replication.ts'
import { instanceInfo } from '../../exporters/redis/server.ts'
import { and, avgOverTime, delta, gt, instant, lastOverTime, lt, minOverTime, round } from '../../metrics/promql.ts'
import { target as server } from '../../metrics/target.ts'
import { type Alert, alert } from '../alert.ts'
import { cli } from './cli.ts'

/** On the replica and on its master, with the URL of each. */
export const state = {
  look: 'Role, link and offsets, as this server sees them',
  shell: cli('info replication'),
} as const
const replicasAnswer = {
  look: 'Whether each replica answers, and how fast (NOAUTH is an answer)',
  shell: `${cli('info replication')} | sed -nE 's/^slave[0-9]+:ip=([^,]+),port=([0-9]+).*/\\1 \\2/p' | while read -r host port; do time redis-cli -h "$host" -p "$port" ping; done`,
} as const
export const log = {
  look: 'What its log says',
  shell: 'journalctl -u redis-server -n 50 || docker compose logs -n 50 redis',
} as const

export const redisReplicaLost = alert({
  name: 'RedisReplicaLost',
  expr: and(
    // An hour ago, whether or not a scrape failed then, and not the most of that hour: a replica that reconnects is counted
    // twice for a moment.
    lt(instant(connectedReplicas), lastOverTime(connectedReplicas, '10m', { offset: '1h' })),
    // A master that became a replica has lost none.
    instant(instanceInfo.where({ role: 'master' })),
    { on: server },
  ),
  for: '5m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) => `Redis ${label('instance')} has ${value.plain} replicas, fewer than an hour ago`,
  action: `See who is left (${cli('info replication')}), then start the other one or read its log.`,
  runbook: {
    meaning:
      'Fewer replicas are connected than an hour ago. One that is silent for repl-timeout (60 s) is counted out.',
    impact: 'There is one copy less. With none left, the loss of this machine is the loss of the data.',
    diagnosis: [
      state,
      { look: 'When it went, and why', shell: 'journalctl -u redis-server -n 100 || docker compose logs -n 100 redis' },
    ],
    mitigation: [
      'Start the replica, or mend the network to it.',
      'The log says that its buffer was too large: raise client-output-buffer-limit for replicas until it has caught up.',
      'Nothing, if it was taken away on purpose: after an hour this ends by itself.',
    ],
  },
})

export const redisTooFewReplicas = alert({
  name: 'RedisTooFewReplicas',
  // Told only where min-replicas-to-write is set.
  expr: lt(instant(goodReplicas), instant(configValue.where({ key: 'min-replicas-to-write' })), { on: server }),
  for: '1m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) =>
    `Redis ${label('instance')} refuses every write: ${value.plain} replicas are near enough, fewer than min-replicas-to-write`,
  action: `Bring the replicas back. If that takes long, allow writes without them: ${cli('config set min-replicas-to-write 0')}.`,
  runbook: {
    meaning: 'Replicas whose lag is below min-replicas-max-lag are fewer than min-replicas-to-write demands.',
    impact: 'Writes are answered with NOREPLICAS: nobody can log in.',
    diagnosis: [state, { look: 'What is demanded', shell: cli("config get 'min-replicas*'") }],
    mitigation: [
      'Start the replicas, or mend the network to them.',
      `Allow writes without them, if a loss of the newest data is the lesser evil: ${cli('config set min-replicas-to-write 0')}.`,
    ],
  },
})

const online = { slave_state: 'online' }

export const redisReplicaBehind = alert({
  name: 'RedisReplicaBehind',
  threshold: {
    is: '10 MiB',
    least: '64 KiB',
    most: '100 GiB',
    source: 'Ours: ten times the backlog of 1 MB that is kept by default',
  },
  expr: (threshold) => gt(minOverTime(replicaLagBytes.where(online), '5m'), threshold),
  for: '5m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) =>
    `Replica ${label('slave_ip')}:${label('slave_port')} of Redis ${label('instance')} is ${value.bytes} behind`,
  action:
    'See whether the network between them is full, and whether the replica is busy (its processor, its slow log).',
  runbook: {
    meaning: 'Changes that the master has sent and the replica has not confirmed, at the least of five minutes.',
    impact: 'Reads from it are old; a failover now loses that much. If its link breaks it needs a full copy.',
    diagnosis: [
      { look: 'Offsets of master and replicas', shell: cli('info replication | grep -E "offset|slave"') },
      replicasAnswer,
      { look: 'How full the network is', shell: 'sar -n DEV 1 5' },
    ],
    mitigation: [
      'Send fewer reads to it, and no slow commands.',
      `Keep more for it: ${cli('config set repl-backlog-size 256mb')}.`,
      'Move large imports to a quiet hour.',
    ],
  },
})

export const redisReplicaSilent = alert({
  name: 'RedisReplicaSilent',
  threshold: {
    is: '30 s',
    least: '10 s',
    most: '1 h',
    source: 'Three times min-replicas-max-lag, which is 10 s by default',
  },
  expr: (threshold) => gt(instant(replicaLagSeconds.where(online)), threshold),
  // By default the master counts such a replica out after 60 s, and RedisReplicaLost tells of it.
  for: '2m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) =>
    `Replica ${label('slave_ip')}:${label('slave_port')} of Redis ${label('instance')} has said nothing for ${value.duration}`,
  action: 'See whether the replica hangs: ping it, and read its log. A script or a large DEL may hold it up.',
  runbook: {
    meaning: 'A replica confirms every second. This one has not, and repl-timeout is long enough to keep it connected.',
    impact: 'Nobody knows how old its data are. It does not count for min-replicas-to-write.',
    diagnosis: [
      state,
      replicasAnswer,
      { look: 'After how long it is counted out', shell: cli('config get repl-timeout') },
    ],
    mitigation: [
      'It runs a script: SCRIPT KILL there.',
      'It hangs: restart it. It goes on where it was if the backlog still has that.',
    ],
  },
})

/** A backup is sent a full copy as well, and is connected for as long as that takes. */
const hardlyThere = 0.2

export const redisFullCopies = alert({
  name: 'RedisFullCopies',
  threshold: { is: '3', least: '0', most: '1000', source: 'Ours: as many as there are replicas in a large set' },
  expr: (threshold) =>
    and(gt(round(delta(fullCopies, '1h')), threshold), gt(avgOverTime(connectedReplicas, '1h'), hardlyThere)),
  for: '1m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) =>
    `Redis ${label('instance')} sent ${value.plain} full copies to its replicas within an hour`,
  action: `Keep more changes for replicas that were gone for a moment: ${cli('config set repl-backlog-size 256mb')}.`,
  runbook: {
    meaning:
      'Replicas that could not go on where they had stopped: the backlog was too short, or a copy is broken off and begun anew.',
    impact: 'Each costs a fork, the disk and the network; the replica serves nothing or old data until it is done.',
    diagnosis: [
      { look: 'Full, partial and refused', shell: cli('info stats | grep ^sync_') },
      { look: 'How long the backlog is', shell: cli('info replication | grep backlog') },
      log,
    ],
    mitigation: [
      `A longer backlog: ${cli('config set repl-backlog-size 256mb')}.`,
      `The log says that the buffer of the replica was too large: ${cli('config set client-output-buffer-limit "replica 1gb 256mb 120"')}.`,
      'The link breaks again and again: look at the network.',
    ],
  },
})

export const replicationAlerts: readonly Alert[] = [
  redisReplicaLost,
  redisTooFewReplicas,
  redisReplicaBehind,
  redisReplicaSilent,
  redisFullCopies,
]
