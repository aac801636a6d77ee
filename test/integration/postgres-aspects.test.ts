import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { postgresMajors } from '../../compose/local/postgres-package.ts'
import type { Server } from '../../compose/local/process.ts'
import type { Collector } from '../../exporters/collector.ts'
import { archiveAge, archived, archiveFailures, archiver } from '../../exporters/postgres/archiver.ts'
import { autovacuum, autovacuumStart } from '../../exporters/postgres/autovacuum.ts'
import { backgroundWriter, checkpointsRequested } from '../../exporters/postgres/background-writer.ts'
import { bufferCache } from '../../exporters/postgres/buffer-cache.ts'
import { checkpointer } from '../../exporters/postgres/checkpointer.ts'
import { conflicts } from '../../exporters/postgres/conflicts.ts'
import { idle, idleSeconds } from '../../exporters/postgres/idle.ts'
import { postgresVitals } from '../../exporters/postgres/index.ts'
import { locks, locksHeld } from '../../exporters/postgres/locks.ts'
import { clusterInfo, postmaster, serverVersion, startTime } from '../../exporters/postgres/postmaster.ts'
import { isReplica, lastReplay, replication, replicationLag, standbyLag } from '../../exporters/postgres/replication.ts'
import { roleLimit, roles } from '../../exporters/postgres/roles.ts'
import { blockSize, maxLocksPerTransaction, maxStatements, settings } from '../../exporters/postgres/settings.ts'
import { slotActive, slotLag, slots } from '../../exporters/postgres/slots.ts'
import { type Choice, type Postgres, postgres } from '../../exporters/postgres/source.ts'
import { surveyOf } from '../../exporters/postgres/survey.ts'
import { longTransactions, oldestTransaction, transactions } from '../../exporters/postgres/transactions.ts'
import { vacuumPhase, vacuumProgress } from '../../exporters/postgres/vacuum-progress.ts'
import { wal, walPosition, walSegments, walSize } from '../../exporters/postgres/wal.ts'
import { walReceiver } from '../../exporters/postgres/wal-receiver.ts'
import { multixactAge, transactionAge, wraparound } from '../../exporters/postgres/wraparound.ts'
import { scraper } from '../../exporters/scrape.ts'
import type { Sample } from '../../metrics/metric.ts'
import { having, samplesOf } from '../readings.ts'
import { eventually, workshop } from './servers.ts'

const password = 'a-monitor-password'

interface Named {
  readonly name: string
}
type Labels = Readonly<Record<string, string>>

/** The value of the one series there is. */
const value = (samples: readonly Sample[], metric: Named, labels?: Labels) => {
  const found = having(samples, metric, labels)
  expect(found.length, `series of ${metric.name}`).toBeLessThanOrEqual(1)
  return found[0]?.value
}

