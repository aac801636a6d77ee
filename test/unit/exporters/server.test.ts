import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { get } from 'node:http'
import { connect } from 'node:net'
import { gunzipSync } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Collector, Scraped, Source } from '../../../exporters/collector.ts'
import type { Cell } from '../../../exporters/reading.ts'
import { processRegistry } from '../../../exporters/registry.ts'
import { exporterServer } from '../../../exporters/server.ts'
import { gauge } from '../../../metrics/metric.ts'

const vitals = {
  up: gauge({ name: 'demo_up', counts: 'answers', help: 'x' }),
  success: gauge({ name: 'demo_success', counts: 'successes', help: 'x', labels: ['collector'] }),
  duration: gauge({ name: 'demo_duration_seconds', help: 'x', labels: ['collector'] }),
}
const answers: Source = {
  ready: async () => {},
  answered: async () => true,
  reader: () => undefined,
  close: async () => {},
}
type Collectors = readonly Collector<unknown>[]
const target = (kind: string, name: string, source: Partial<Source> = {}, collectors: Collectors = []): Scraped => ({
  kind,
  name,
  source: { ...answers, ...source },
  collectors,
  vitals,
})
const size = gauge({ name: 'demo_size_bytes', help: 'x', labels: ['of'] })
const reads = (name: string): Collector<unknown> => ({
  name,
  metrics: [size],
  collect: async () => [size.sample(7, { of: name })],
})

const opened: FastifyInstance[] = []
const serve = (scraped: readonly Scraped[], unset = {}) => {
  const app = exporterServer({ scraped, unset, registry: processRegistry(), log: false })
  opened.push(app)
  return app
}
afterEach(async () => {
  await Promise.all(opened.splice(0).map((app) => app.close()))
})

