import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { postgresMajors } from '../../compose/local/postgres-package.ts'
import type { Server } from '../../compose/local/process.ts'
import type { Collector, Source } from '../../exporters/collector.ts'
import {
  blockedLongest,
  blockedSessions,
  blockerLongest,
  blockerProcess,
  blockerSessions,
  blockers,
  blockerTransaction,
} from '../../exporters/postgres/blockers.ts'
import {
  indexDuplicateSize,
  indexesDuplicate,
  indexesDuplicateSize,
  indexesInvalid,
  indexFaults,
  indexInvalidSize,
} from '../../exporters/postgres/index-faults.ts'
import {
  foreignKeysUnindexed,
  foreignKeyUnindexedSize,
  missingIndexes,
  tableScannedRows,
  tablesScanned,
} from '../../exporters/postgres/missing-indexes.ts'
import {
  preparedByOwner,
  preparedOldest,
  preparedTransactions,
  preparedTransactionsLeft,
  preparedXidAge,
} from '../../exporters/postgres/prepared-transactions.ts'
import { sizesOf } from '../../exporters/postgres/relations.ts'
import { sequenceLeft, sequences, sequencesUnknown, sequenceUsed } from '../../exporters/postgres/sequences.ts'
import {
  slotConflicting,
  slotHealth,
  slotInactive,
  slotInvalidated,
  slotRetained,
  slotSafeWal,
  slotWalStatus,
  slotXidAge,
} from '../../exporters/postgres/slot-health.ts'
import { type Postgres, postgres } from '../../exporters/postgres/source.ts'
import { sessionSpill, spill, temporaryFiles, temporaryFilesSize } from '../../exporters/postgres/spill.ts'
import { surveyOf } from '../../exporters/postgres/survey.ts'
import type { Definition, Sample } from '../../metrics/metric.ts'
import { having, samplesOf } from '../readings.ts'
import { eventually, workshop } from './servers.ts'

const password = 'a-monitor-password'

type Labels = Readonly<Record<string, string>>
/** Of the one series that has these labels. */
const value = (samples: readonly Sample[], metric: Definition, labels: Labels = {}) => {
  const found = having(samples, metric, labels)
  expect(found.length, `${metric.name} ${JSON.stringify(labels)}`).toBeLessThanOrEqual(1)
  return found[0]?.value
}

