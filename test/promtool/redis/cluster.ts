import { redisClusterDown, redisClusterSlotsUnserved } from '../../../alerts/redis/cluster.ts'
import { clusterState, slotsServed } from '../../../exporters/redis/cluster.ts'
import type { Case } from '../case.ts'
import { series } from '../series.ts'
import { steady, trial } from './trial.ts'

const node = (state: string, served: string) => [
  series(clusterState, 'redis', state),
  series(slotsServed, 'redis', served),
]

export const clusterCases: readonly Case[] = [
  ...trial({
    about: redisClusterDown,
    fault: node(steady(0), steady(10_000)),
    early: '0m',
    at: '6m',
    quiet: {
      'where it takes commands': node(steady(1), steady(16_384)),
      'of a moment': node('1x4 0 1x100', steady(16_384)),
    },
  }),
  ...trial({
    about: redisClusterSlotsUnserved,
    fault: node(steady(1), '16384x2 16383x100'),
    early: '4m',
    at: '8m',
    says: { value: '16.38k' },
    quiet: {
      'where all are served': node(steady(1), steady(16_384)),
      'where all is refused, which has its own': node(steady(0), steady(10_000)),
    },
  }),
]