test('Each target is served by its kind and name', async () => {
  const app = serve([target('postgres', 'main'), target('redis', 'cache', { ready: () => Promise.reject('away') })])
  const main = await app.inject('/metrics/postgres/main')
  expect(main.statusCode).toBe(200)
  expect(main.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(main.body).toBe('# HELP demo_up x\n# TYPE demo_up gauge\ndemo_up 1\n')
  const cache = await app.inject('/metrics/redis/cache')
  expect(cache.statusCode).toBe(200)
  expect(cache.body).toContain('demo_up 0')
})

test('OpenMetrics is served to who asks for it', async () => {
  const headers = { accept: 'application/openmetrics-text;version=1.0.0,text/plain;q=0.5' }
  const { headers: answered, body } = await serve([target('redis', 'cache')]).inject({
    url: '/metrics/redis/cache',
    headers,
  })
  expect(answered['content-type']).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8')
  expect(body).toMatch(/# EOF\n$/)
})

describe('Who names collectors gets those', () => {
  const app = () => serve([target('redis', 'cache', {}, [reads('memory'), reads('stats'), reads('clients')])])
  const read = (body: string) => [...body.matchAll(/^demo_size_bytes\{of="(\w+)"\} 7$/gm)].map(([, name]) => name)

  test.each([
    ['', ['memory', 'stats', 'clients']],
    ['?collect[]=stats', ['stats']],
    ['?collect%5B%5D=stats&collect%5B%5D=memory', ['memory', 'stats']],
    ['?other=x', ['memory', 'stats', 'clients']],
  ])('%j', async (query, names) => {
    const { statusCode, body } = await app().inject(`/metrics/redis/cache${query}`)
    expect(statusCode).toBe(200)
    expect(read(body)).toEqual(names)
  })

  test.each([
    ['?collect[]=slowlog', 'slowlog'],
    ['?collect[]=stats&collect[]=slowlog', 'slowlog'],
    ['?collect[]=', ''],
    ['?collect[]=constructor', 'constructor'],
  ])('%j is refused, and those that are known are named', async (query, name) => {
    const { statusCode, headers, body } = await app().inject(`/metrics/redis/cache${query}`)
    expect(statusCode).toBe(400)
    expect(headers['content-type']).toBe('text/plain; charset=utf-8')
    expect(body).toBe(`redis has no collector ${name}. Known: memory, stats, clients\n`)
  })
})

describe('An answer is compressed for who asks for that', () => {
  test.each([
    [undefined, false],
    ['', false],
    ['gzip', true],
    ['GZIP', true],
    ['deflate, gzip;q=0.5, br', true],
    ['gzip; q=1.0', true],
    ['gzip;q=0', false],
    ['gzip;q=0.000', false],
    ['identity', false],
    ['x-gzip-like', false],
    ['gzip;q=often', false],
  ])('Accept-Encoding: %s', async (encoding, zipped) => {
    const app = serve([target('redis', 'cache', {}, [reads('memory')])])
    const headers = encoding === undefined ? {} : { 'accept-encoding': encoding }
    const { headers: answered, rawPayload } = await app.inject({ url: '/metrics/redis/cache', headers })
    expect(answered['content-encoding']).toBe(zipped ? 'gzip' : undefined)
    expect(answered.vary).toBe('accept, accept-encoding')
    expect((zipped ? gunzipSync(rawPayload) : rawPayload).toString()).toContain('demo_size_bytes{of="memory"} 7\n')
  })
})

describe('A client that never reads', () => {
  const total = 100_000
  /** Far more than the buffers between two processes take, compressed as well, and counted as it is printed. */
  const huge = () => {
    let printed = 0
    const noise = randomBytes(150 * total).toString('hex')
    const rows = Array.from({ length: total }, (_, i) => {
      const row: Cell[] = [noise.slice(300 * i, 300 * (i + 1)), i]
      const count = () => {
        printed += 1
        return i
      }
      return Object.defineProperty(row, 1, { get: count })
    })
    const collect = async () => [{ labels: [['of', 0] as const], metrics: [[size, 1] as const], rows }]
    return { collectors: [{ name: 'huge', metrics: [size], collect }], printed: () => printed }
  }

  test.each(['identity', 'gzip'])(
    'is cut off soon after its deadline, and no more is printed for it: %s',
    async (encoding) => {
      const { collectors, printed } = huge()
      const app = serve([target('redis', 'cache', {}, collectors)])
      const address = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
      const connections = () => new Promise<number>((done) => app.server.getConnections((_error, count) => done(count)))
      const socket = connect(Number(address.port), address.hostname)
      socket.on('error', () => undefined)
      socket.pause()
      const lines = ['GET /metrics/redis/cache HTTP/1.1', 'host: x', `accept-encoding: ${encoding}`]
      socket.write(`${lines.join('\r\n')}\r\nx-prometheus-scrape-timeout-seconds: 0.1\r\n\r\n`)
      await vi.waitFor(() => expect(printed()).toBeGreaterThan(0), { timeout: 10_000 })
      expect(await connections()).toBe(1)
      await vi.waitFor(async () => expect(await connections()).toBe(0), { timeout: 10_000 })
      expect(printed()).toBeLessThan(total)
      // Nor does what was cut off keep the server from closing.
      await app.close()
      socket.destroy()
    },
  )

  test('takes nothing from one that reads', async () => {
    const { collectors, printed } = huge()
    const app = serve([target('redis', 'cache', {}, collectors)])
    const address = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
    const socket = connect(Number(address.port), address.hostname)
    socket.on('error', () => undefined)
    socket.pause()
    socket.write('GET /metrics/redis/cache HTTP/1.1\r\nhost: x\r\n\r\n')
    await vi.waitFor(() => expect(printed()).toBeGreaterThan(0), { timeout: 10_000 })
    const answer = await fetch(new URL('/metrics/redis/cache', address))
    const body = await answer.text()
    expect(body.split('\n').filter((line) => line.startsWith('demo_size_bytes'))).toHaveLength(total)
    socket.destroy()
  })
})

test('An answer that nobody takes ends when its client goes', async () => {
  const row: Cell[] = ['x'.repeat(300), 1]
  let printed = 0
  const counted = Object.defineProperty(row, 1, { get: () => printed++ })
  const rows = Array.from({ length: 100_000 }, () => counted)
  const collect = async () => [{ labels: [['of', 0] as const], metrics: [[size, 1] as const], rows }]
  const app = serve([target('redis', 'cache', {}, [{ name: 'huge', metrics: [size], collect }])])
  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  const request = get(`${address}/metrics/redis/cache`, { agent: false })
  const [response] = await once(request, 'response')
  response.destroy()
  await app.close()
  expect(printed).toBeLessThan(100_000)
})

describe('What is not served answers 404 and says why', () => {
  const known = 'Known: /metrics/postgres/main, /metrics/redis/cache\n'
  test.each([
    ['an unknown target', '/metrics/postgres/other', `There is no target postgres/other. ${known}`],
    ['an unknown kind', '/metrics/mysql/main', `There is no target mysql/main. ${known}`],
    ['a target of another kind', '/metrics/redis/main', `There is no target redis/main. ${known}`],
    ['a target without a URL', '/metrics/redis/store', `store has no URL: set STORE_URL. ${known}`],
    ['a name that every object has', '/metrics/redis/constructor', `There is no target redis/constructor. ${known}`],
    ['a URL for a name', '/metrics/redis/redis%3A%2F%2Fhost', `There is no target redis/redis://host. ${known}`],
  ])('%s', async (_what, url, words) => {
    const app = serve([target('postgres', 'main'), target('redis', 'cache')], { store: 'STORE_URL' })
    const { statusCode, headers, body } = await app.inject(url)
    expect(statusCode).toBe(404)
    expect(headers['content-type']).toBe('text/plain; charset=utf-8')
    expect(body).toBe(words)
  })
})

describe('A scrape has the time that Prometheus gives it, less what the way back takes', () => {
  test.each([
    ['10', 9000],
    ['5.5', 4500],
    ['1', 500],
    ['0.4', 200],
    [undefined, 9000],
    ['', 9000],
    ['soon', 9000],
    ['0', 9000],
    ['-1', 9000],
    ['NaN', 9000],
    ['Infinity', 3_599_000],
    ['1e300', 3_599_000],
  ])('%s seconds leave %d ms', async (seconds, milliseconds) => {
    let given = 0
    const ready: Source['ready'] = async (_signal, budget) => {
      given = budget
    }
    const headers = seconds === undefined ? {} : { 'x-prometheus-scrape-timeout-seconds': seconds }
    await serve([target('redis', 'cache', { ready })]).inject({ url: '/metrics/redis/cache', headers })
    expect(given).toBe(milliseconds)
  })

  test('and a source that hangs is given up in time', async () => {
    const app = serve([target('redis', 'cache', { ready: () => new Promise<never>(() => {}) })])
    const headers = { 'x-prometheus-scrape-timeout-seconds': '0.05' }
    const { body } = await app.inject({ url: '/metrics/redis/cache', headers })
    expect(body).toContain('demo_up 0')
  })
})

test('/metrics tells of the exporter itself, and not of its targets', async () => {
  const { statusCode, headers, body } = await serve([target('redis', 'cache')]).inject('/metrics')
  expect(statusCode).toBe(200)
  expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/)
  expect(body).toContain('process_cpu_seconds_total')
  expect(body).not.toContain('demo_up')
})

test('/health says that the exporter runs and what it serves, without asking any source', async () => {
  const app = serve([target('redis', 'cache', { ready: () => new Promise<never>(() => {}) })])
  const { statusCode, body } = await app.inject('/health')
  expect(statusCode).toBe(200)
  expect(JSON.parse(body)).toEqual({ status: 'healthy', uptime: expect.any(Number), targets: ['redis/cache'] })
})

test('Closing closes every source, one that fails to close as well', async () => {
  const closed: string[] = []
  const closing = (name: string) => async () => {
    closed.push(name)
    if (name === 'main') throw new Error('was gone already')
  }
  const app = serve([
    target('postgres', 'main', { close: closing('main') }),
    target('redis', 'cache', { close: closing('cache') }),
  ])
  await app.ready()
  await app.close()
  expect(closed).toEqual(['main', 'cache'])
})

test('Closing lets an answer under way finish before it closes the source', async () => {
  const events: string[] = []
  let open = () => {}
  let begun = () => {}
  const asked = new Promise<void>((resolve) => {
    begun = resolve
  })
  const ready = async () => {
    begun()
    await new Promise<void>((resolve) => {
      open = resolve
    })
    events.push('answered')
  }
  const close = async () => {
    events.push('closed')
  }
  const app = serve([target('redis', 'cache', { ready, close })])
  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  const response = once(get(`${address}/metrics/redis/cache`, { agent: false }), 'response')
  await asked
  const closing = app.close()
  await vi.waitFor(() => expect(app.server.listening).toBe(false))
  open()
  const [{ statusCode }] = await response
  await closing
  expect(statusCode).toBe(200)
  expect(events).toEqual(['answered', 'closed'])
})
