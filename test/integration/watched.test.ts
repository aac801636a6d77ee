import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { Redis } from 'ioredis'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Server } from '../../compose/local/process.ts'
import { ensurePrograms } from '../../compose/local/programs.ts'
import { startStack } from '../../compose/stack.ts'
import { settle } from '../../compose/watch.ts'
import { demoLogins, setupDemo, urlFor } from '../../demo/setup.ts'
import { instantValue } from './instant-query.ts'
import { eventually, onFreePorts, workshop } from './servers.ts'

const passwords = { api: 'an-api-password', exporter: 'an-exporter-password' }
const forever = new AbortController().signal

describe('with the URLs of real services', () => {
  const shop = workshop()
  let database: Server
  let cache: Server

  beforeAll(async () => {
    // The major that Debian's pg_dump can read.
    database = await shop.postgres({ major: 15 })
    cache = await shop.redis({ password: 'a-cache-password' })
    await setupDemo({ adminUrl: database.url, passwords })
  })
  afterAll(() => shop.end())

  /** All that could tell that somebody wrote: the schema, the rows of each table, the logins, the keys. */
  const fingerprint = async () => {
    const url = urlFor(database.url, {})
    const { 'pg_dump-15': dump } = await ensurePrograms(['pg_dump-15'])
    const schema = execFileSync(dump.path, ['--schema-only', url], {
      env: { ...process.env, ...dump.env },
      encoding: 'utf8',
    })
    const client = new Client(url)
    await client.connect()
    const { rows } = await client.query(`
      select (select json_object_agg(relname, n order by relname) from (
                select relname, (xpath('/row/n/text()', query_to_xml(format('select count(*) as n from %I.%I', schemaname, relname), true, true, '')))[1]::text as n
                from pg_stat_user_tables) counted) as counts,
             (select json_agg(rolname order by rolname) from pg_roles) as roles,
             (select json_agg(datname order by datname) from pg_database) as databases`)
    await client.end()
    const redis = new Redis(cache.url)
    const keys = await redis.dbsize()
    redis.disconnect()
    // Each dump guards itself with a random word of its own.
    return { schema: schema.replaceAll(/^\\(un)?restrict .*$/gm, ''), keys, ...rows[0] }
  }

  test('those are watched, and nothing is written to them', async () => {
    const redis = new Redis(cache.url)
    await redis.set('theirs', 'kept')
    redis.disconnect()
    const before = await fingerprint()
    const env = await onFreePorts({
      DATABASE_URL: urlFor(database.url, { login: demoLogins.exporter, password: passwords.exporter }),
      REDIS_URL: cache.url,
      JOBS_DIR: `${shop.folder}/jobs`,
    })
    const stack = await startStack({
      env,
      tellNobody: true,
      folder: `${shop.folder}/stack`,
      say: () => undefined,
      signal: forever,
    })
    try {
      const prometheus = `http://${stack.deployment.prometheus}`
      const { states, faults } = await settle(prometheus, { within: 90_000, signal: forever })
      expect(states.filter(({ health }) => health !== 'up')).toEqual([])
      expect(faults).toEqual([])
      expect(states.map(({ job }) => job)).toEqual(expect.arrayContaining(['postgres', 'redis', 'reservations']))
      expect(states.map(({ job }) => job)).not.toContain('api')
      expect(stack.components.flatMap(({ parts }) => parts.map(({ name }) => name))).not.toContain('Demo API')
      const value = (series: string) => instantValue(prometheus, series)
      await eventually(
        () => value('pg_up'),
        (up) => up === 1,
      )
      await eventually(
        () => value('redis_up'),
        (up) => up === 1,
      )
      await eventually(
        () => value('min({__name__=~"(pg|redis|reservations)_scrape_collector_success"})'),
        (worst) => worst === 1,
      )
    } finally {
      await stack.stop()
    }
    expect(await fingerprint()).toEqual(before)
  }, 240_000)

  test('an API alone is watched as well', async () => {
    const api = createServer((_, response) =>
      response.writeHead(200, { 'content-type': 'text/plain' }).end('calls_total 1\n'),
    )
    api.listen(0, '127.0.0.1')
    await once(api, 'listening')
    const address = api.address()
    const port = typeof address === 'object' && address ? address.port : 0
    const env = await onFreePorts({ API_URL: `http://127.0.0.1:${port}`, JOBS_DIR: `${shop.folder}/jobs-of-api` })
    const stack = await startStack({
      env,
      tellNobody: true,
      folder: `${shop.folder}/api`,
      say: () => undefined,
      signal: forever,
    })
    try {
      const { states, faults } = await settle(`http://${stack.deployment.prometheus}`, {
        within: 90_000,
        signal: forever,
      })
      expect(states.filter(({ health }) => health !== 'up')).toEqual([])
      expect(faults).toEqual([])
      expect(states.map(({ job }) => job)).toEqual(expect.arrayContaining(['api', 'probe', 'exporter']))
      expect(states.map(({ job }) => job)).not.toContain('postgres')
    } finally {
      await stack.stop()
      api.close()
    }
  }, 240_000)
})