describe.each(postgresMajors)('PostgreSQL %i', (major) => {
  const shop = workshop()
  let server: Server
  let admin: Client
  const closers: (() => Promise<unknown>)[] = []
  const sources = new Map<string, Source<Postgres>>()
  const advice: string[] = []

  const urlAs = (login: string, secret: string, database = 'shop') => {
    const url = new URL(server.url)
    url.username = login
    url.password = secret
    url.pathname = `/${database}`
    return url.href
  }
  const session = async (application_name = 'cook', database = 'shop') => {
    const connectionString = urlAs('postgres', new URL(server.url).password, database)
    const client = new Client({ connectionString, application_name })
    await client.connect()
    closers.push(() => client.end())
    return client
  }
  const reader = async (login: string): Promise<Postgres> => {
    const source = sources.get(login) ?? postgres(urlAs(login, password))
    sources.set(login, source)
    await source.ready(new AbortController().signal, 20_000)
    return source.reader({
      spent: () => undefined,
      failed: (_part, cause) => {
        throw cause
      },
      lacks: (part, remedy) => advice.push(`${part}: ${remedy.message}`),
    })
  }
  /** With the rights of pg_monitor and no more. */
  const collect = async (collector: Collector<Postgres>, login = 'monitor') =>
    samplesOf(await collector.collect(await reader(login), AbortSignal.timeout(20_000)))
  /** What is paced is asked anew. */
  const surveyed = () => {
    const survey = surveyOf({ every: 3_600_000 })
    const options = { survey, sizes: sizesOf(survey, { tables: 10, indexes: 10 }) }
    return {
      sequences: sequences(survey),
      indexFaults: indexFaults(options),
      missingIndexes: missingIndexes(options),
    }
  }
  const pidOf = async (client: Client) => (await client.query('select pg_backend_pid() as pid')).rows[0].pid

  beforeAll(async () => {
    server = await shop.postgres({
      major,
      settings: {
        max_prepared_transactions: '4',
        wal_level: 'logical',
        max_slot_wal_keep_size: '48MB',
        max_wal_size: '32MB',
        min_wal_size: '32MB',
        autovacuum: 'off',
      },
    })
    const root = new Client(server.url)
    await root.connect()
    await root.query('create database shop')
    await root.end()
    admin = await session('test')
    await admin.query(`
      create role monitor login password '${password}'; grant pg_monitor to monitor;
      create role stranger login password '${password}'`)
  })
  // A test that fails must not leave the next ones waiting for its locks.
  afterEach(async () => {
    for (const close of closers.splice(1).toReversed()) await close().catch(() => undefined)
    await admin.query('rollback')
    const { rows } = await admin.query('select gid from pg_prepared_xacts')
    for (const { gid } of rows) await admin.query(`rollback prepared '${gid}'`)
  })
  afterAll(async () => {
    for (const source of sources.values()) await source.close()
    for (const close of closers) await close()
    await shop.end()
  })

  describe('blockers', () => {
    test('none is told of while nobody waits', async () => {
      const samples = await collect(blockers)
      expect(value(samples, blockedSessions, { datname: 'shop' })).toBe(0)
      expect(value(samples, blockedLongest, { datname: 'shop' })).toBe(0)
      expect(having(samples, blockerSessions)).toEqual([])
    })

    test('the head of a queue is named, with all who wait behind it', async () => {
      await admin.query('create table seats (id int primary key); insert into seats values (1), (2)')
      const [head, second, third] = await Promise.all([session('head'), session('second'), session('third')])
      await head.query('begin; delete from seats where id = 1')
      const waiting = [second, third].map(async (one) => {
        await one.query('begin; delete from seats where id = 1; rollback')
      })
      const samples = await eventually(
        () => collect(blockers),
        (found) =>
          value(found, blockedSessions, { datname: 'shop' }) === 2 &&
          (value(found, blockedLongest, { datname: 'shop' }) ?? 0) > 0,
      )
      const labels = { datname: 'shop', usename: 'postgres', application_name: 'head', state: 'idle in transaction' }
      expect(having(samples, blockerSessions)).toHaveLength(1)
      expect(value(samples, blockerSessions, labels)).toBe(2)
      expect(value(samples, blockerProcess, labels)).toBe(await pidOf(head))
      expect(value(samples, blockerLongest, labels)).toBeGreaterThan(0)
      expect(value(samples, blockerTransaction, labels)).toBeGreaterThanOrEqual(
        value(samples, blockerLongest, labels) ?? 0,
      )
      expect(having(samples, blockerSessions)[0]?.labels.queryid).toMatch(major >= 14 ? /^-?\d+$/ : /^$/)
      await head.query('rollback')
      await Promise.all(waiting)
      expect(value(await collect(blockers), blockedSessions, { datname: 'shop' })).toBe(0)
    })

    test('a prepared transaction is told of as one, for it has no session', async () => {
      const waiter = await session('waiter')
      await admin.query(`begin; delete from seats where id = 2; prepare transaction 'left'`)
      const waiting = waiter.query('delete from seats where id = 2')
      const samples = await eventually(
        () => collect(blockers),
        (found) => value(found, blockedSessions, { datname: 'shop' }) === 1,
      )
      expect(value(samples, blockerSessions, { state: 'prepared', datname: 'shop' })).toBe(1)
      expect(having(samples, blockerProcess)).toEqual([])
      await admin.query(`rollback prepared 'left'`)
      await waiting
    })

    test('a login that may not see sessions fails, with what mends it', async () => {
      await expect(collect(blockers, 'stranger')).rejects.toThrow('GRANT pg_monitor TO "stranger"')
    })
  })

  test('a transaction left prepared is counted until it ends, with its age and its owner', async () => {
    const before = await collect(preparedTransactionsLeft)
    for (const metric of [preparedTransactions, preparedOldest, preparedXidAge]) {
      expect(value(before, metric, { datname: 'shop' }), metric.name).toBe(0)
    }
    expect(having(before, preparedByOwner)).toEqual([])
    await admin.query('create table dishes (id int)')
    await admin.query(`begin; insert into dishes values (1); prepare transaction 'left'`)
    await admin.query('insert into dishes values (2)')
    await admin.query('insert into dishes values (3)')
    const samples = await collect(preparedTransactionsLeft)
    expect(value(samples, preparedTransactions, { datname: 'shop' })).toBe(1)
    expect(value(samples, preparedOldest, { datname: 'shop' })).toBeGreaterThan(0)
    expect(value(samples, preparedXidAge, { datname: 'shop' })).toBeGreaterThanOrEqual(2)
    expect(value(samples, preparedByOwner, { datname: 'shop', owner: 'postgres' })).toBeGreaterThan(0)
    await admin.query(`rollback prepared 'left'`)
  })

  test('a query that spills is told of while it holds the files, and nobody afterwards', async () => {
    expect(value(await collect(spill), temporaryFiles, { tablespace: 'pg_default' })).toBe(0)
    const glutton = await session('glutton')
    await glutton.query(`
      set work_mem = '64kB'; begin;
      declare sorted cursor for select repeat('x', 100) || i from generate_series(1, 30000) i order by 1;
      fetch 1 from sorted`)
    const samples = await collect(spill)
    expect(value(samples, temporaryFiles, { tablespace: 'pg_default' })).toBeGreaterThan(0)
    const size = value(samples, temporaryFilesSize, { tablespace: 'pg_default' })
    expect(size).toBeGreaterThan(1_000_000)
    expect(value(samples, sessionSpill, { application_name: 'glutton', usename: 'postgres', datname: 'shop' })).toBe(
      size,
    )
    await glutton.query('rollback')
    const after = await collect(spill)
    expect(value(after, temporaryFilesSize, { tablespace: 'pg_default' })).toBe(0)
    expect(having(after, sessionSpill)).toEqual([])
    await expect(collect(spill, 'stranger')).rejects.toThrow('GRANT pg_monitor')
  })

  test('a slot goes from reserved to lost while nobody reads it, and each step shows', async () => {
    expect(await collect(slotHealth)).toEqual([])
    await admin.query(`select pg_create_physical_replication_slot('forgotten', true)`)
    await admin.query(`select pg_create_logical_replication_slot('feed', 'pgoutput')`)
    const slot = { slot_name: 'forgotten', slot_type: 'physical' }
    const fresh = await collect(slotHealth)
    expect(value(fresh, slotWalStatus, { ...slot, status: 'reserved' })).toBe(1)
    expect(value(fresh, slotWalStatus, { ...slot, status: 'lost' })).toBe(0)
    const [safe = 0, retained = 0] = [value(fresh, slotSafeWal, slot), value(fresh, slotRetained, slot)]
    expect(safe).toBeGreaterThan(16_000_000)
    expect(value(fresh, slotInvalidated, { ...slot, reason: 'wal_removed' })).toBe(0)
    expect(value(fresh, slotXidAge, { slot_name: 'feed' })).toBeGreaterThanOrEqual(0)
    expect(value(fresh, slotConflicting, { slot_name: 'feed' })).toBe(major >= 16 ? 0 : undefined)
    if (major >= 17) expect(value(fresh, slotInactive, slot)).toBeGreaterThan(0)
    else expect(having(fresh, slotInactive)).toEqual([])

    await admin.query(`create table noise as select repeat('n', 900) as words from generate_series(1, 10000)`)
    const later = await collect(slotHealth)
    expect(value(later, slotRetained, slot)).toBeGreaterThan(retained + 8_000_000)
    expect(value(later, slotSafeWal, slot)).toBeLessThan(safe - 8_000_000)
    const lost = await eventually(
      async () => {
        await admin.query(`insert into noise select repeat('n', 900) from generate_series(1, 20000)`)
        await admin.query('select pg_switch_wal()')
        await admin.query('checkpoint')
        return collect(slotHealth)
      },
      (found) => value(found, slotWalStatus, { ...slot, status: 'lost' }) === 1,
    )
    expect(value(lost, slotWalStatus, { ...slot, status: 'reserved' })).toBe(0)
    expect(value(lost, slotInvalidated, { ...slot, reason: 'wal_removed' })).toBe(1)
    await admin.query(`select pg_drop_replication_slot('forgotten'); select pg_drop_replication_slot('feed')`)
  })

  test('a sequence shows how near its end it is, by the column it fills', async () => {
    await admin.query(`
      create schema "Till";
      create table "Till".receipts (id serial primary key, line bigint generated always as identity);
      create sequence numbers; create table tickets (number int default nextval('numbers'));
      create sequence backwards increment -5 minvalue -1000 maxvalue 0;
      create sequence around maxvalue 10 cycle;
      select setval('numbers', 2147483547), setval('backwards', -900), setval('around', 9);
      grant select on numbers, backwards, around to monitor`)
    const samples = await collect(surveyed().sequences)
    const numbers = { datname: 'shop', schemaname: 'public', sequencename: 'numbers', column: 'tickets.number' }
    expect(value(samples, sequenceLeft, numbers)).toBe(100)
    expect(value(samples, sequenceUsed, numbers)).toBeCloseTo(1 - 100 / 2147483647, 12)
    expect(value(samples, sequenceLeft, { sequencename: 'backwards' })).toBe(20)
    expect(value(samples, sequenceUsed, { sequencename: 'backwards' })).toBeCloseTo(0.9, 2)
    expect(having(samples, sequenceUsed, { sequencename: 'around' })).toEqual([])
    expect(value(samples, sequencesUnknown, { datname: 'shop' })).toBe(2)
    const mended = 'GRANT SELECT ON ALL SEQUENCES IN SCHEMA "Till" TO "monitor"'
    expect(advice.join('\n')).toContain(mended)
    await admin.query(mended)
    const after = await collect(surveyed().sequences)
    expect(value(after, sequencesUnknown, { datname: 'shop' })).toBe(0)
    expect(value(after, sequenceUsed, { column: 'receipts.id' })).toBe(0)
    expect(value(after, sequenceLeft, { column: 'receipts.id' })).toBe(2 ** 31 - 1)
  })

  test('a sequence somebody is changing is not waited for', async () => {
    await admin.query('begin; alter sequence numbers cache 2')
    const samples = await collect(surveyed().sequences)
    expect(having(samples, sequenceUsed, { sequencename: 'numbers' })).toEqual([])
    expect(having(samples, sequenceUsed, { sequencename: 'backwards' })).toHaveLength(1)
    await admin.query('rollback')
  })

  test('superfluous indexes are told of with what makes them so, and those of constraints never', async () => {
    const clean = await collect(surveyed().indexFaults)
    for (const kind of ['same', 'prefix']) expect(value(clean, indexesDuplicate, { datname: 'shop', kind })).toBe(0)
    expect(having(clean, indexDuplicateSize)).toEqual([])
    await admin.query(`
      create table menus (id int primary key, name text unique, day date, price int);
      create unique index menus_id_again on menus (id);
      create index menus_day on menus (day); create index menus_day_price on menus (day, price);
      create index menus_cheap on menus (price) where price < 10;
      create index menus_cheap_again on menus (price)    where price < 10;
      create index menus_dear on menus (price) where price > 10;
      create index menus_day_desc on menus (day desc);
      create index menus_pattern on menus (name text_pattern_ops);
      insert into menus select i, 'menu' || i, current_date, i from generate_series(1, 500) i`)
    const samples = await collect(surveyed().indexFaults)
    expect(
      Object.fromEntries(
        having(samples, indexDuplicateSize).map(({ labels }) => [
          labels.indexrelname,
          `${labels.kind} ${labels.duplicate_of}`,
        ]),
      ),
    ).toEqual({
      menus_id_again: 'same menus_pkey',
      menus_day: 'prefix menus_day_price',
      menus_cheap_again: 'same menus_cheap',
    })
    expect(value(samples, indexesDuplicate, { kind: 'same' })).toBe(2)
    expect(value(samples, indexesDuplicate, { kind: 'prefix' })).toBe(1)
    const { rows } = await admin.query(`select pg_table_size('menus_day')::float8 as size`)
    expect(value(samples, indexDuplicateSize, { indexrelname: 'menus_day' })).toBe(rows[0].size)
    expect(value(samples, indexesDuplicateSize, { kind: 'prefix' })).toBe(rows[0].size)
  })

  test('an index whose build failed is invalid, and one that is being built is not', async () => {
    expect(value(await collect(surveyed().indexFaults), indexesInvalid, { datname: 'shop' })).toBe(0)
    await admin.query(`create table guests (email text); insert into guests values ('a'), ('a')`)
    await expect(admin.query('create unique index concurrently guests_email on guests (email)')).rejects.toThrow()
    // A build waits for every transaction that has written to its table.
    const [writer, builder] = await Promise.all([session('writer'), session('builder')])
    await writer.query(`begin; insert into guests values ('b')`)
    const building = builder.query('create index concurrently guests_plain on guests (email)')
    await eventually(
      () => admin.query(`select from pg_stat_progress_create_index where index_relid = to_regclass('guests_plain')`),
      ({ rowCount }) => rowCount === 1,
    )
    const samples = await collect(surveyed().indexFaults)
    expect(value(samples, indexesInvalid, { datname: 'shop' })).toBe(1)
    expect(having(samples, indexInvalidSize).map(({ labels }) => labels.indexrelname)).toEqual(['guests_email'])
    await writer.query('rollback')
    await building
    await admin.query('drop index guests_email')
  })

  test('a foreign key without an index is told of, and one with any index that serves is not', async () => {
    expect(value(await collect(surveyed().missingIndexes), foreignKeysUnindexed, { datname: 'shop' })).toBe(0)
    await admin.query(`
      create table orders (id int primary key, part int, unique (id, part));
      create table bare (order_id int references orders);
      create table half (id int, part int, note int, foreign key (id, part) references orders (id, part));
      create index on half (id); create index on half (id, note);
      create table served (a int references orders, b int references orders, c int references orders, d int, e int,
        foreign key (d, e) references orders (id, part));
      create index on served (a, b); create index on served using hash (b); create index on served (c) where c is not null;
      create index on served (e, d);
      insert into orders values (1, 1); insert into bare select 1 from generate_series(1, 1000)`)
    const samples = await collect(surveyed().missingIndexes)
    expect(
      having(samples, foreignKeyUnindexedSize)
        .map(({ labels }) => labels.relname)
        .toSorted(),
    ).toEqual(['bare', 'half'])
    expect(value(samples, foreignKeysUnindexed, { datname: 'shop' })).toBe(2)
    const { rows } = await admin.query(`select pg_relation_size('bare')::float8 as size`)
    expect(value(samples, foreignKeyUnindexedSize, { constraint: 'bare_order_id_fkey' })).toBe(rows[0].size)
  })

  test('a large table that is read from end to end again and again is a candidate for an index', async () => {
    const reads = async (column: string) => {
      for (let n = 0; n < 55; n++) await admin.query(`select count(*) from visits where ${column} = ${n}`)
      if (major >= 15) await admin.query('select pg_stat_force_next_flush()')
    }
    await admin.query(`
      create table visits (id int primary key, guest int);
      insert into visits select i, i from generate_series(1, 12000) i; analyze visits; set max_parallel_workers_per_gather = 0`)
    await reads('id')
    expect(value(await collect(surveyed().missingIndexes), tablesScanned, { datname: 'shop' })).toBe(0)
    await reads('guest')
    await reads('guest')
    const samples = await eventually(
      async () => {
        // Before 15 a session tells what it counted at the end of a later transaction.
        await admin.query('select')
        return collect(surveyed().missingIndexes)
      },
      (found) => value(found, tablesScanned, { datname: 'shop' }) === 1,
    )
    const labels = { datname: 'shop', schemaname: 'public', relname: 'visits' }
    // Building the primary key was a scan as well, of no rows.
    expect(value(samples, tableScannedRows, labels)).toBeGreaterThan(11_000)
    expect(value(samples, tableScannedRows, labels)).toBeLessThanOrEqual(12_000)
    for (let n = 0; n < 3; n++) await reads('id')
    await eventually(
      async () => {
        await admin.query('select')
        return collect(surveyed().missingIndexes)
      },
      (found) => value(found, tablesScanned, { datname: 'shop' }) === 0,
    )
  })
})
