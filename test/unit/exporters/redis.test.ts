import { describe, expect, test } from 'vitest'
import type { Collector } from '../../../exporters/collector.ts'
import { remainder } from '../../../exporters/reading.ts'
import { chosen } from '../../../exporters/redis/bounded.ts'
import { clients } from '../../../exporters/redis/clients.ts'
import { commands } from '../../../exporters/redis/commands.ts'
import { errorNames } from '../../../exporters/redis/errors.ts'
import { numberOf } from '../../../exporters/redis/fields.ts'
import { redisCollectors } from '../../../exporters/redis/index.ts'
import { keyspace } from '../../../exporters/redis/keyspace.ts'
import { histograms } from '../../../exporters/redis/latency-histograms.ts'
import { percentiles } from '../../../exporters/redis/latency-percentiles.ts'
import { memory } from '../../../exporters/redis/memory.ts'
import { modules } from '../../../exporters/redis/modules.ts'
import { persistence } from '../../../exporters/redis/persistence.ts'
import { replication } from '../../../exporters/redis/replication.ts'
import { server } from '../../../exporters/redis/server.ts'
import { parseInfo, type Redis } from '../../../exporters/redis/source.ts'
import { stats } from '../../../exporters/redis/stats.ts'
import { samplesOf } from '../../readings.ts'

type Replies = Readonly<Record<string, unknown>>

/** A server that answers INFO so, and other commands as given by their first words; what is not given it refuses. */
const answering = (info: string, replies: Replies = {}): Redis => ({
  info: async () => parseInfo(info),
  ask: async (...words) => {
    const found = Object.entries(replies).find(([start]) => words.join(' ').startsWith(start))
    if (!found) throw new Error('NOPERM')
    return found[1]
  },
  failed: () => undefined,
})

/** What a collector reads from it, a line each. */
const readFrom = async (collector: Collector<Redis>, info: string, replies?: Replies) => {
  const readings = await collector.collect(answering(info, replies), new AbortController().signal)
  return samplesOf(readings).map(({ metric, suffix = '', labels, value }) =>
    [metric.name.replace('redis_', '') + suffix, ...Object.values(labels), value].join(' '),
  )
}

describe('INFO is read line by line', () => {
  test.each<[what: string, text: string, fields: Readonly<Record<string, string>>]>([
    [
      'with CRLF, as servers send it',
      '# Server\r\nredis_version:7.0.15\r\nuptime:9\r\n',
      { redis_version: '7.0.15', uptime: '9' },
    ],
    ['with LF', 'a:1\nb:2', { a: '1', b: '2' }],
    [
      'with a colon in the value',
      'executable:/usr/bin:x\r\nl0:name=tcp,bind=::1',
      { executable: '/usr/bin:x', l0: 'name=tcp,bind=::1' },
    ],
    ['with no value', 'redis_git_sha1:\r\n', { redis_git_sha1: '' }],
    ['without titles, empty lines and what is no field', '# Memory: all\r\n\r\nnot a field\r\na:1', { a: '1' }],
    ['with fields of versions to come', 'quantum_keys:7', { quantum_keys: '7' }],
    ['with each module', 'module:name=a\r\nmodule:name=b', { module: 'name=a\nname=b' }],
    ['with a field that stands twice, of which the last counts', 'a:1\na:2', { a: '2' }],
    ['with nothing', '', {}],
  ])('%s', (_what, text, fields) => {
    expect(Object.fromEntries(parseInfo(text))).toEqual(fields)
  })
})

test.each<[text: string | undefined, value: number | undefined]>([
  ['0', 0],
  ['-12', -12],
  ['1.25', 1.25],
  ['1e3', 1000],
  ['18446744073709551615', 18446744073709552000],
  ['ok', 1],
  ['err', 0],
  ['', undefined],
  [' ', undefined],
  ['-nan', undefined],
  ['inf', undefined],
  ['1e999', undefined],
  ['0x10', undefined],
  ['12abc', undefined],
  ['toString', undefined],
  [undefined, undefined],
])('the value %j is %j', (text, value) => {
  expect(numberOf(text)).toBe(value)
})

const all = () => chosen(200)
const calls = (cmd: string, count: number, rest = ',usec_per_call=1.00,rejected_calls=1,failed_calls=2') =>
  `cmdstat_${cmd}:calls=${count},usec=${count * 1000}${rest}\r\n`

