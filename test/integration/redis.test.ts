import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { Redis as Client } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Server } from '../../compose/local/process.ts'
import { expose } from '../../exporters/exposition.ts'
import { redisCollectors, redisVitals } from '../../exporters/redis/index.ts'
import { redis } from '../../exporters/redis/source.ts'
import { scraper } from '../../exporters/scrape.ts'
import { eventually, workshop } from './servers.ts'

const password = 'a-cache-password'

describe('Redis', () => {
  const shop = workshop()
  let server: Server
  let admin: Client

  const scrapeOf = (url: string) => {
    const lines: string[] = []
    const source = redis(url)
    const say = (_: object, message: string) => void lines.push(message)
    const scrape = scraper(
      { kind: 'redis', name: 'cache', source, collectors: redisCollectors, vitals: redisVitals },
      { info: say, warn: say },
    )
    return { lines, source, scrape: async (budget = 5_000) => expose(await scrape(budget)).body }
  }
  const reading = (body: string, series: string) =>
    Number(
      body
        .split('\n')
        .find((line) => line.startsWith(`${series} `))
        ?.split(' ')[1],
    )

  beforeAll(async () => {
    server = await shop.redis({ password, maxmemory: '16mb' })
    admin = new Client(server.url)
  })
  afterAll(async () => {
    admin?.disconnect()
    await shop.end()
  })

  test('every declared metric has the value that the server itself states', async () => {
    await admin.set('kept', '1')
    await admin.set('passing', '1', 'EX', 1000)
    await admin.get('kept')
    await admin.get('absent')
    const { scrape, source } = scrapeOf(server.url)
    const body = await scrape()
    expect(reading(body, 'redis_up')).toBe(1)
    expect(reading(body, 'redis_db_keys{db="db0"}')).toBe(2)
    expect(reading(body, 'redis_db_keys_expiring{db="db0"}')).toBe(1)
    expect(reading(body, 'redis_keyspace_hits_total')).toBe(1)
    expect(reading(body, 'redis_keyspace_misses_total')).toBe(1)
    expect(reading(body, 'redis_memory_max_bytes')).toBe(16 * 1024 ** 2)
    expect(reading(body, 'redis_connected_clients')).toBe(2)
    const missing = redisCollectors
      .flatMap(({ metrics }) => metrics)
      .filter(({ name }) => !body.includes(`\n${name} `) && !body.includes(`\n${name}{`))
    expect(missing.map(({ name }) => name)).toEqual([])
    await source.close()
  })

  test('expired and evicted keys are counted', async () => {
    const { scrape, source } = scrapeOf(server.url)
    await admin.set('brief', '1', 'PX', 1)
    await eventually(scrape, (body) => reading(body, 'redis_expired_keys_total') >= 1)
    await admin.config('SET', 'maxmemory-policy', 'allkeys-lru')
    for (let n = 0; n < 40; n++) await admin.set(`large:${n}`, 'x'.repeat(500_000))
    expect(reading(await scrape(), 'redis_evicted_keys_total')).toBeGreaterThan(0)
    await admin.flushall()
    await source.close()
  })

  test('a wrong password is redis_up 0, and stands nowhere', async () => {
    const wrong = new URL(server.url)
    wrong.password = 'wrong-sekret'
    const { scrape, lines, source } = scrapeOf(wrong.href)
    const body = await scrape()
    expect(reading(body, 'redis_up')).toBe(0)
    expect(lines.join()).toMatch(/WRONGPASS|NOAUTH/)
    expect(body + lines.join()).not.toContain('wrong-sekret')
    await source.close()
  })

  test('a connection that hangs is left, and the next scrape opens another', async () => {
    const { port, hostname } = new URL(server.url)
    const taken: Socket[] = []
    const relay = createServer((client) => {
      taken.push(client)
      const upstream = connect(Number(port), hostname)
      client.pipe(upstream).pipe(client)
      for (const end of [client, upstream]) end.on('error', () => undefined).on('close', () => upstream.destroy())
    }).listen(0, '127.0.0.1')
    await once(relay, 'listening')
    const address = relay.address()
    const target = new URL(server.url)
    target.port = String(typeof address === 'object' && address ? address.port : 0)
    const { scrape, source } = scrapeOf(target.href)
    expect(reading(await scrape(), 'redis_up')).toBe(1)
    // As a network that lost the connection without telling either side.
    taken[0]?.unpipe().pause()
    expect(reading(await scrape(500), 'redis_up')).toBe(0)
    expect(reading(await scrape(), 'redis_up')).toBe(1)
    expect(taken).toHaveLength(2)
    await source.close()
    relay.close()
  })

  test('a server that hangs is redis_up 0 within the deadline, and is read again when it goes on', async () => {
    const { scrape, source } = scrapeOf(server.url)
    expect(reading(await scrape(), 'redis_up')).toBe(1)
    process.kill(server.pid, 'SIGSTOP')
    try {
      for (const _ of [1, 2]) expect(reading(await scrape(500), 'redis_up')).toBe(0)
    } finally {
      process.kill(server.pid, 'SIGCONT')
    }
    await eventually(scrape, (body) => reading(body, 'redis_up') === 1)
    await source.close()
  })
})
