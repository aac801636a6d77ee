import { Redis } from 'ioredis'
import { Client } from 'pg'
import { afterAll, describe, expect, test } from 'vitest'
import { postgresMajors } from '../../compose/local/postgres-package.ts'
import { cacheFlavours, eventually, workshop } from './servers.ts'

const shop = workshop()
const clients: { end(): Promise<unknown> }[] = []
const client = async (url: string) => {
  const opened = new Client(url)
  clients.push(opened)
  await opened.connect()
  return opened
}
afterAll(async () => {
  for (const opened of clients) await opened.end()
  await shop.end()
})

describe.each(postgresMajors)('PostgreSQL %i', (major) => {
  test('starts, says its version, has the extensions we read, and its standby replays a row', async () => {
    const primary = await shop.postgres({ major, settings: { max_connections: '120' } })
    const admin = await client(primary.url)
    const { rows: version } = await admin.query('show server_version')
    expect(version[0].server_version).toMatch(new RegExp(`^${major}\\.\\d+`))
    await admin.query(`
      create extension pg_stat_statements;
      create extension pgstattuple;
      create table guests (id int primary key);
      insert into guests select generate_series(1, 100)`)
    const { rows: tuples } = await admin.query(`select tuple_count::int from pgstattuple('guests')`)
    expect(tuples).toEqual([{ tuple_count: 100 }])
    const { rows: statements } = await admin.query(
      `select count(*)::int as n from pg_stat_statements where query like 'create table guests%'`,
    )
    expect(statements).toEqual([{ n: 1 }])

    const reader = await client((await shop.standby(primary)).url)
    const { rows: recovery } = await reader.query('select pg_is_in_recovery() as standby')
    expect(recovery).toEqual([{ standby: true }])
    await admin.query('insert into guests values (101)')
    const { rows } = await eventually(
      () => reader.query('select count(*)::int as n from guests'),
      (answer) => answer.rows[0].n === 101,
    )
    expect(rows).toEqual([{ n: 101 }])
    const { rows: senders } = await admin.query(
      'select state, sync_state, s.active from pg_stat_replication r join pg_replication_slots s on s.active_pid = r.pid',
    )
    expect(senders).toEqual([{ state: 'streaming', sync_state: 'async', active: true }])
  })
})

describe.each(cacheFlavours)('%s', (flavour) => {
  test('starts, says its version, takes settings, and answers', async () => {
    const [kind, major] = flavour.split('-')
    const settings = { 'latency-monitor-threshold': '7', 'client-output-buffer-limit': ['pubsub', '1mb', '2mb', '3'] }
    const server = await shop.redis({ flavour, password: 'a "quoted" word', maxmemory: '64mb', settings })
    const redis = new Redis(server.url)
    clients.push({ end: () => redis.quit() })
    const info = await redis.info('server')
    expect(info).toMatch(new RegExp(`^${kind}_version:${major}\\.`, 'm'))
    await redis.set('word', 'kept')
    expect(await redis.get('word')).toBe('kept')
    expect(await redis.config('GET', 'latency-monitor-threshold')).toEqual(['latency-monitor-threshold', '7'])
    expect(await redis.config('GET', 'maxmemory')).toEqual(['maxmemory', String(64 * 1024 ** 2)])
    expect(JSON.stringify(await redis.config('GET', 'client-output-buffer-limit'))).toContain(
      'pubsub 1048576 2097152 3',
    )
  })
})