describe('Fields become the metrics of the name they are known by', () => {
  test.each<[what: string, collector: Collector<Redis>, info: string, samples: readonly string[]]>([
    ['memory', memory, 'used_memory:1024\r\nmaxmemory:0', ['memory_used_bytes 1024', 'memory_max_bytes 0']],
    ['negative', memory, 'mem_fragmentation_bytes:-12', ['mem_fragmentation_bytes -12']],
    ['counters', stats, 'keyspace_hits:3\r\nkeyspace_misses:0', ['keyspace_hits_total 3', 'keyspace_misses_total 0']],
    ['no number', clients, 'connected_clients:\r\nblocked_clients:none', []],
    ['unknown', stats, 'quantum_keys:7', []],
    ['nothing', memory, '', []],
    [
      'states',
      persistence,
      'rdb_last_bgsave_status:err\r\naof_last_write_status:ok',
      ['rdb_last_bgsave_status 0', 'aof_last_write_status 1'],
    ],
    ['microseconds', persistence, 'latest_fork_usec:1500000', ['latest_fork_seconds 1.5']],
    [
      'the clock of the server',
      server,
      'uptime_in_seconds:9\r\nserver_time_usec:109500000',
      ['instance_info           1', 'start_time_seconds 100'],
    ],
    [
      'commands',
      commands(all()),
      calls('get', 3),
      [
        'commands_total get 3',
        'commands_duration_seconds_total get 0.003',
        'commands_rejected_calls_total get 1',
        'commands_failed_calls_total get 2',
      ],
    ],
    [
      'commands before 6.2',
      commands(all()),
      calls('get', 3, ''),
      ['commands_total get 3', 'commands_duration_seconds_total get 0.003'],
    ],
    ['commands cut off', commands(all()), 'cmdstat_get:calls=3\r\ncmdstat_set:', []],
    [
      'percentiles',
      percentiles(all()),
      `${calls('get', 3)}latency_percentiles_usec_get:p50=1.003,p99.9=4.015,p=x`,
      [
        'latency_percentiles_usec get 50 1.003',
        'latency_percentiles_usec get 99.9 4.015',
        'latency_percentiles_usec_sum get 3000',
        'latency_percentiles_usec_count get 3',
      ],
    ],
    ['percentiles of no command', percentiles(all()), 'latency_percentiles_usec_get:p50=1.003', []],
    [
      'errors of odd names',
      errorNames(),
      'errorstat_ERR:count=2\r\nerrorstat_a"\\=b:count=1\r\nerrorstat_x:none',
      ['errors_total ERR 2', 'errors_total a"\\=b 1'],
    ],
    [
      'modules',
      modules,
      'module:name=a,ver=1,api=1,filters=0,usedby=[b,c],using=[],options=[]\r\nmodule:name=?',
      ['module_info a 1 1 0 [b,c] [] 1'],
    ],
    [
      'replicas',
      replication,
      'master_repl_offset:150\r\nslave0:ip=::1,port=2,state=online,offset=100,lag=1',
      [
        'master_repl_offset 150',
        'connected_slave_offset_bytes ::1 2 online 100',
        'connected_slave_lag_seconds ::1 2 online 1',
        'connected_slave_lag_bytes ::1 2 online 50',
      ],
    ],
    [
      'two replicas of one address',
      replication,
      'slave0:ip=a,port=2,state=online,offset=1,lag=-1\r\nslave1:ip=a,port=2,state=online,offset=2,lag=-1',
      ['connected_slave_offset_bytes a 2 online 2'],
    ],
    ['a replica cut off', replication, 'slave0:ip=a,port=', []],
  ])('%s', async (_what, collector, info, samples) => {
    expect(await readFrom(collector, info)).toEqual(samples)
  })
})

describe('The keyspace', () => {
  const two = { 'CONFIG GET databases': ['databases', '2'] }
  test.each<[what: string, info: string, replies: Replies, samples: readonly string[]]>([
    [
      'has every database there may be',
      'db1:keys=5,expires=2,avg_ttl=1500,subexpiry=1',
      two,
      [
        'db_keys db0 0',
        'db_keys db1 5',
        'db_keys_expiring db0 0',
        'db_keys_expiring db1 2',
        'db_avg_ttl_seconds db1 1.5',
        'db_keys_expiring_fields db1 1',
      ],
    ],
    [
      'has those that hold keys, and database 0, where CONFIG is refused',
      'db12:keys=7,expires=0',
      {},
      ['db_keys db0 0', 'db_keys db12 7', 'db_keys_expiring db0 0', 'db_keys_expiring db12 0'],
    ],
    ['of a cluster has one', 'cluster_enabled:1', two, ['db_keys db0 0', 'db_keys_expiring db0 0']],
    [
      'is not taken for other fields',
      'db0_x:keys=9,expires=9\r\ndbsize:9\r\ndb3:x',
      {},
      ['db_keys db0 0', 'db_keys_expiring db0 0'],
    ],
  ])('%s', async (_what, info, replies, samples) => {
    expect(await readFrom(keyspace, info, replies)).toEqual(samples)
  })

  test('of more than 100 databases has the filled ones by themselves, and the sum of all', async () => {
    const info = Array.from({ length: 120 }, (_, db) => `db${db + 100}:keys=2,expires=1`).join('\r\n')
    const found = await readFrom(keyspace, info, { 'CONFIG GET': ['databases', '100000'] })
    const keys = found.filter((line) => line.startsWith('db_keys '))
    expect(keys).toHaveLength(101)
    expect(keys.at(-1)).toBe('db_keys other 40')
  })
})

