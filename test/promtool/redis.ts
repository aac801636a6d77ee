import { redisDown, redisMemoryNearLimit } from '../../alerts/redis.ts'
import { redisVitals } from '../../exporters/redis/index.ts'
import { memoryMax, memoryUsed } from '../../exporters/redis/memory.ts'
import type { Case } from './case.ts'
import { scraped, series } from './series.ts'

const at = scraped.redis

const memory = ({ used, max }: { readonly used: number; readonly max: number }) => [
  series(memoryUsed, 'redis', `${used}x10`),
  series(memoryMax, 'redis', `${max}x10`),
]

export const redisCases: readonly Case[] = [
  {
    name: 'Redis that does not answer is told after a minute',
    about: redisDown,
    series: [series(redisVitals.up, 'redis', '1x2 0x5')],
    at: '5m',
    fires: [{ rule: redisDown, labels: at }],
  },
  {
    name: 'Redis that answers is not told',
    about: redisDown,
    series: [series(redisVitals.up, 'redis', '1x10')],
    at: '10m',
    fires: [],
  },
  {
    name: 'Redis above 90 % of its maxmemory is told',
    about: redisMemoryNearLimit,
    series: memory({ used: 950, max: 1000 }),
    at: '5m',
    fires: [{ rule: redisMemoryNearLimit, labels: at, value: '95%' }],
  },
  {
    name: 'Redis at 85 % of its maxmemory is not told',
    about: redisMemoryNearLimit,
    series: memory({ used: 850, max: 1000 }),
    at: '10m',
    fires: [],
  },
  {
    name: 'Redis without maxmemory is not told: its limit reads 0, and nothing is near it',
    about: redisMemoryNearLimit,
    series: memory({ used: 950, max: 0 }),
    at: '10m',
    fires: [],
  },
]
