import { redisNoMaster, redisReplicaLinkDown, redisRoleChanged } from '../../../alerts/redis/failover.ts'
import { copyInProgress, masterLinkUp } from '../../../exporters/redis/replica.ts'
import type { Case } from '../case.ts'
import { type InputSeries, scraped, series } from '../series.ts'
import { identity } from './identity.ts'
import { labelled, steady, trial } from './trial.ts'

const master = { master_host: '10.0.0.1', master_port: '6379' }
const other = { master_host: '10.0.9.1', master_port: '6379' }

interface Link {
  readonly up: string
  readonly copying?: number
  readonly of?: typeof master
  /** Another than the one that is scraped as `cache`. */
  readonly as?: string
}
const link = ({ up, copying = 0, of = master, as = scraped.redis.instance }: Link): readonly InputSeries[] =>
  [series(masterLinkUp, 'redis', up, of), series(copyInProgress, 'redis', steady(copying), of)].map((one) => ({
    ...one,
    series: one.series.replace(`instance="${scraped.redis.instance}"`, `instance="${as}"`),
  }))

const broken = '1x2 0x100'

export const failoverCases: readonly Case[] = [
  ...trial({
    about: redisNoMaster,
    fault: [...link({ up: broken }), ...link({ up: broken, as: 'second' })],
    early: '5m',
    at: '9m',
    says: { labels: { job: 'redis', ...master } },
    quiet: {
      'where one of them reaches it': [...link({ up: broken }), ...link({ up: steady(1), as: 'second' })],
      'of the one replica there is, which has its own': link({ up: broken }),
      'where one of them takes a copy of it': [
        ...link({ up: broken }),
        ...link({ up: broken, copying: 1, as: 'second' }),
      ],
      'of replicas of two servers that have nothing to do with each other': [
        ...link({ up: broken }),
        ...link({ up: broken, of: other, as: 'queue' }),
      ],
    },
  }),
  ...trial({
    about: redisReplicaLinkDown,
    fault: [...link({ up: broken }), ...link({ up: steady(1), as: 'second' })],
    early: '4m',
    at: '8m',
    says: { labels: labelled(master) },
    quiet: {
      'where it is up': link({ up: steady(1) }),
      'while it takes a full copy': link({ up: broken, copying: 1 }),
      'of a moment': link({ up: '1x5 0 1x100' }),
      'where all have lost it, which has its own': [...link({ up: broken }), ...link({ up: broken, as: 'second' })],
    },
  }),
  {
    name: 'RedisReplicaLinkDown fires for the one replica there is, and for another of an unrelated server',
    about: redisReplicaLinkDown,
    series: [...link({ up: broken }), ...link({ up: broken, of: other, as: 'queue' })],
    at: '8m',
    fires: [
      { rule: redisReplicaLinkDown, labels: labelled(master) },
      { rule: redisReplicaLinkDown, labels: { job: 'redis', instance: 'queue', ...other } },
    ],
  },
  {
    name: 'RedisReplicaLinkDown fires where another takes a copy of the same master',
    about: redisReplicaLinkDown,
    series: [...link({ up: broken }), ...link({ up: broken, copying: 1, as: 'second' })],
    at: '8m',
    fires: [{ rule: redisReplicaLinkDown, labels: labelled(master) }],
  },
  ...trial({
    about: redisRoleChanged,
    fault: [identity('1x10 stale', { role: 'slave' }), identity('_x11 1x20')],
    early: '11m',
    at: '12m',
    says: { labels: labelled({ role: 'master' }) },
    quiet: {
      'where it is what it was': [identity(steady(1))],
      'of a restart': [identity('1x10 stale'), identity('_x11 1x20', { run: 'b' })],
      'of a young Prometheus': [identity('_x11 1x20')],
    },
  }),
]