describe('What is shown by itself', () => {
  const counts = (...entries: readonly (readonly [string, number])[]) => new Map(entries)

  test('is the first by count, stays so, and leaves room for no other', () => {
    const choose = chosen(2)
    expect([...choose(counts(['a', 1], ['b', 9], ['c', 5]))]).toEqual(['b', 'c'])
    expect([...choose(counts(['a', 100], ['b', 9], ['c', 5]))]).toEqual(['b', 'c'])
  })

  test('is never named like the remainder', () => {
    expect([...chosen(5)(counts([remainder, 9], ['b', 1]))]).toEqual(['b'])
  })

  test('leaves a remainder that is exact', async () => {
    const choose = chosen(1)
    const info = calls('get', 5) + calls('set', 2) + calls('del', 1, '')
    const found = await readFrom(commands(choose), info)
    expect(found).toContain('commands_total get 5')
    expect(found).toContain('commands_total other 3')
    expect(found).toContain('commands_duration_seconds_total other 0.003')
    expect(found).toContain('commands_rejected_calls_total other 1')
    expect(found.filter((line) => line.includes('set'))).toEqual([])
    expect(await readFrom(percentiles(choose), `${info}latency_percentiles_usec_set:p50=1`)).toEqual([])
  })

  test('leaves a remainder whose histogram counts each call at every bound above it', async () => {
    const told = (...buckets: readonly number[]) => ['calls', buckets.at(-1), 'histogram_usec', buckets]
    const reply = ['get', told(1, 5), 'set', told(2, 1, 8, 2), 'del', told(4, 1), 'broken', 7]
    const info = `redis_version:7.0.0\r\n${calls('get', 5)}${calls('set', 2)}${calls('del', 1)}`
    expect(await readFrom(histograms(chosen(1)), info, { 'LATENCY HISTOGRAM': reply })).toEqual([
      'commands_latencies_usec_bucket get 1 5',
      'commands_latencies_usec_bucket get +Inf 5',
      'commands_latencies_usec_sum get 5000',
      'commands_latencies_usec_count get 5',
      'commands_latencies_usec_bucket other 2 1',
      'commands_latencies_usec_bucket other 4 2',
      'commands_latencies_usec_bucket other 8 3',
      'commands_latencies_usec_bucket other +Inf 3',
      'commands_latencies_usec_sum other 3000',
      'commands_latencies_usec_count other 3',
    ])
  })
})

test('No two collectors have one name or fill the same metric', () => {
  const collectors = redisCollectors()
  const names = collectors.flatMap(({ metrics }) => metrics.map(({ name }) => name))
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([])
  expect(new Set(collectors.map(({ name }) => name)).size).toBe(collectors.length)
})

test.each<[what: string, text: string]>([
  ['nothing', ''],
  ['separators', ':=,|\n'.repeat(50)],
  [
    'every field without a value',
    'redis_version:7.0.0\ncmdstat_:\ndb0:\nslave0:\nmodule:\nerrorstat_:\nio_thread_0:\nrole:slave',
  ],
  ['one endless line', `module:name=${'a,ver='.repeat(20_000)}`],
  ['the same line many times', 'db0:keys=1,expires=0\nslave0:ip=a,offset=1\n'.repeat(10_000)],
])('An INFO of %s breaks no collector', async (_what, text) => {
  const replies = { CONFIG: 7, LATENCY: [[[]]], SLOWLOG: [null, 'x', [1]], ACL: 'x', CLUSTER: null, COMMANDLOG: [] }
  for (const collector of redisCollectors()) {
    for (const line of await readFrom(collector, text, replies)) expect(line).not.toMatch(/ (?:NaN|undefined)$/)
  }
})
