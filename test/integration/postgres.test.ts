import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postgresMajors } from '../../compose/local/postgres-package.ts'
import type { Server } from '../../compose/local/process.ts'
import type { Collector } from '../../exporters/collector.ts'
import { postgresCollectors, postgresVitals } from '../../exporters/postgres/index.ts'
import { indexes, indexesUnused, indexScans, indexSize } from '../../exporters/postgres/indexes.ts'
import { sizesOf } from '../../exporters/postgres/relations.ts'
import { type Postgres, postgres } from '../../exporters/postgres/source.ts'
import { allStatementCalls } from '../../exporters/postgres/statement-totals.ts'
import {
  statementCalls,
  statementInfo,
  statementRows,
  statementSeconds,
  statements,
} from '../../exporters/postgres/statements.ts'
import { surveyOf } from '../../exporters/postgres/survey.ts'
import {
  tableHeapSize,
  tableIndexSize,
  tableLiveRows,
  tables,
  tableToastSize,
} from '../../exporters/postgres/tables.ts'
import { remainder } from '../../exporters/reading.ts'
import { processRegistry } from '../../exporters/registry.ts'
import { exporterServer } from '../../exporters/server.ts'
import type { Definition, Sample } from '../../metrics/metric.ts'
import { having, samplesOf } from '../readings.ts'
import { type OpenReader, openReader } from './postgres-reader.ts'
import { eventually, workshop } from './servers.ts'

/** What they tell needs no fault and no standby. */
const whole = ['activity', 'databases', 'statements', 'tables', 'indexes', 'survey']
const limits = { statements: 5, tables: 2, indexes: 100 }
const all = { limits, surveySeconds: 600 }
const tablesOf = (limit: number) =>
  tables({ limit, sizes: sizesOf(surveyOf({ every: 0 }), { tables: limit, indexes: 0 }) })
const password = 'a-monitor-password'

const sumOf = (samples: readonly Sample[], { name }: Definition) =>
  samples.filter(({ metric }) => metric.name === name).reduce((sum, { value }) => sum + value, 0)
const find = (samples: readonly Sample[], metric: Definition, labels: Readonly<Record<string, string>>) =>
  having(samples, metric, labels)[0]?.value

/** A session beside the scrapes may have ended since it was listed. */
const signal = (pid: number, name: 'SIGSTOP' | 'SIGCONT') => {
  try {
    process.kill(pid, name)
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ESRCH')) throw cause
  }
}

