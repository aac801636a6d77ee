import type { Redis as Client } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clientOf, infoOf, password, reading, redisStand, scrapeOf } from './redis-stand.ts'
import { type CacheFlavour, cacheFlavours, eventually, workshop } from './servers.ts'

/** Families that a flavour does not fill, by why. A name that ends in _ stands for all that begin so. */
const absent: Readonly<Record<string, Readonly<Record<string, readonly CacheFlavour[]>>>> = {
  'only while the server loads': {
    loading_total_bytes: cacheFlavours,
    loading_loaded_bytes: cacheFlavours,
    loading_eta_seconds: cacheFlavours,
  },
  'only while the master is gone or copies': {
    master_link_down_seconds: cacheFlavours,
    master_sync_left_bytes: cacheFlavours,
  },
  'of Valkey 9': { active_time_main_thread_seconds_total: cacheFlavours },
  'of Valkey 8.1': { commandlog_: ['redis-6', 'redis-7', 'redis-8'] },
  'of Redis before 7': { aof_rewrite_buffer_length: ['redis-7', 'redis-8', 'valkey-8'] },
  'where INFO has no counters of denials': { acl_log_denials: ['redis-8', 'valkey-8'] },
  'of Redis 8': {
    mem_replica_full_sync_buffer_bytes: ['redis-6', 'redis-7', 'valkey-8'],
    io_thread_: ['redis-6', 'redis-7', 'valkey-8'],
    module_info: ['redis-6', 'redis-7', 'valkey-8'],
    db_keys_expiring_fields: ['redis-6', 'redis-7', 'valkey-8'],
    expired_subkeys_total: ['redis-6', 'redis-7', 'valkey-8'],
  },
  'of 7.2 and later': Object.fromEntries(
    [
      'acl_access_denied_',
      'allocator_muzzy_bytes',
      'client_output_buffer_limit_disconnections_total',
      'client_query_buffer_limit_disconnections_total',
      'evicted_scripts_total',
      'eventloop_',
      'instantaneous_eventloop_',
      'mem_overhead_db_hashtable_rehashing_bytes',
      'pubsub_clients',
      'total_blocking_keys',
      'total_blocking_keys_on_nokey',
      'total_watched_keys',
      'watching_clients',
    ].map((name) => [name, ['redis-6', 'redis-7']]),
  ),
  'of 6.2 or 7.0 and later': Object.fromEntries(
    [
      'active_defrag_seconds_total',
      'aof_rewrites_',
      'async_loading',
      'cluster_connections',
      'cluster_current_epoch',
      'cluster_known_nodes',
      'cluster_messages_',
      'cluster_my_epoch',
      'cluster_size',
      'cluster_slots_',
      'cluster_state',
      'commands_latencies_usec',
      'cpu_sys_main_thread_seconds_total',
      'cpu_user_main_thread_seconds_total',
      'current_',
      'dump_payload_sanitizations',
      'errors_total',
      'evicted_clients_total',
      'eviction_exceeded_time_ms_total',
      'forks_total',
      'latency_percentiles_usec',
      'lazyfreed_objects',
      'max_clients',
      'mem_cluster_links_bytes',
      'mem_total_replication_buffers_bytes',
      'memory_used_functions_bytes',
      'memory_used_scripts_eval_bytes',
      'memory_used_vm_',
      'net_repl_',
      'number_of_functions',
      'number_of_libraries',
      'pubsubshard_channels',
      'rdb_last_load_',
      'rdb_saves_total',
      'reply_buffer_',
      'total_error_replies',
    ].map((name) => [name, ['redis-6']]),
  ),
}
const isAbsent = (flavour: CacheFlavour, name: string) =>
  Object.values(absent).some((names) =>
    Object.entries(names).some(
      ([one, flavours]) =>
        flavours.includes(flavour) && (one.endsWith('_') ? name.startsWith(`redis_${one}`) : name === `redis_${one}`),
    ),
  )

/** Families that hold still, and the field of INFO with their value. */
const steady: Readonly<Record<string, string>> = {
  redis_memory_max_bytes: 'maxmemory',
  redis_process_id: 'process_id',
  redis_configured_hz: 'configured_hz',
  redis_keyspace_hits_total: 'keyspace_hits',
  redis_keyspace_misses_total: 'keyspace_misses',
  redis_connected_clients: 'connected_clients',
  redis_max_clients: 'maxclients',
  redis_total_error_replies: 'total_error_replies',
  redis_connected_slaves: 'connected_slaves',
  redis_replication_backlog_bytes: 'repl_backlog_size',
  redis_rdb_last_save_timestamp_seconds: 'rdb_last_save_time',
  redis_aof_enabled: 'aof_enabled',
  redis_replica_resyncs_full: 'sync_full',
  redis_total_system_memory_bytes: 'total_system_memory',
  redis_memory_used_startup_bytes: 'used_memory_startup',
}

