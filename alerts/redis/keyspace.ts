import { keys, keysExpiring } from '../../exporters/redis/keyspace.ts'
import { keyspaceHits, keyspaceMisses } from '../../exporters/redis/stats.ts'
import { add, and, div, gt, instant, lt, maxOverTime, minOverTime, rate, sub } from '../../metrics/promql.ts'
import { type Alert, alert } from '../alert.ts'
import { cli } from './cli.ts'

const lookUps = add(rate(keyspaceHits, '15m'), rate(keyspaceMisses, '15m'))
/** Look-ups a second: of fewer the share says little, and their misses harm nobody. */
const fewLookUps = 10

export const redisHitRatioLow = alert({
  name: 'RedisHitRatioLow',
  threshold: {
    is: '50 %',
    least: '1 %',
    most: '99 %',
    source: 'Ours: a cache that misses more than it hits costs more than it saves',
  },
  expr: (threshold) => and(lt(div(rate(keyspaceHits, '15m'), lookUps), threshold), gt(lookUps, fewLookUps)),
  for: '15m',
  keepFiringFor: '15m',
  severity: 'medium',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `Only ${value.percent} of the look-ups in Redis ${label('instance')} find their key: the rest goes to PostgreSQL`,
  action: `See whether keys are evicted (${cli('info stats | grep -E "evicted|expired|keyspace"')}); compare with the last deploy.`,
  runbook: {
    meaning:
      'Look-ups that found their key over all look-ups within 15 minutes, where there are more than ten a second.',
    impact: 'What the cache should answer PostgreSQL has to: pages get slower, and its connections run out.',
    diagnosis: [
      { look: 'Hits, misses, expired and evicted keys', shell: cli('info stats | grep -E "evicted|expired|keyspace"') },
      { look: 'How many keys there are, and how long they live', shell: cli('info keyspace') },
      { look: 'What is asked for (ends after 5 s)', shell: `timeout 5 ${cli('monitor')} | head -100` },
    ],
    mitigation: [
      'It was emptied or restarted: wait until it is warm again.',
      'Keys are evicted: see RedisEvicting.',
      'A deploy has changed the names of keys or their time to live: take it back, or wait until the old ones have expired.',
      'Keys that rarely exist (idempotency, rate limits) are asked for: raise or switch off the alert for this server.',
    ],
  },
})

/** Keys that stay until somebody removes them. */
const lasting = sub(instant(keys), instant(keysExpiring))
const lastingYesterday = sub(instant(keys, { offset: '1d' }), instant(keysExpiring, { offset: '1d' }))

export const redisKeysWithoutExpiry = alert({
  name: 'RedisKeysWithoutExpiry',
  threshold: {
    is: '10000',
    least: '100',
    most: '1000000000',
    source: 'Ours: 10,000 sessions a day that nothing removes',
  },
  // The fewest of six hours against the most of the same hours a day before: a queue that fills and empties is no leak.
  expr: (threshold) =>
    gt(
      sub(minOverTime(lasting, '6h', { every: '5m' }), maxOverTime(lastingYesterday, '6h', { every: '5m' })),
      threshold,
    ),
  for: '1h',
  severity: 'low',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `${label('db')} of Redis ${label('instance')} has ${value.plain} keys without a time to live more than a day ago`,
  action: `Find their names: ${cli('--scan | head -10000 | cut -d: -f1 | sort | uniq -c | sort -rn | head')}.`,
  runbook: {
    meaning: 'Keys that never expire have grown in number over a day, even at the lowest of six hours.',
    impact:
      'Memory fills until keys are evicted or writes refused. With volatile-* policies these keys are never the ones to go.',
    diagnosis: [
      { look: 'Keys of each database, and how many of them expire', shell: cli('info keyspace') },
      {
        look: 'By what their names begin with',
        shell: cli('--scan | head -10000 | cut -d: -f1 | sort | uniq -c | sort -rn | head'),
      },
    ],
    mitigation: [
      'Find the SET without EX, or the SET that overwrites a key and so removes its time to live: KEEPTTL keeps it.',
      'Give those that are there a time: EXPIRE in a loop over SCAN.',
      'Jobs of a queue that nobody takes: start the workers.',
    ],
  },
})

export const keyspaceAlerts: readonly Alert[] = [redisHitRatioLow, redisKeysWithoutExpiry]
