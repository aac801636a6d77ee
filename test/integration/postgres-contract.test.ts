import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postgresMajors } from '../../compose/local/postgres-package.ts'
import { postgresCollectors, postgresVitals } from '../../exporters/postgres/index.ts'
import { postgres } from '../../exporters/postgres/source.ts'
import { processRegistry } from '../../exporters/registry.ts'
import { exporterServer } from '../../exporters/server.ts'
import { contractOf, type Family, leftOutOf, parse } from './contract.ts'
import { eventually, workshop } from './servers.ts'

const contract = contractOf('postgres_exporter')
/** From a release of PostgreSQL on, or from all (0). */
const leftOut = new Map(
  leftOutOf('postgres_exporter').flatMap((cell) => {
    const release = Number(/PostgreSQL (\d+)/.exec(cell)?.[1] ?? 0)
    return [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => [name, release] as const)
  }),
)
const isLeftOut = (major: number, name: string) => major >= (leftOut.get(name) ?? Number.POSITIVE_INFINITY)

/** Families that a server tells of since a release. Settings come and go: those of the list are of 15. */
const isToldBy = (major: number, name: string) => {
  if (name.startsWith('pg_settings_')) return major === 15
  if (name.startsWith('pg_buffercache_')) return major >= 16
  if (name.startsWith('pg_stat_checkpointer_')) return major >= 17
  return name === 'pg_stat_database_active_time_seconds_total' ? major >= 14 : true
}

const wanted = (major: number) => contract.filter(({ name }) => isToldBy(major, name) && !isLeftOut(major, name))

const password = 'a-monitor-password'
const settings = {
  archive_mode: 'on',
  archive_command: 'true',
  wal_level: 'logical',
  autovacuum_naptime: '1s',
  autovacuum_vacuum_cost_delay: '100ms',
  autovacuum_vacuum_cost_limit: '1',
}

/** So that each family has something to tell: a slot, an archived file, a vacuum by hand and one by itself that do not end. */
const faults = (major: number) => `
  create extension pg_stat_statements;
  ${major >= 16 ? 'create extension pg_buffercache;' : ''}
  create role monitor login password '${password}';
  grant pg_monitor to monitor;
  create table worn (id int primary key) with (autovacuum_enabled = off);
  create table tired (id int primary key);
  insert into worn select generate_series(1, 50000);
  insert into tired select generate_series(1, 50000);
  delete from worn;
  delete from tired;
  analyze worn;
  select pg_stat_reset();
  select pg_switch_wal()`

describe.each(postgresMajors)('PostgreSQL %i', (major) => {
  const shop = workshop()
  const closing: (() => Promise<unknown>)[] = []
  let scrapes: readonly (() => Promise<string>)[] = []
  /** Before 15 a session tells what it did when it next does something: until then nobody knows of the dead rows. */
  let stir = async (): Promise<unknown> => undefined

  const client = async (url: string) => {
    const opened = new Client(url)
    opened.on('error', () => undefined)
    await opened.connect()
    closing.push(() => opened.end())
    return opened
  }
  const serve = (url: string) => {
    const login = new URL(url)
    login.username = 'monitor'
    login.password = password
    const limits = { statements: 100, tables: 100, indexes: 100 }
    const app = exporterServer({
      scraped: [
        {
          kind: 'postgres',
          name: 'main',
          source: postgres(login.href),
          collectors: postgresCollectors({ limits, surveySeconds: 300 }),
          vitals: postgresVitals,
        },
      ],
      registry: processRegistry(),
      log: false,
    })
    closing.push(() => app.close())
    return async () => (await app.inject({ url: '/metrics/postgres/main' })).body
  }

  beforeAll(async () => {
    const primary = await shop.postgres({ major, settings })
    const admin = await client(primary.url)
    await admin.query(faults(major))
    stir = () => admin.query('select 1')
    await admin.query(`select pg_create_logical_replication_slot('decoding', 'test_decoding')`)
    const cleaner = await client(primary.url)
    await cleaner.query('set vacuum_cost_delay = 100; set vacuum_cost_limit = 1')
    // Ends with the server.
    cleaner.query('vacuum worn').catch(() => undefined)
    scrapes = [serve(primary.url), serve((await shop.standby(primary)).url)]
  })
  afterAll(async () => {
    for (const close of closing.slice(2)) await close()
    await shop.end()
  })

  test('every family of the list is there by its name, type and labels, or the guide says why not', async () => {
    const seen = new Map<string, Family>()
    const look = async () => {
      await stir()
      for (const scrape of scrapes) for (const one of parse(await scrape()).families) seen.set(one.name, one)
      return wanted(major).filter(({ name }) => !seen.has(name))
    }
    await eventually(look, (missing) => missing.length === 0)
    expect(wanted(major).map(({ name }) => seen.get(name))).toEqual(wanted(major))
    expect([...seen.keys()].filter((name) => isLeftOut(major, name))).toEqual([])
  })

  test('every collector succeeds on a primary and on a standby, and no series is told twice', async () => {
    for (const scrape of scrapes) {
      const body = await scrape()
      expect(body.match(/^pg_scrape_collector_success\{.*\} 0$/gm)).toBeNull()
      expect(body).toContain('pg_exporter_last_scrape_error 0')
      const { series } = parse(body)
      expect(series.filter((one, at) => series.indexOf(one) !== at)).toEqual([])
    }
  })
})