describe.each(postgresMajors)('PostgreSQL %i', (major) => {
  /** A session keeps its counts to itself for a while, unless told; before 15 it can't be told. */
  const flushed = major >= 15 ? 'pg_stat_force_next_flush()' : 'null'
  const lately = async (collector: Collector<Postgres>) => {
    await admin.query(`select ${flushed}`)
    return collect(collector)
  }
  const shop = workshop()
  let server: Server
  let admin: Client
  let source: Postgres
  const sources: OpenReader[] = []

  const urlAs = (login: string, secret: string, database = 'shop') => {
    const url = new URL(server.url)
    url.username = login
    url.password = secret
    url.pathname = `/${database}`
    return url.href
  }
  const open = async (url: string) => {
    const opened = await openReader(url)
    sources.push(opened)
    return opened
  }
  const collect = async (collector: Collector<Postgres>, from = source) =>
    samplesOf(await collector.collect(from, AbortSignal.timeout(10_000)))

  beforeAll(async () => {
    server = await shop.postgres({ major, settings: { 'pg_stat_statements.track': 'all' } })
    const root = new Client(server.url)
    await root.connect()
    await root.query('create database shop')
    await root.query('create extension pg_stat_statements')
    await root.end()
    admin = new Client(urlAs('postgres', new URL(server.url).password))
    await admin.connect()
    await admin.query(`
      create extension pg_stat_statements;
      create role monitor login password '${password}';
      grant pg_monitor to monitor;
      create role stranger login password '${password}';
      create table guests (id int primary key, email text unique, notes text);
      create table bookings (id int primary key, guest int references guests, covers int);
      create table menus (id int primary key, words text);
      create index menus_words on menus (words);
      create index bookings_covers on bookings (covers);
      insert into guests select i, 'guest' || i, (select string_agg(md5((i * 1000 + n)::text), '') from generate_series(1, 300) n)
        from generate_series(1, 100) i;
      insert into bookings select i, 1 + i % 100, i % 8 from generate_series(1, 5000) i;
      analyze`)
    source = await open(urlAs('monitor', password))
  })
  afterAll(async () => {
    for (const opened of sources) await opened.close()
    await admin?.end()
    await shop.end()
  })

  const expectWhole = async (from: Postgres) => {
    for (const collector of postgresCollectors(all)) {
      const samples = await collect(collector, from)
      const series = samples.map(({ metric, suffix, labels }) => `${metric.name}${suffix}${JSON.stringify(labels)}`)
      expect(new Set(series).size, collector.name).toBe(series.length)
      for (const { metric, labels, value } of samples) {
        const own = Object.keys(labels).filter((label) => label !== 'le')
        expect(own, metric.name).toEqual(metric.labels)
        const declared = collector.metrics.some(({ name }) => name === metric.name)
        // There is one for each setting that this server has.
        expect(declared || collector.name === 'settings', metric.name).toBe(true)
        expect(Number.isFinite(value), metric.name).toBe(true)
      }
      const filled = new Set(samples.map(({ metric }) => metric.name))
      if (!whole.includes(collector.name)) continue
      const optional = major >= 14 ? /stats_reset$/ : /stats_reset$|active_time_seconds_total$/
      expect(
        collector.metrics.map(({ name }) => name).filter((name) => !filled.has(name) && !optional.test(name)),
        collector.name,
      ).toEqual([])
    }
  }
  test('every collector succeeds with the rights of pg_monitor and repeats no series; these fill what they declare', () =>
    expectWhole(source))

  test('a standby tells as much, of the same tables', async () => {
    const standby = new URL((await shop.standby(server)).url)
    standby.username = 'monitor'
    standby.password = password
    standby.pathname = '/shop'
    const there = await openReader(standby.href)
    await expectWhole(there)
    const named = (samples: readonly Sample[]) =>
      samples.filter(({ metric }) => metric.name === tableLiveRows.name).map(({ labels }) => labels.relname)
    const [shown, own] = [await collect(tablesOf(10), there), await collect(tablesOf(10))]
    await there.close()
    expect(named(shown).toSorted()).toEqual(named(own).toSorted())
  })

  describe('statements', () => {
    beforeAll(async () => {
      for (let n = 0; n < 40; n++) await admin.query(`select ${Array.from({ length: n + 1 }, () => '1').join(', ')}`)
      await admin.query(`alter role stranger password 'sekret-literal'`)
      await admin.query(`do $body$ begin perform 'sekret-dollar'; end $body$`)
    })

    test.each([0, 1, 5, 1000])('sum to what the server counts when %i are shown', async (limit) => {
      // Neither the exporter's own queries nor the one below may count, or the two would look at different moments.
      await admin.query('alter role monitor set pg_stat_statements.track = none')
      await admin.query('set pg_stat_statements.track = none')
      const quiet = await open(urlAs('monitor', password))
      const samples = await collect(statements({ limit }), quiet)
      const { rows } = await admin.query(
        'select sum(calls)::float8 calls, sum(rows)::float8 as rows, sum(total_exec_time)::float8 / 1000 as seconds, count(*)::int as n from pg_stat_statements',
      )
      await admin.query('alter role monitor reset pg_stat_statements.track')
      await admin.query('reset pg_stat_statements.track')
      expect(rows[0].n).toBeGreaterThan(40)
      expect(sumOf(samples, statementCalls)).toBe(rows[0].calls)
      expect(sumOf(samples, statementRows)).toBe(rows[0].rows)
      expect(sumOf(samples, statementSeconds)).toBeCloseTo(rows[0].seconds, 9)
      const shown = samples.filter(
        ({ metric, labels }) => metric.name === statementCalls.name && labels.queryid !== remainder,
      )
      expect(shown.length).toBeLessThanOrEqual(limit)
      expect(
        samples.filter(({ metric, labels }) => metric.name === statementCalls.name && labels.queryid === remainder),
      ).toHaveLength(limit === 1000 ? 0 : 1)
    })

    test('count on together when the server forgets one of them', async () => {
      await admin.query('alter role monitor set pg_stat_statements.track = none')
      const quiet = await open(urlAs('monitor', password))
      await admin.query('set pg_stat_statements.track = none')
      const kept = statements({ limit: 5 })
      const total = async () => find(await collect(kept, quiet), allStatementCalls, {}) ?? Number.NaN
      const run = async (times: number) => {
        await admin.query('set pg_stat_statements.track = top')
        for (let n = 0; n < times; n++) await admin.query(`select 'of many kinds', ${n}`)
        await admin.query('set pg_stat_statements.track = none')
      }
      expect(await total()).toBe(0)
      await run(7)
      const before = await total()
      // Those, and the word that ends the count.
      expect(before).toBe(8)
      await admin.query(
        "select pg_stat_statements_reset(userid, dbid, queryid) from pg_stat_statements where query like '%of many kinds%' or calls > 3",
      )
      expect(await total()).toBe(before)
      await run(2)
      expect(await total()).toBe(before + 3)
      await admin.query('alter role monitor reset pg_stat_statements.track')
      await admin.query('reset pg_stat_statements.track')
    })

    test('are read from a release of the extension that an upgraded server has left behind', async () => {
      await admin.query('drop database if exists upgraded')
      await admin.query('create database upgraded')
      const there = new Client(urlAs('postgres', new URL(server.url).password, 'upgraded'))
      await there.connect()
      await there.query(`create extension pg_stat_statements version '${major >= 14 ? '1.9' : '1.8'}'`)
      await there.end()
      const samples = await collect(statements({ limit: 5 }), await open(urlAs('monitor', password, 'upgraded')))
      expect(sumOf(samples, statementCalls)).toBeGreaterThan(0)
    })

    test('tell their text, but never a literal that somebody typed', async () => {
      const { rows } = await admin.query(
        `select count(*)::int as n from pg_stat_statements where query like '%sekret%'`,
      )
      expect(rows[0].n).toBeGreaterThanOrEqual(2)
      const samples = await collect(statements({ limit: 1000 }))
      const texts = samples.filter(({ metric }) => metric.name === statementInfo.name).map(({ labels }) => labels.query)
      expect(texts).toContain("alter role stranger password '…'")
      expect(texts.join('\n')).not.toMatch(/sekret/)
    })
  })

  test('tables show the sizes the server states, the largest by themselves and the rest in one', async () => {
    const samples = await collect(tablesOf(2))
    const { rows } = await admin.query(`
      select sum(pg_relation_size(c.oid))::float8 as heap, sum(pg_indexes_size(c.oid))::float8 as indexes,
             coalesce(sum(pg_total_relation_size(nullif(reltoastrelid, 0))), 0)::float8 as toast,
             sum(pg_relation_size(c.oid)) filter (where relname = 'guests')::float8 as guests
      from pg_class c where relkind = 'r' and relnamespace = 'public'::regnamespace`)
    expect(sumOf(samples, tableHeapSize)).toBe(rows[0].heap)
    expect(sumOf(samples, tableIndexSize)).toBe(rows[0].indexes)
    expect(sumOf(samples, tableToastSize)).toBe(rows[0].toast)
    expect(find(samples, tableHeapSize, { relname: 'guests', schemaname: 'public', datname: 'shop' })).toBe(
      rows[0].guests,
    )
    expect(find(samples, tableHeapSize, { relname: 'menus' })).toBeUndefined()
    expect(find(samples, tableHeapSize, { relname: 'other', schemaname: '' })).toBeGreaterThanOrEqual(0)
    await eventually(
      () => lately(tablesOf(10)),
      (found) => find(found, tableLiveRows, { relname: 'bookings' }) === 5000,
    )
  })

  test('a table under an exclusive lock is still told of, and nobody waits for the lock', async () => {
    const other = new Client(urlAs('postgres', new URL(server.url).password))
    await other.connect()
    try {
      await other.query('begin; lock table guests in access exclusive mode')
      const { rows } = await admin.query(
        `select relpages::float8 * 8192 as size from pg_class where relname = 'guests'`,
      )
      for (const collector of postgresCollectors({ ...all, limits: { ...limits, tables: 10 } })) {
        const samples = await collect(collector)
        if (collector.name === 'tables') expect(find(samples, tableHeapSize, { relname: 'guests' })).toBe(rows[0].size)
      }
    } finally {
      await other.end()
    }
  })

  test('indexes are told apart by the constraint they back, and the unused ones are counted', async () => {
    await admin.query(`set enable_seqscan = off; select count(*) from bookings where covers = 3; reset enable_seqscan`)
    // What is unused a survey finds, whose first answer is kept.
    const indexesNow = () => indexes({ limit: 100, sizes: sizesOf(surveyOf({ every: 0 }), limits) })
    const samples = await eventually(
      () => lately(indexesNow()),
      (found) =>
        (find(found, indexScans, { indexrelname: 'bookings_covers' }) ?? 0) > 0 &&
        find(found, indexesUnused, { constraint: 'none' }) === 1,
    )
    expect(find(samples, indexScans, { indexrelname: 'menus_words', constraint: 'none' })).toBe(0)
    expect(find(samples, indexSize, { indexrelname: 'guests_pkey', constraint: 'primary_key' })).toBeGreaterThan(0)
    expect(find(samples, indexSize, { indexrelname: 'guests_email_key', constraint: 'unique' })).toBeGreaterThan(0)
  })

  describe('what fails', () => {
    const serve = (url: string) => {
      const lines: string[] = []
      const one = {
        kind: 'postgres',
        name: 'main',
        source: postgres(url),
        collectors: postgresCollectors(all),
        vitals: postgresVitals,
      }
      const app = exporterServer({ scraped: [one], registry: processRegistry(), log: false })
      // Its logger is silent; what it would say is caught here.
      app.log.warn = (_: unknown, message?: string) => void lines.push(message ?? '')
      const scrape = async (seconds = 10) =>
        (
          await app.inject({
            url: '/metrics/postgres/main',
            headers: { 'x-prometheus-scrape-timeout-seconds': String(seconds) },
          })
        ).body
      return { app, lines, scrape }
    }

    test('a missing extension fails its collector only, and the log says how to mend it', async () => {
      await admin.query('drop database if exists bare')
      await admin.query('create database bare')
      const { app, lines, scrape } = serve(urlAs('monitor', password, 'bare'))
      const body = await scrape()
      await app.close()
      expect(body).toContain('pg_up 1')
      expect(body).toContain('pg_scrape_collector_success{collector="statements"} 0')
      expect(body).toContain('pg_scrape_collector_success{collector="tables"} 1')
      expect(lines.join('\n')).toContain('CREATE EXTENSION pg_stat_statements in bare')
    })

    test('a login without pg_monitor fails the collectors that need it, and the log says how to mend it', async () => {
      const { app, lines, scrape } = serve(urlAs('stranger', 'sekret-literal'))
      const body = await scrape()
      await app.close()
      expect(body).toContain('pg_scrape_collector_success{collector="statements"} 0')
      expect(body).toContain('pg_scrape_collector_success{collector="activity"} 0')
      expect(body).toContain('pg_scrape_collector_success{collector="databases"} 1')
      expect(lines.join('\n')).toContain('GRANT pg_monitor TO "stranger"')
    })

    test('a refused login is pg_up 0, and the password stands nowhere', async () => {
      const { app, lines, scrape } = serve(urlAs('monitor', 'wrong-sekret'))
      const body = await scrape()
      await app.close()
      expect(body.trim().split('\n').at(-1)).toBe('pg_up 0')
      expect(lines.join('\n')).toContain('password authentication failed')
      expect(body + lines.join('\n')).not.toContain('wrong-sekret')
    })

    test('a server that hangs is pg_up 0 within the deadline of the scrape, at first contact and later', async () => {
      const { app, scrape } = serve(urlAs('monitor', password))
      expect(await scrape()).toContain('pg_up 1')
      const { rows } = await admin.query(
        `select pid from pg_stat_activity where application_name = 'techplus-exporter' and usename = 'monitor' and datname = 'shop'`,
      )
      const hung = [server.pid, ...rows.map(({ pid }: { pid: number }) => pid)]
      for (const pid of hung) signal(pid, 'SIGSTOP')
      try {
        // The kept connection hangs, then the new one: neither is answered, and neither answer comes late.
        for (const _ of [1, 2]) expect((await scrape(1)).trim().split('\n').at(-1)).toBe('pg_up 0')
      } finally {
        for (const pid of hung) signal(pid, 'SIGCONT')
      }
      await eventually(
        () => scrape(),
        (body) => body.includes('pg_up 1'),
      )
      await app.close()
    })

    test('a connection that hangs is left, and the next scrape opens another', async () => {
      const { app, scrape } = serve(urlAs('monitor', password))
      const ours = `select pid from pg_stat_activity where application_name = 'techplus-exporter'`
      const before = (await admin.query(ours)).rows.map(({ pid }) => pid)
      expect(await scrape()).toContain('pg_up 1')
      const kept = (await admin.query(ours)).rows.map(({ pid }) => pid).find((pid) => !before.includes(pid))
      process.kill(kept, 'SIGSTOP')
      try {
        expect((await scrape(1)).trim().split('\n').at(-1)).toBe('pg_up 0')
        expect(await scrape()).toContain('pg_up 1')
      } finally {
        process.kill(kept, 'SIGCONT')
        await app.close()
      }
    })

    test('a scrape leaves no trace among the transactions that were rolled back', async () => {
      const rolledBack = async () =>
        (await admin.query('select sum(xact_rollback)::int as count from pg_stat_database')).rows[0].count
      // What a session did is counted when it has flushed its statistics, at the end of a transaction.
      const flush = () => source.rows(`select ${flushed}`)
      // Sessions that hung in the tests before notice late that they were left, and what they did is rolled back: a
      // scrape that rolls back does so every time.
      await eventually(
        async () => {
          await flush()
          const before = await rolledBack()
          for (const collector of postgresCollectors(all)) await collect(collector)
          await flush()
          return (await rolledBack()) - before
        },
        (more) => more === 0,
        { within: 10_000 },
      )
    })

    test('a scrape keeps one connection, comes back after losing it, and may only read', async () => {
      const { app, scrape } = serve(urlAs('monitor', password))
      await Promise.all([scrape(), scrape(), scrape()])
      const ours = `application_name = 'techplus-exporter' and pid <> all($1)`
      const mine = sources.length
      // That of its surveys is closed, and the server takes a moment to say so.
      await eventually(
        async () =>
          (await admin.query(`select pid from pg_stat_activity where application_name = 'techplus-exporter'`)).rows
            .length - mine,
        (more) => more <= 1,
      )
      await admin.query(`select pg_terminate_backend(pid) from pg_stat_activity where ${ours}`, [[0]])
      await eventually(
        () => scrape(),
        (body) => body.includes('pg_up 1'),
      )
      await app.close()
      const fresh = await open(urlAs('postgres', new URL(server.url).password))
      await expect(fresh.rows('create table intruder (id int)')).rejects.toThrow('read-only transaction')
    })
  })
})
