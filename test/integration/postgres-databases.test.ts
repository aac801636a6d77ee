import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Server } from '../../compose/local/process.ts'
import { postgresCollectors, postgresVitals } from '../../exporters/postgres/index.ts'
import { type Choice, postgres } from '../../exporters/postgres/source.ts'
import { scraper } from '../../exporters/scrape.ts'
import type { Definition, Sample } from '../../metrics/metric.ts'
import { samplesOf } from '../readings.ts'
import { eventually, workshop } from './servers.ts'

const password = 'a-monitor-password'
const some = { limits: { statements: 5, tables: 10, indexes: 10 }, surveySeconds: 300 }

describe('the databases of one server', () => {
  const shop = workshop()
  let server: Server
  let admin: Client
  const ends: (() => Promise<void>)[] = []

  const urlOf = (database: string, login = 'postgres', secret = new URL(server.url).password) => {
    const url = new URL(server.url)
    url.username = login
    url.password = secret
    url.pathname = `/${database}`
    return url.href
  }
  const run = async (database: string, sql: string) => {
    const client = new Client(urlOf(database))
    await client.connect()
    await client.query(sql)
    await client.end()
  }
  const watch = (databases?: Choice, collectors = postgresCollectors(some)) => {
    const lines: string[] = []
    const say = (_: object, message: string) => void lines.push(message)
    const source = postgres(urlOf('shop', 'monitor', password), { databases })
    ends.push(() => source.close())
    const scrape = scraper(
      { kind: 'postgres', name: 'main', source, collectors, vitals: postgresVitals },
      { info: say, warn: say },
    )
    return { lines, scrape: async (names?: readonly string[]) => samplesOf((await scrape(9_500, names)).readings) }
  }
  const labelsOf = (samples: readonly Sample[], { name }: Pick<Definition, 'name'>, label: string) =>
    samples
      .filter(({ metric }) => metric.name === name)
      .map(({ labels }) => labels[label])
      .toSorted()
  const tablesIn = (samples: readonly Sample[]) =>
    samples
      .filter(({ metric }) => metric.name === 'pg_stat_user_tables_seq_scan')
      .map(({ labels }) => `${labels.datname}.${labels.relname}`)
      .toSorted()
  const success = (samples: readonly Sample[], collector: string) =>
    samples.find(({ metric, labels }) => metric.name === postgresVitals.success.name && labels.collector === collector)
      ?.value

  beforeAll(async () => {
    server = await shop.postgres()
    admin = new Client(server.url)
    await admin.connect()
    await admin.query('create extension pg_stat_statements')
    await admin.query(`create role monitor login password '${password}'`)
    await admin.query('grant pg_monitor to monitor')
    for (const name of ['shop', 'billing', 'archive']) {
      await admin.query(`create database ${name}`)
      await run(name, `create extension pg_stat_statements; create table ${name}_rows (id int primary key)`)
    }
  })
  afterAll(async () => {
    for (const end of ends) await end()
    await admin?.end()
    await shop.end()
  })

  test.each([
    ['none is asked for', undefined, ['shop.shop_rows']],
    ['one is allowed', { allow: [/^billing$/] }, ['billing.billing_rows', 'shop.shop_rows']],
    ['all but one are', { allow: [/.*/], deny: [/^archive$/] }, ['billing.billing_rows', 'shop.shop_rows']],
    ['all are', { allow: [/.*/] }, ['archive.archive_rows', 'billing.billing_rows', 'shop.shop_rows']],
  ])('are read where %s', async (_, choice, expected) => {
    expect(tablesIn(await watch(choice).scrape())).toEqual(expected)
  })

  test('that come and go are followed, without a word of the rest', async () => {
    const { scrape, lines } = watch({ allow: [/^(billing|season)$/] })
    expect(tablesIn(await scrape())).toEqual(['billing.billing_rows', 'shop.shop_rows'])
    await admin.query('create database season')
    await run('season', 'create table season_rows (id int primary key)')
    await eventually(
      () => scrape(),
      (found) => tablesIn(found).includes('season.season_rows'),
    )
    const free = `select count(*)::int as count from pg_stat_activity where datname = 'season'`
    await run('season', 'drop table season_rows')
    await admin.query('drop database season with (force)')
    await eventually(
      () => scrape(),
      (found) => success(found, 'tables') === 1 && tablesIn(found).length === 2,
    )
    expect((await admin.query(free)).rows[0].count).toBe(0)
    expect(labelsOf(await scrape(), { name: 'pg_up' }, 'datname')).toHaveLength(1)
    expect(lines.filter((line) => /shop|billing/.test(line))).toEqual([])
  })

  test('that refuse us leave the others alone, and the log names them', async () => {
    await admin.query('alter database archive connection limit 0')
    const { scrape, lines } = watch({ allow: [/.*/] })
    const samples = await scrape()
    await admin.query('alter database archive connection limit -1')
    expect(tablesIn(samples)).toEqual(['billing.billing_rows', 'shop.shop_rows'])
    expect([success(samples, 'tables'), success(samples, 'activity')]).toEqual([0, 1])
    expect(lines.join('\n')).toContain('tables of archive failed: too many connections for database "archive"')
    const again = await scrape()
    expect([tablesIn(again).length, success(again, 'tables')]).toEqual([3, 1])
    expect(lines.join('\n')).toContain('tables of archive works again')
  })

  test.each(postgresCollectors(some).map(({ name }) => name))(
    'are up, asked by the collector %s alone',
    async (name) => {
      const { scrape } = watch(undefined)
      // The second time what is surveyed is known, and nothing else is asked.
      for (const _ of [1, 2]) {
        const samples = await scrape([name])
        expect(samples.find(({ metric }) => metric.name === 'pg_up')?.value).toBe(1)
        expect(success(samples, name)).toBe(1)
      }
    },
  )

  test('are asked in one message each: the rest of a scrape takes no further round trip', async () => {
    const collectors = postgresCollectors(some)
    const { scrape } = watch({ allow: [/^billing$/] }, collectors)
    await scrape()
    await admin.query('select pg_stat_statements_reset()')
    await scrape()
    // Each message is one transaction: as many as there are databases.
    const { rows } = await admin.query(
      `select sum(calls)::int as begun from pg_stat_statements
       where userid = 'monitor'::regrole and query like 'begin isolation%'`,
    )
    expect(rows[0].begun).toBe(2)
  })
})