describe.each(cacheFlavours)('%s', (flavour) => {
  const shop = workshop()
  let stand: Awaited<ReturnType<typeof redisStand>>
  let admin: Client

  beforeAll(async () => {
    stand = await redisStand(shop, flavour)
    admin = stand.admin
  })
  afterAll(async () => {
    admin?.disconnect()
    await shop.end()
  })

  test('every declared family is filled, or it is known why not; no series is told twice and no password at all', async () => {
    const bodies: string[] = []
    for (const url of stand.urls) {
      const { scrape, close, lines } = scrapeOf(url)
      const body = await scrape()
      bodies.push(body)
      await close()
      const series = body
        .split('\n')
        .filter((line) => /^\w/.test(line))
        .map((line) => line.slice(0, line.lastIndexOf(' ')))
      expect(series.filter((one, at) => series.indexOf(one) !== at)).toEqual([])
      expect(body.match(/^redis_scrape_collector_success\{.*\} 0$/gm)).toBeNull()
      expect(lines).toEqual([])
      expect(body).not.toContain(password)
    }
    const declared = scrapeOf(stand.master.url).collectors.flatMap(({ metrics }) => metrics.map(({ name }) => name))
    const unfilled = declared.filter((name) => !bodies.some((body) => body.includes(`\n# TYPE ${name} `)))
    expect(unfilled.filter((name) => !isAbsent(flavour, name))).toEqual([])
    expect(declared.filter((name) => isAbsent(flavour, name) && !unfilled.includes(name))).toEqual([])
  })

  test('values are those that the server itself states', async () => {
    const { scrape, close } = scrapeOf(stand.master.url)
    const body = await scrape()
    const info = await infoOf(admin)
    const told = Object.entries(steady).filter(([, field]) => field in info)
    expect(told.length).toBeGreaterThan(11)
    expect(told.map(([name]) => [name, reading(body, name)])).toEqual(
      told.map(([name, field]) => [name, Number(info[field])]),
    )
    expect(reading(body, 'redis_rdb_last_bgsave_status')).toBe(1)
    expect(reading(body, 'redis_aof_last_write_status')).toBe(1)
    expect(reading(body, 'redis_db_keys{db="db0"}')).toBe(Number(/keys=(\d+)/.exec(info.db0 ?? '')?.[1]))
    expect(reading(body, 'redis_db_keys_expiring{db="db0"}')).toBe(1)
    expect(reading(body, 'redis_db_keys{db="db15"}')).toBe(0)
    expect(reading(body, 'redis_config_maxmemory')).toBe(64 * 1024 ** 2)
    expect(reading(body, 'redis_config_save_points')).toBe(0)
    expect(reading(body, 'redis_config_client_output_buffer_limit_overcome_seconds{class="pubsub",limit="soft"}')).toBe(
      60,
    )
    expect(reading(body, 'redis_commands_total{cmd="get"}')).toBe(2)
    expect(body).toContain(`run_id="${info.run_id}"`)
    expect(
      Math.abs(reading(body, 'redis_start_time_seconds') + Number(info.uptime_in_seconds) - Date.now() / 1000),
    ).toBeLessThan(60)
    await close()
  })

  test.skipIf(flavour === 'redis-6')(
    'a histogram rises to its count, and a summary has the percentiles of INFO',
    async () => {
      const { scrape, close } = scrapeOf(stand.master.url)
      const body = await scrape()
      const buckets = [...body.matchAll(/^redis_commands_latencies_usec_bucket\{cmd="get",le="(\d+)"\} (\d+)$/gm)].map(
        ([, bound, count]) => [Number(bound), Number(count)] as const,
      )
      expect(buckets.length).toBeGreaterThan(0)
      expect(buckets).toEqual(buckets.toSorted(([a, m], [b, n]) => a - b || m - n))
      expect(buckets.at(-1)?.[1]).toBe(2)
      expect(reading(body, 'redis_commands_latencies_usec_count{cmd="get"}')).toBe(2)
      const [, p50 = ''] = /p50=([\d.]+)/.exec((await infoOf(admin)).latency_percentiles_usec_get ?? '') ?? []
      expect(reading(body, 'redis_latency_percentiles_usec{cmd="get",quantile="50"}')).toBe(Number(p50))
      expect(reading(body, 'redis_latency_percentiles_usec_count{cmd="get"}')).toBe(2)
      await close()
    },
  )

  test('a command that held up the server is told of as a spike and by name in the slow log, each call once', async () => {
    const { scrape, close } = scrapeOf(stand.master.url)
    const slow = (body: string) => reading(body, 'redis_slowlog_entries_total{command="debug"}')
    const total = (body: string) =>
      [...body.matchAll(/^redis_slowlog_entries_total\{.*\} (\d+)$/gm)].reduce(
        (sum, [, count]) => sum + Number(count),
        0,
      )
    const first = await scrape()
    expect(total(first)).toBe(0)
    await admin.call('DEBUG', 'SLEEP', '0.03')
    const second = await scrape()
    expect(slow(second)).toBe(1)
    expect(total(second)).toBeGreaterThanOrEqual(
      reading(second, 'redis_slowlog_last_id') - reading(first, 'redis_slowlog_last_id'),
    )
    expect(reading(second, 'redis_slowlog_longest_duration_seconds{command="debug"}')).toBeGreaterThanOrEqual(0.03)
    expect(reading(second, 'redis_latency_spike_duration_seconds{event_name="command"}')).toBeGreaterThanOrEqual(0.03)
    expect(reading(second, 'redis_latency_spike_longest_seconds{event_name="command"}')).toBeGreaterThanOrEqual(0.03)
    expect(slow(await scrape())).toBe(1)
    await admin.call('SLOWLOG', 'RESET')
    await admin.call('DEBUG', 'SLEEP', '0.01')
    expect(slow(await scrape())).toBe(2)
    expect(await scrape()).not.toContain('SLEEP')
    await close()
  })

  test('a client that waits is blocked', async () => {
    const waiting = clientOf(stand.master.url)
    const { scrape, close } = scrapeOf(stand.master.url)
    const popped = waiting.call('BLPOP', 'queue', '0')
    await eventually(scrape, (body) => reading(body, 'redis_blocked_clients') === 1)
    await admin.rpush('queue', 'x')
    expect(await popped).toEqual(['queue', 'x'])
    expect(reading(await scrape(), 'redis_blocked_clients')).toBe(0)
    waiting.disconnect()
    await close()
  })

  test.skipIf(flavour === 'redis-6')('a cluster is well once every slot has a node', async () => {
    const { scrape, close } = scrapeOf(stand.node?.url ?? '')
    const node = clientOf(stand.node?.url ?? '')
    const before = await scrape()
    expect(reading(before, 'redis_cluster_state')).toBe(0)
    expect(before.match(/^redis_db_keys\{/gm)).toHaveLength(1)
    await node.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
    const body = await eventually(scrape, (text) => reading(text, 'redis_cluster_state') === 1)
    expect(reading(body, 'redis_cluster_slots_ok')).toBe(16_384)
    node.disconnect()
    await close()
  })

  test('a refused command is counted by its reason', async () => {
    await admin.call('ACL', 'SETUSER', 'guest', 'on', '>guest', '-@all', '+get', '~open:*')
    const url = new URL(stand.master.url)
    url.username = url.password = 'guest'
    const guest = clientOf(url.href)
    const { scrape, close } = scrapeOf(stand.master.url)
    const before = await scrape()
    await expect(guest.set('x', '1')).rejects.toThrow('NOPERM')
    await expect(guest.get('closed')).rejects.toThrow('NOPERM')
    const after = await scrape()
    const names =
      flavour === 'redis-6' || flavour === 'redis-7'
        ? ['redis_acl_log_denials{reason="command"}', 'redis_acl_log_denials{reason="key"}']
        : ['redis_acl_access_denied_cmd_total', 'redis_acl_access_denied_key_total']
    // A client may ask for more than its user types.
    for (const name of names) expect(reading(after, name)).toBeGreaterThan(reading(before, name))
    guest.disconnect()
    await close()
  })

  test('a master tells how far its replica is, and a replica whether its master is there', async () => {
    const [ofMaster, ofReplica] = [scrapeOf(stand.master.url), scrapeOf(stand.replica.url)]
    const port = new URL(stand.replica.url).port
    const where = `{slave_ip="127.0.0.1",slave_port="${port}",slave_state="online"}`
    const master = `{master_host="127.0.0.1",master_port="${new URL(stand.master.url).port}"`
    await admin.set('more', 'x'.repeat(1000))
    const caughtUp = await eventually(
      ofMaster.scrape,
      (body) => reading(body, `redis_connected_slave_lag_bytes${where}`) === 0,
    )
    expect(reading(caughtUp, `redis_connected_slave_offset_bytes${where}`)).toBeGreaterThan(1000)
    expect(reading(caughtUp, `redis_connected_slave_lag_seconds${where}`)).toBeLessThan(60)
    expect(reading(caughtUp, 'redis_good_replicas')).toBe(1)
    expect(await ofReplica.scrape()).toContain(`redis_master_link_up${master}} 1`)
    process.kill(stand.replica.pid, 'SIGSTOP')
    try {
      await admin.set('more', 'x'.repeat(1000))
      expect(reading(await ofMaster.scrape(), `redis_connected_slave_lag_bytes${where}`)).toBeGreaterThan(1000)
    } finally {
      process.kill(stand.replica.pid, 'SIGCONT')
    }
    const replica = clientOf(stand.replica.url)
    await replica.call('REPLICAOF', '127.0.0.1', '1')
    await replica.config('SET', 'replica-serve-stale-data', 'no')
    await expect(replica.get('kept')).rejects.toThrow('MASTERDOWN')
    const alone = await ofReplica.scrape()
    expect(reading(alone, 'redis_up')).toBe(1)
    expect(reading(alone, 'redis_master_link_up{master_host="127.0.0.1",master_port="1"}')).toBe(0)
    expect(alone).toContain('redis_master_link_down_seconds{master_host="127.0.0.1",master_port="1"}')
    expect(reading(alone, 'redis_slave_info{master_host="127.0.0.1",master_port="1",read_only="1"}')).toBe(1)
    expect(alone).not.toMatch(/collector_success\{.*\} 0/)
    replica.disconnect()
    for (const { close } of [ofMaster, ofReplica]) await close()
  })
})
