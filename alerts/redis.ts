import { redisVitals } from '../exporters/redis/index.ts'
import { memoryMax, memoryUsed } from '../exporters/redis/memory.ts'
import { div, eq, gt, instant } from '../metrics/promql.ts'
import { type Alert, alert } from './alert.ts'

export const redisDown = alert({
  name: 'RedisDown',
  expr: eq(instant(redisVitals.up), 0),
  for: '1m',
  severity: 'critical',
  owner: 'platform',
  summary: ({ label }) =>
    `Redis ${label('instance')} does not answer: sessions are lost and every page reads the database`,
  action:
    "Read the exporter's log for the reason (refused, password, no answer). Check that the server runs and was not killed " +
    'for memory (dmesg); restart it. Watch PostgreSQL meanwhile: it takes the load.',
})

/** Of its maxmemory, from here on Redis has too little left. */
export const memoryNearLimit = 0.9

export const redisMemoryNearLimit = alert({
  name: 'RedisMemoryNearLimit',
  // Without a limit maxmemory is 0, and nothing is near it.
  expr: gt(div(instant(memoryUsed), gt(instant(memoryMax), 0)), memoryNearLimit),
  for: '2m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) =>
    `Redis ${label('instance')} uses ${value.percent} of its maxmemory: it evicts keys or refuses writes next`,
  action:
    'See what grew: redis-cli --bigkeys, redis-cli info keyspace. Remove what should have expired, or raise maxmemory ' +
    '(CONFIG SET maxmemory) if the host has room.',
})

export const redisAlerts: readonly Alert[] = [redisDown, redisMemoryNearLimit]
