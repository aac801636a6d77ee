import { describe, expect, test } from 'vitest'
import type { Collector } from '../../../exporters/collector.ts'
import { clients } from '../../../exporters/redis/clients.ts'
import { redisCollectors } from '../../../exporters/redis/index.ts'
import { keyspace } from '../../../exporters/redis/keyspace.ts'
import { memory } from '../../../exporters/redis/memory.ts'
import { parseInfo, type Redis } from '../../../exporters/redis/source.ts'
import { stats } from '../../../exporters/redis/stats.ts'

/** What a collector reads from a server that answers INFO so. */
const readFrom = async (collector: Collector<Redis>, info: string) => {
  const source: Redis = { info: parseInfo(info), ready: async () => {}, close: async () => {} }
  const samples = await collector.collect(source, new AbortController().signal)
  return samples.map(({ metric, labels, value }) => [metric.name, ...Object.values(labels), value].join(' '))
}

describe('INFO is read line by line', () => {
  test.each<[what: string, text: string, fields: Readonly<Record<string, string>>]>([
    [
      'with CRLF, as servers send it',
      '# Server\r\nredis_version:7.0.15\r\nuptime_in_seconds:9\r\n',
      { redis_version: '7.0.15', uptime_in_seconds: '9' },
    ],
    ['with LF', 'a:1\nb:2', { a: '1', b: '2' }],
    [
      'with a colon in the value',
      'executable:/usr/bin:x\r\nlistener0:name=tcp,bind=::1',
      { executable: '/usr/bin:x', listener0: 'name=tcp,bind=::1' },
    ],
    ['with no value', 'redis_git_sha1:\r\n', { redis_git_sha1: '' }],
    ['without titles, empty lines and what is no field', '# Memory: all\r\n\r\nnot a field\r\na:1', { a: '1' }],
    ['with fields of versions to come', 'quantum_keys:7', { quantum_keys: '7' }],
    ['with nothing', '', {}],
  ])('%s', (_what, text, fields) => {
    expect(Object.fromEntries(parseInfo(text))).toEqual(fields)
  })
})

describe('Fields become the metrics of the name they are known by', () => {
  test.each<[collector: Collector<Redis>, info: string, samples: readonly string[]]>([
    [memory, 'used_memory:1024\r\nmaxmemory:0\r\n', ['redis_memory_used_bytes 1024', 'redis_memory_max_bytes 0']],
    [
      memory,
      'mem_fragmentation_ratio:1.25\r\nmem_fragmentation_bytes:-12\r\n',
      ['redis_mem_fragmentation_ratio 1.25', 'redis_mem_fragmentation_bytes -12'],
    ],
    [
      stats,
      'keyspace_hits:3\r\nkeyspace_misses:0\r\n',
      ['redis_keyspace_hits_total 3', 'redis_keyspace_misses_total 0'],
    ],
    [stats, 'expired_stale_perc:0.50', ['redis_expired_stale_percentage 0.5']],
    [clients, 'connected_clients:2\r\nmaxclients:10000', ['redis_connected_clients 2', 'redis_max_clients 10000']],
    [clients, 'connected_clients:\r\nblocked_clients:none', []],
    [stats, 'quantum_keys:7', []],
    [memory, '', []],
  ])('$name', async (collector, info, samples) => {
    expect(await readFrom(collector, info)).toEqual(samples)
  })
})

describe('The keyspace', () => {
  test.each<[what: string, info: string, samples: readonly string[]]>([
    [
      'of one database',
      '# Keyspace\r\ndb0:keys=5,expires=2,avg_ttl=1500\r\n',
      ['redis_db_keys db0 5', 'redis_db_keys_expiring db0 2', 'redis_db_avg_ttl_seconds db0 1.5'],
    ],
    [
      'of two, one of them beyond 9',
      'db0:keys=1,expires=0,avg_ttl=0\r\ndb12:keys=7,expires=0,avg_ttl=0,subexpiry=0',
      [
        'redis_db_keys db0 1',
        'redis_db_keys_expiring db0 0',
        'redis_db_avg_ttl_seconds db0 0',
        'redis_db_keys db12 7',
        'redis_db_keys_expiring db12 0',
        'redis_db_avg_ttl_seconds db12 0',
      ],
    ],
    [
      'that is empty has a database 0 without keys',
      '# Keyspace\r\n',
      ['redis_db_keys db0 0', 'redis_db_keys_expiring db0 0'],
    ],
    [
      'whose database 0 is empty tells of it beside the others',
      'db1:keys=1,expires=0,avg_ttl=0',
      [
        'redis_db_keys db0 0',
        'redis_db_keys_expiring db0 0',
        'redis_db_keys db1 1',
        'redis_db_keys_expiring db1 0',
        'redis_db_avg_ttl_seconds db1 0',
      ],
    ],
    [
      'of an old server knows no time to live',
      'db0:keys=5,expires=2',
      ['redis_db_keys db0 5', 'redis_db_keys_expiring db0 2'],
    ],
    [
      'is not taken for other fields',
      'db0_x:keys=9,expires=9\r\ndbsize:9',
      ['redis_db_keys db0 0', 'redis_db_keys_expiring db0 0'],
    ],
  ])('%s', async (_what, info, samples) => {
    expect(await readFrom(keyspace, info)).toEqual(samples)
  })
})

test('No two collectors fill the same metric, and each lists what it fills', async () => {
  const names = redisCollectors.flatMap(({ metrics }) => metrics.map(({ name }) => name))
  expect(new Set(names).size).toBe(names.length)
  for (const collector of redisCollectors) {
    const listed = collector.metrics.map(({ name }) => name)
    for (const sample of await readFrom(collector, 'used_memory:1\r\nkeyspace_hits:1\r\nmaxclients:1')) {
      expect(listed).toContain(sample.split(' ')[0])
    }
  }
})