describe.each(postgresMajors)('PostgreSQL %i', (major) => {
  const shop = workshop()
  const closing: (() => Promise<unknown>)[] = []
  /** Of one test. */
  const sessions: Client[] = []
  let primary: Server
  let standby: Server
  let admin: Client
  let here: Postgres
  let there: Postgres

  const urlAs = ({ url }: Server, { user = 'postgres', secret = '', database = 'shop' } = {}) => {
    const login = new URL(url)
    if (user !== 'postgres') [login.username, login.password] = [user, secret]
    login.pathname = `/${database}`
    return login.href
  }
  const session = async (url: string, applicationName = 'somebody') => {
    const opened = new Client({ connectionString: url, application_name: applicationName })
    opened.on('error', () => undefined)
    await opened.connect()
    sessions.push(opened)
    return opened
  }
  const open = async (server: Server, databases?: Choice) => {
    const source = postgres(urlAs(server, { user: 'monitor', secret: password }), { databases })
    closing.push(() => source.close())
    await source.ready(new AbortController().signal, 10_000)
    const failed = (_: string, cause: unknown) => {
      throw cause
    }
    return source.reader({ spent: () => undefined, failed })
  }
  const collect = async (collector: Collector<Postgres>, from = here) =>
    samplesOf(await collector.collect(from, AbortSignal.timeout(10_000)))
  const ask = async (sql: string, client = admin) => (await client.query(sql)).rows[0]

  beforeAll(async () => {
    primary = await shop.postgres({
      major,
      settings: {
        archive_mode: 'on',
        wal_level: 'logical',
        autovacuum_naptime: '1s',
        max_standby_streaming_delay: '0',
        wal_receiver_status_interval: '1',
      },
    })
    const root = new Client(primary.url)
    await root.connect()
    await root.query('create database shop')
    await root.query('create database annex')
    await root.end()
    admin = new Client(urlAs(primary))
    await admin.connect()
    closing.push(() => admin.end())
    await admin.query(`
      create role monitor login password '${password}';
      grant pg_monitor to monitor;
      create role stranger login password '${password}' connection limit 7;
      create table guests (id int primary key);
      insert into guests select generate_series(1, 1000)`)
    standby = await shop.standby(primary)
    here = await open(primary)
    there = await open(standby)
  })
  afterEach(async () => {
    for (const opened of sessions.splice(0)) await opened.end()
  })
  afterAll(async () => {
    for (const close of closing.toReversed()) await close()
    await shop.end()
  })

  test('a lock is counted in its database and mode, and the modes nobody holds are 0', async () => {
    const held = { datname: 'shop', mode: 'accessexclusivelock' }
    const before = await collect(locks)
    expect(having(before, locksHeld, { datname: 'shop' }).map(({ value }) => value)).toEqual(Array(9).fill(0))
    const holder = await session(urlAs(primary))
    await holder.query('begin; lock table guests in access exclusive mode')
    const samples = await collect(locks)
    expect(value(samples, locksHeld, held)).toBe(1)
    expect(value(samples, locksHeld, { ...held, datname: 'annex' })).toBe(0)
  })

  test('a transaction that stays open is counted from its age on, and none without one', async () => {
    const before = await collect(transactions({ long: 0 }))
    expect([value(before, longTransactions), value(before, oldestTransaction)]).toEqual([0, 0])
    const holder = await session(urlAs(primary))
    await holder.query('begin; select 1')
    const samples = await collect(transactions({ long: 0 }))
    expect(value(samples, longTransactions)).toBe(1)
    expect(value(samples, oldestTransaction)).toBeGreaterThan(0)
    expect(value(await collect(transactions()), longTransactions)).toBe(0)
  })

  test('idle sessions are counted by application and state, and of many applications the rest together', async () => {
    const counts = (samples: readonly Sample[], labels: Labels) =>
      having(samples, idleSeconds, labels).filter(({ suffix }) => suffix === '_count')
    const pool = [await session(urlAs(primary), 'pool'), await session(urlAs(primary), 'pool')]
    await pool[0]?.query('begin')
    const samples = await collect(idle)
    expect(counts(samples, { application_name: 'pool' }).map(({ labels, value }) => [labels.state, value])).toEqual(
      expect.arrayContaining([
        ['idle', 1],
        ['idle in transaction', 1],
      ]),
    )
    const buckets = having(samples, idleSeconds, { application_name: 'pool', state: 'idle' })
    expect(buckets.map(({ suffix, labels }) => labels.le ?? suffix)).toEqual([
      '1',
      '2',
      '5',
      '15',
      '30',
      '60',
      '90',
      '120',
      '300',
      '+Inf',
      '_sum',
      '_count',
    ])
    expect(buckets.find(({ labels }) => labels.le === '300')?.value).toBe(1)
    for (let n = 0; n < 60; n++) await session(urlAs(primary), `one-of-many-${n}`)
    const many = await collect(idle)
    expect(new Set(having(many, idleSeconds).map(({ labels }) => labels.application_name)).size).toBe(51)
    expect(value(counts(many, {}), idleSeconds, { application_name: 'other' })).toBeGreaterThan(0)
    expect(value(counts(many, {}), idleSeconds, { application_name: 'pool', state: 'idle' })).toBe(1)
  })

  test('settings are told in base units, as the server has them and not as the scrape sets them', async () => {
    await admin.query(`alter system set work_mem = '12MB'`)
    await admin.query(`alter system set log_min_duration_statement = '250ms'`)
    await admin.query(`alter system set primary_conninfo = 'host=nowhere password=sekret-word'`)
    await admin.query('select pg_reload_conf()')
    const setting = (samples: readonly Sample[], name: string) => value(samples, { name: `pg_settings_${name}` })
    const samples = await eventually(
      () => collect(settings),
      (found) => setting(found, 'work_mem_bytes') === 12 * 1024 ** 2,
    )
    expect(setting(samples, 'log_min_duration_statement_seconds')).toBe(0.25)
    expect(setting(samples, 'statement_timeout_seconds')).toBe(0)
    expect(setting(samples, 'lock_timeout_seconds')).toBe(0)
    expect(setting(samples, 'jit')).toBe(1)
    expect(setting(samples, 'temp_file_limit_bytes')).toBe(-1)
    expect(setting(samples, 'max_connections')).toBe(100)
    expect(setting(samples, 'reserved_connections')).toBe(0)
    expect([maxLocksPerTransaction, blockSize, maxStatements].map((one) => value(samples, one))).toEqual([
      64, 8192, 5000,
    ])
    expect(setting(samples, 'transaction_read_only')).toBe(0)
    expect(setting(await collect(settings, there), 'transaction_read_only')).toBe(1)
    expect(JSON.stringify(samples)).not.toMatch(/sekret|conninfo/)
    await admin.query('alter system reset all')
    await admin.query('select pg_reload_conf()')
  })

  test('replication tells who is whose replica, and how far it is behind when replay stops', async () => {
    const replica = await session(urlAs(standby))
    const behind = async () => value(await collect(replication), standbyLag, { state: 'streaming' })
    expect(value(await collect(replication), isReplica)).toBe(0)
    expect(value(await collect(replication, there), isReplica)).toBe(1)
    expect(value(await collect(replication), replicationLag)).toBe(0)
    expect(value(await collect(replication), lastReplay)).toBe(0)
    await eventually(behind, (bytes) => bytes === 0)
    await replica.query('select pg_wal_replay_pause()')
    await admin.query('insert into guests select generate_series(1001, 2000)')
    const late = await eventually(
      () => collect(replication, there),
      (samples) => (value(samples, replicationLag) ?? 0) > 0,
    )
    expect(value(late, lastReplay)).toBeGreaterThan(0)
    await eventually(behind, (bytes) => (bytes ?? 0) > 0)
    await replica.query('select pg_wal_replay_resume()')
    await eventually(
      () => collect(replication, there),
      (samples) => value(samples, replicationLag) === 0,
    )
  })

  test('a standby tells what it receives and from whom, a primary that nothing is', async () => {
    const samples = await collect(walReceiver, there)
    const { pid, receive_start_tli, ...row } = await ask(
      'select *, sender_host as host from pg_stat_wal_receiver',
      await session(urlAs(standby)),
    )
    const labels = { upstream_host: row.host, slot_name: row.slot_name, status: 'streaming' }
    expect(pid).toBeGreaterThan(0)
    expect(value(samples, { name: 'pg_stat_wal_receiver_receive_start_tli' }, labels)).toBe(receive_start_tli)
    expect(value(samples, { name: 'pg_stat_wal_receiver_flushed_lsn' }, labels)).toBeGreaterThan(0)
    expect(await collect(walReceiver)).toEqual([])
  })

  test('a slot nobody reads from is told under its old and its new names, and what it keeps grows', async () => {
    await admin.query(`select pg_create_logical_replication_slot('decoding', 'test_decoding')`)
    const labels = { slot_name: 'decoding', database: 'shop' }
    const before = await collect(slots)
    await admin.query('insert into guests select generate_series(2001, 3000)')
    const after = await collect(slots)
    expect(value(after, slotActive, labels)).toBe(0)
    expect(value(after, slotLag, labels)).toBeGreaterThan(value(before, slotLag, labels) ?? Number.NaN)
    for (const family of ['pg_replication_slot', 'pg_replication_slots']) {
      const slot = { slot_name: 'decoding', slot_type: 'logical' }
      const read = having(after, { name: `${family}_slot_is_active` }, { slot_type: 'physical' })
      expect(read.map(({ value }) => value)).toEqual([1])
      expect(value(after, { name: `${family}_slot_is_active` }, slot)).toBe(0)
      expect(value(after, { name: `${family}_slot_current_wal_lsn` }, slot)).toBeGreaterThan(0)
      expect(value(after, { name: `${family}_wal_status` }, { ...slot, wal_status: 'reserved' })).toBe(1)
    }
    await admin.query(`select pg_drop_replication_slot('decoding')`)
    expect(having(await collect(slots), slotActive, labels)).toEqual([])
  })

  test('the write-ahead log has the files, the bytes and the end that the server says', async () => {
    const samples = await collect(wal)
    const { files, bytes } = await ask(
      `select count(*)::int as files, sum(size)::float8 as bytes from pg_ls_waldir() where length(name) = 24`,
    )
    expect([value(samples, walSegments), value(samples, walSize)]).toEqual([files, bytes])
    await admin.query('insert into guests select generate_series(3001, 4000)')
    expect(value(await collect(wal), walPosition)).toBeGreaterThan(value(samples, walPosition) ?? Number.NaN)
  })

  test('an archive that refuses is counted, and one that takes files tells when it did last', async () => {
    expect(value(await collect(archiver, there), archiveAge)).toBeUndefined()
    const command = async (shell: string) => {
      await admin.query(`alter system set archive_command = '${shell}'`)
      await admin.query('select pg_reload_conf()')
      await admin.query(`insert into guests select max(id) + 1 from guests; select pg_switch_wal()`)
    }
    await command('false')
    const failing = await eventually(
      () => collect(archiver),
      (samples) => (value(samples, archiveFailures) ?? 0) > 0,
    )
    expect(value(failing, archived)).toBe(0)
    expect(value(failing, archiveAge)).toBeUndefined()
    await command('true')
    const working = await eventually(
      () => collect(archiver),
      (samples) => (value(samples, archived) ?? 0) > 0,
    )
    expect(value(working, archiveAge)).toBeGreaterThanOrEqual(0)
  })

  test('a checkpoint is counted under the old names in every release, and one of a standby as well', async () => {
    const buffers = { name: 'pg_stat_bgwriter_buffers_checkpoint_total' }
    const before = await collect(backgroundWriter)
    await admin.query('insert into guests select max(id) + 1 from guests; checkpoint')
    const after = await eventually(
      () => collect(backgroundWriter),
      (samples) => (value(samples, checkpointsRequested) ?? 0) > (value(before, checkpointsRequested) ?? Number.NaN),
    )
    expect(value(after, buffers)).toBeGreaterThan(value(before, buffers) ?? Number.NaN)
    const new17 = await collect(checkpointer)
    expect(value(new17, { name: 'pg_stat_checkpointer_num_requested_total' })).toBe(
      major >= 17 ? value(await collect(backgroundWriter), checkpointsRequested) : undefined,
    )
    const restarts = value(await collect(backgroundWriter, there), checkpointsRequested) ?? Number.NaN
    const replica = await session(urlAs(standby))
    await eventually(
      async () => {
        await replica.query('checkpoint')
        return value(await collect(backgroundWriter, there), checkpointsRequested)
      },
      (count) => (count ?? 0) > restarts,
    )
  })

  test('roles are told with the limit they have, and of thousands those with one', async () => {
    const samples = await collect(roles)
    expect(value(samples, roleLimit, { rolname: 'stranger' })).toBe(7)
    expect(value(samples, roleLimit, { rolname: 'monitor' })).toBe(-1)
    const tenants = (what: string) =>
      `do $$ begin for n in 1..600 loop execute format('${what}', 'a_tenant_' || n); end loop; end $$`
    await admin.query(tenants('create role %I'))
    const many = await collect(roles)
    expect(many).toHaveLength(500)
    expect(value(many, roleLimit, { rolname: 'stranger' })).toBe(7)
    await admin.query(tenants('drop role %I'))
  })

  test('every database tells the age of its oldest transaction and multixact, on a standby too', async () => {
    for (let n = 0; n < 5; n++) await admin.query('select txid_current()')
    const other = await session(urlAs(primary))
    await other.query('begin; select * from guests where id = 1 for share')
    await admin.query('begin; select * from guests where id = 1 for share; commit')
    await other.query('commit')
    const ages = await ask(`
      select age(datfrozenxid)::int as xids, mxid_age(datminmxid)::int as multixacts
      from pg_database where datname = 'annex'`)
    const samples = await collect(wraparound)
    expect(value(samples, transactionAge, { datname: 'annex' })).toBe(ages.xids)
    expect(value(samples, multixactAge, { datname: 'annex' })).toBe(ages.multixacts)
    expect(ages.multixacts).toBeGreaterThan(0)
    expect(having(samples, transactionAge, { datname: 'template0' })).toEqual([])
    expect(value(await collect(wraparound, there), transactionAge, { datname: 'annex' })).toBeGreaterThan(0)
  })

  test('a vacuum by hand tells its phase, by name where its database is read and by number elsewhere', async () => {
    const cleaner = await session(urlAs(primary, { database: 'annex' }))
    await cleaner.query(`
      create table worn (id int primary key) with (autovacuum_enabled = off);
      insert into worn select generate_series(1, 50000);
      delete from worn;
      set vacuum_cost_delay = 100; set vacuum_cost_limit = 1`)
    const { oid } = await ask(`select 'worn'::regclass::oid::text as oid`, cleaner)
    const { pid } = await ask('select pg_backend_pid() as pid', cleaner)
    expect(having(await collect(vacuumProgress), vacuumPhase)).toEqual([])
    const vacuum = cleaner.query('vacuum worn').catch(() => undefined)
    const scanned = { name: 'pg_stat_progress_vacuum_heap_blks_scanned' }
    const found = await eventually(
      () => collect(vacuumProgress),
      (samples) => having(samples, scanned).length > 0,
    )
    expect(having(found, vacuumPhase, { datname: 'annex', relname: oid })).toHaveLength(7)
    expect(having(found, vacuumPhase).reduce((sum, { value }) => sum + value, 0)).toBe(1)
    const both = await collect(vacuumProgress, await open(primary, { allow: [/^annex$/] }))
    expect(value(both, scanned, { datname: 'annex', relname: 'worn' })).toBeGreaterThanOrEqual(0)
    expect(having(both, scanned, { relname: oid })).toEqual([])
    await admin.query(`select pg_cancel_backend(${pid})`)
    await vacuum
  })

  test('an autovacuum tells its table and when it began', async () => {
    await admin.query(`
      create table tired (id int primary key)
        with (autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1);
      insert into tired select generate_series(1, 50000);
      delete from tired`)
    // Before 15 a session tells what it did when it next does something: until then nobody knows of the dead rows.
    const samples = await eventually(
      async () => {
        await admin.query('select 1')
        return collect(autovacuum)
      },
      (found) => having(found, autovacuumStart, { relname: 'tired' }).length > 0,
      { within: 60_000 },
    )
    const { now } = await ask('select extract(epoch from now())::float8 as now')
    const start = value(samples, autovacuumStart, { relname: 'tired' }) ?? Number.NaN
    expect(start).toBeGreaterThan(now - 600)
    expect(start).toBeLessThanOrEqual(now)
    await admin.query('drop table tired')
    await eventually(
      () => collect(autovacuum),
      (found) => having(found, autovacuumStart, { relname: 'tired' }).length === 0,
    )
  })

  test('the buffer cache is told of where its extension is, from the release that can', async () => {
    const used = { name: 'pg_buffercache_summary_buffers_used' }
    const summary = () => collect(bufferCache(surveyOf({ every: 0 })))
    expect(await summary()).toEqual([])
    await admin.query('create schema extra; create extension pg_buffercache schema extra')
    if (major < 16) return expect(await summary()).toEqual([])
    await expect(summary()).rejects.toThrow('run GRANT USAGE ON SCHEMA extra TO "monitor" in shop')
    await admin.query('grant usage on schema extra to monitor')
    expect(value(await summary(), used)).toBeGreaterThan(0)
  })

  test('the server says which it is and since when it runs', async () => {
    const samples = await collect(postmaster)
    const { start, version, number, cluster } = await ask(`
      select extract(epoch from pg_postmaster_start_time())::float8 as start, version(),
             current_setting('server_version_num')::int as number,
             (select system_identifier::text from pg_control_system()) as cluster`)
    expect(value(samples, startTime)).toBe(start)
    const short = `${major}.${number % 10_000}.0`
    expect(value(samples, serverVersion, { version, short_version: short })).toBe(1)
    expect(value(samples, clusterInfo, { system_identifier: cluster })).toBe(1)
    const copied = await collect(postmaster, there)
    expect(value(copied, clusterInfo, { system_identifier: cluster }), 'its standby has the same').toBe(1)
    expect(value(copied, startTime)).not.toBe(start)
  })

  test('a query that a standby cancels because its rows are gone is counted', async () => {
    const snapshots = { name: 'pg_stat_database_conflicts_confl_snapshot' }
    const shop = { datname: 'shop' }
    expect(value(await collect(conflicts, there), snapshots, shop)).toBe(0)
    await admin.query('create table moving (id int); insert into moving select generate_series(1, 100)')
    const reader = await session(urlAs(standby))
    const count = async () => (await ask('select count(*)::int as n from moving', reader)).n
    await eventually(
      () => count().catch(() => 0),
      (n) => n === 100,
    )
    await reader.query('begin isolation level repeatable read; select count(*) from moving')
    await admin.query('delete from moving')
    await admin.query('vacuum moving')
    await eventually(
      () => collect(conflicts, there),
      (samples) => value(samples, snapshots, shop) === 1,
    )
  })

  test('a scrape tells its number, how long it took, and whether all could be read', async () => {
    const scrapesAs = (user: string) => {
      const source = postgres(urlAs(primary, { user, secret: password }))
      closing.push(() => source.close())
      const one = { kind: 'postgres', name: 'main', source, collectors: [wal], vitals: postgresVitals }
      const scrape = scraper(one, { info: () => undefined, warn: () => undefined })
      return async () => samplesOf((await scrape(5_000)).readings)
    }
    const [able, unable] = [scrapesAs('monitor'), scrapesAs('stranger')]
    const { scrapes, lastDuration, lastFailed } = postgresVitals
    expect(value(await able(), scrapes)).toBe(1)
    const samples = await able()
    expect([value(samples, scrapes), value(samples, lastFailed)]).toEqual([2, 0])
    expect(value(samples, lastDuration)).toBeGreaterThan(0)
    expect(value(await unable(), lastFailed)).toBe(1)
    const refused = await scrapesAs('nobody')()
    expect([value(refused, postgresVitals.up), value(refused, lastFailed)]).toEqual([0, 1])
  })
})
