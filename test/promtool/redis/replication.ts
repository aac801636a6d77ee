import {
  redisFullCopies,
  redisReplicaBehind,
  redisReplicaLost,
  redisReplicaSilent,
  redisTooFewReplicas,
} from '../../../alerts/redis/replication.ts'
import { configValue } from '../../../exporters/redis/config.ts'
import {
  connectedReplicas,
  fullCopies,
  goodReplicas,
  replicaLagBytes,
  replicaLagSeconds,
} from '../../../exporters/redis/replication.ts'
import type { Case } from '../case.ts'
import { series } from '../series.ts'
import { identity } from './identity.ts'
import { labelled, perMinute, steady, trial } from './trial.ts'

const replica = { slave_ip: '10.0.0.2', slave_port: '6379', slave_state: 'online' }
const copying = { ...replica, slave_state: 'send_bulk' }
const connected = (values: string, role: 'master' | 'slave' = 'master') => [
  series(connectedReplicas, 'redis', values),
  identity(steady(1), { role }),
]
const demanded = (good: number, least: number) => [
  series(goodReplicas, 'redis', steady(good)),
  series(configValue, 'redis', steady(least), { key: 'min-replicas-to-write' }),
  series(configValue, 'redis', steady(9), { key: 'maxclients' }),
]
const mebibytes = 1024 ** 2

export const replicationCases: readonly Case[] = [
  ...trial({
    about: redisReplicaLost,
    fault: connected('2x80 1x100'),
    early: '84m',
    at: '90m',
    says: { value: '1' },
    quiet: {
      'where all are there': connected(steady(2)),
      'after an hour': connected('2x10 1x200'),
      'of one that reconnects and is counted twice for a moment': connected('2x27 3x2 2x200'),
      'of a master that became a replica': connected('2x80 0x100', 'slave'),
      'of a young Prometheus': connected('_x40 1x100'),
    },
  }),
  ...trial({
    about: redisTooFewReplicas,
    fault: demanded(1, 2),
    early: '0m',
    at: '5m',
    says: { value: '1' },
    quiet: {
      'of as many as are demanded': demanded(2, 2),
      'where none is demanded': demanded(0, 0),
      'where nobody tells what is demanded': demanded(0, 1).filter(({ series: name }) => !name.includes('config')),
    },
  }),
  ...trial({
    about: redisReplicaBehind,
    fault: [series(replicaLagBytes, 'redis', steady(20 * mebibytes), replica)],
    early: '4m',
    at: '15m',
    says: { value: '20Mi', labels: labelled(replica) },
    quiet: {
      'at 10 MiB': [series(replicaLagBytes, 'redis', steady(10 * mebibytes), replica)],
      'of one that takes a full copy': [series(replicaLagBytes, 'redis', steady(99 * mebibytes), copying)],
      'of a burst that it has caught up with': [
        series(replicaLagBytes, 'redis', `${20 * mebibytes}x12 0 ${20 * mebibytes}x50`, replica),
      ],
    },
  }),
  ...trial({
    about: redisReplicaSilent,
    fault: [series(replicaLagSeconds, 'redis', steady(45), replica)],
    early: '1m',
    at: '5m',
    says: { value: '45s', labels: labelled(replica) },
    quiet: {
      'at 30 s': [series(replicaLagSeconds, 'redis', steady(30), replica)],
      'of one that is counted out after a minute': [series(replicaLagSeconds, 'redis', '1x2 40 60 stale', replica)],
      'of one that takes a full copy': [series(replicaLagSeconds, 'redis', steady(45), copying)],
    },
  }),
  ...trial({
    about: redisFullCopies,
    fault: [series(fullCopies, 'redis', perMinute(0.4)), series(connectedReplicas, 'redis', steady(1))],
    early: '8m',
    at: '90m',
    says: { value: '24' },
    quiet: {
      'of three in an hour': [series(fullCopies, 'redis', '0x60 3x120'), series(connectedReplicas, 'redis', steady(1))],
      'of a restart': [series(fullCopies, 'redis', '90x60 0x120'), series(connectedReplicas, 'redis', steady(1))],
      // Connected in one scrape of ten.
      'of a backup every few minutes': [
        series(fullCopies, 'redis', perMinute(0.1)),
        series(connectedReplicas, 'redis', '1 0x8 '.repeat(20).trim()),
      ],
    },
  }),
]
