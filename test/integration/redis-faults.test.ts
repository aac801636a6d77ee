import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { Redis as Client } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Server } from '../../compose/local/process.ts'
import { clientOf, password, reading, scrapeOf } from './redis-stand.ts'
import { type CacheFlavour, cacheFlavours, eventually, workshop } from './servers.ts'

const shop = workshop()
const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})
afterAll(() => shop.end())

/** Nothing may be left to itself, whatever the server does. */
const rejections: unknown[] = []
const keep = (reason: unknown) => void rejections.push(reason)
beforeAll(() => void process.on('unhandledRejection', keep))
afterAll(() => void process.off('unhandledRejection', keep))
beforeEach(() => void rejections.splice(0))
afterEach(() => expect(rejections).toEqual([]))

const scraped = (...given: Parameters<typeof scrapeOf>) => {
  const opened = scrapeOf(...given)
  closing.push(opened.close)
  return opened
}

/** A port on which every connection is given to `serve`. */
const listener = async (serve: (socket: Socket) => void) => {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined)
    serve(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  return { url: `redis://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`, sockets }
}

const bulk = (text: string) => `$${Buffer.byteLength(text)}\r\n${text}\r\n`
const commands = /\$\d+\r\n(client|info|config|slowlog|latency|acl|cluster)\r\n/gi

/** Answers each command with what `answer` gives for its name. */
const answering = (answer: (command: string) => string) =>
  listener((socket) => {
    socket.on('data', (data) => {
      for (const [, command = ''] of data.toString().matchAll(commands)) socket.write(answer(command.toLowerCase()))
    })
  })

describe('a server that answers nonsense is redis_up 0 within the deadline, and its connection is dropped', () => {
  test.each<[what: string, says: (socket: Socket) => void, told: RegExp]>([
    [
      'another protocol',
      (socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
      /does not speak as Redis does/,
    ],
    [
      'bytes',
      (socket) => void socket.write(Buffer.from([0, 255, 13, 10, 7, 200, 13, 10])),
      /does not speak as Redis does/,
    ],
    ['nothing', () => undefined, /no answer within 500 ms/],
    ['the half of an answer', (socket) => void socket.write('$1000\r\nredis_ver'), /no answer within 500 ms/],
    ['a hang-up', (socket) => void socket.destroy(), /closed|ECONNRESET|hung up/],
  ])('%s', async (_what, says, told) => {
    const { url, sockets } = await listener((socket) => void socket.once('data', () => says(socket)))
    const { scrape, lines } = scraped(url)
    for (const _ of [1, 2]) expect(reading(await scrape(500), 'redis_up')).toBe(0)
    expect(lines.join()).toMatch(told)
    await eventually(
      () => sockets.filter(({ destroyed }) => !destroyed).length,
      (open) => open === 0,
    )
  })
})

test('a server that refuses everything while it loads is redis_up 0', async () => {
  const { url } = await answering((command) => (command === 'client' ? '+OK\r\n' : '-LOADING Redis is loading\r\n'))
  const { scrape, lines } = scraped(url)
  expect(reading(await scrape(), 'redis_up')).toBe(0)
  expect(lines.join()).toContain('LOADING')
})

test('a server that answers INFO alone is up: what else is refused fails by itself', async () => {
  const info = bulk(
    '# Server\r\nredis_version:7.0.15\r\nrun_id:a\r\n# Persistence\r\nloading:1\r\nloading_eta_seconds:9\r\n',
  )
  const { url } = await answering((command) => (command === 'info' ? info : '-LOADING Redis is loading\r\n'))
  const { scrape } = scraped(url)
  const body = await scrape()
  expect(reading(body, 'redis_up')).toBe(1)
  expect(reading(body, 'redis_loading_dump_file')).toBe(1)
  expect(reading(body, 'redis_loading_eta_seconds')).toBe(9)
  expect(reading(body, 'redis_scrape_collector_success{collector="slowlog"}')).toBe(0)
  expect(reading(body, 'redis_scrape_collector_success{collector="persistence"}')).toBe(1)
})

test('a server whose answers are of no known shape is up, and nothing is made of them', async () => {
  const { url } = await answering((command) =>
    command === 'info' ? bulk('redis_version:7.0.15\r\ncmdstat_:=,,\r\n') : ':7\r\n',
  )
  const { scrape } = scraped(url)
  const body = await scrape()
  expect(reading(body, 'redis_up')).toBe(1)
  expect(body).not.toMatch(/NaN|undefined|\[object/)
})

describe.each(cacheFlavours)('%s', (flavour) => {
  let server: Server
  let admin: Client

  beforeAll(async () => {
    const debug = flavour === 'redis-6' ? {} : { 'enable-debug-command': 'yes' }
    server = await shop.redis({ flavour, password, maxmemory: '16mb', settings: debug })
    admin = clientOf(server.url)
  })
  afterAll(() => admin?.disconnect())

  const loginOf = (name: string, word = password) => {
    const url = new URL(server.url)
    url.username = name
    url.password = word
    return url.href
  }

  test('expired and evicted keys are counted, and a full memory stops no scrape', async () => {
    const { scrape } = scraped(server.url)
    await admin.set('brief', '1', 'PX', 1)
    await eventually(scrape, (body) => reading(body, 'redis_expired_keys_total') >= 1)
    const fill = async () => {
      for (let n = 0; n < 40; n++) await admin.set(`large:${n}`, 'x'.repeat(500_000))
    }
    await expect(fill()).rejects.toThrow('OOM')
    const full = await scrape()
    expect(full).not.toMatch(/collector_success\{.*\} 0/)
    if (flavour !== 'redis-6') expect(reading(full, 'redis_errors_total{err="OOM"}')).toBe(1)
    await admin.config('SET', 'maxmemory-policy', 'allkeys-lru')
    await fill()
    expect(reading(await scrape(), 'redis_evicted_keys_total')).toBeGreaterThan(0)
    await admin.flushall()
  })

  test.each<[what: string, url: () => string]>([
    ['a wrong password', () => loginOf('', 'wrong-sekret')],
    ['no password', () => server.url.replace(/\/\/.*@/, '//')],
  ])('%s is redis_up 0, and stands nowhere', async (_what, url) => {
    const { scrape, lines } = scraped(url())
    const body = await scrape()
    expect(reading(body, 'redis_up')).toBe(0)
    expect(lines.join()).toMatch(/WRONGPASS|NOAUTH/)
    expect(body + lines.join()).not.toContain('wrong-sekret')
  })

  test('a login with the rights that the guide names can read everything', async () => {
    const logs = ['+slowlog|get', '+slowlog|len', '+latency|latest', '+latency|histogram', '+acl|log']
    const rights = ['resetkeys', '-@all', '+info', '+config|get', '+cluster|info', ...logs]
    const valkey = flavour === 'valkey-8' ? ['+commandlog|len'] : []
    await admin.call('ACL', 'SETUSER', 'exporter', 'on', `>${password}`, ...rights, ...valkey)
    const { scrape, lines } = scraped(loginOf('exporter'))
    const body = await scrape()
    expect(body).not.toMatch(/collector_success\{.*\} 0/)
    expect(lines).toEqual([])
  })

  test('a login that may do less still reads INFO; the log says what to grant, and what is granted is read', async () => {
    await admin.call('ACL', 'SETUSER', 'poor', 'on', `>${password}`, '-@all', '+info')
    const { scrape, lines } = scraped(loginOf('poor'), { refusedFor: 0 })
    await scrape()
    const body = await scrape()
    expect(reading(body, 'redis_up')).toBe(1)
    const failed = [...body.matchAll(/collector_success\{collector="(\w+)"\} 0/g)].map(([, name]) => name)
    const expected: Readonly<Record<CacheFlavour, readonly string[]>> = {
      'redis-6': ['latency_spikes', 'slowlog', 'acl', 'config'],
      'redis-7': ['latency_histograms', 'latency_spikes', 'slowlog', 'acl', 'config'],
      'redis-8': ['latency_histograms', 'latency_spikes', 'slowlog', 'config'],
      'valkey-8': ['latency_histograms', 'latency_spikes', 'slowlog', 'commandlog', 'config'],
    }
    expect(failed).toEqual(expected[flavour])
    const name = flavour === 'redis-6' || flavour === 'redis-7' ? 'NAME' : 'poor'
    for (const rule of ['+config|get', '+latency|latest']) {
      expect(lines.join('\n')).toContain(`run ACL SETUSER ${name} ${rule}`)
    }
    expect(reading(body, 'redis_db_keys{db="db0"}')).toBe(0)
    expect(reading(body, 'redis_commands_total{cmd="info"}')).toBeGreaterThan(0)
    await admin.call('ACL', 'SETUSER', 'poor', '+config|get')
    expect(reading(await scrape(), 'redis_config_maxmemory')).toBe(16 * 1024 ** 2)
  })

  test('a login that may not ask for INFO is redis_up 0, whatever else it may ask', async () => {
    await admin.call('ACL', 'SETUSER', 'blind', 'on', `>${password}`, '-@all', '+config|get', '+slowlog|len')
    const { scrape, lines } = scraped(loginOf('blind'))
    expect(reading(await scrape(), 'redis_up')).toBe(0)
    expect(lines.join()).toContain('NOPERM')
  })

  test('what is refused is not asked again at every scrape, which would look like an attack', async () => {
    await admin.call('ACL', 'SETUSER', 'patient', 'on', `>${password}`, '-@all', '+info')
    const { scrape } = scraped(loginOf('patient'))
    const denied = async () => (await admin.call('ACL', 'LOG')) as readonly unknown[]
    await scrape()
    await admin.call('ACL', 'LOG', 'RESET')
    expect(await scrape()).toMatch(/collector_success\{collector="config"\} 0/)
    expect(await denied()).toEqual([])
  })

  test('while the server loads its data the scrape says so', async () => {
    const { scrape } = scraped(server.url)
    // It looks up from loading once in 2 MiB of the file.
    await admin.config('SET', 'rdbcompression', 'no')
    for (let n = 0; n < 8_000; n++) admin.set(`loaded:${n}`, 'x'.repeat(1_000)).catch(() => undefined)
    await admin.config('SET', 'key-load-delay', '100')
    const reloaded = admin.call('DEBUG', 'RELOAD')
    const body = await eventually(scrape, (text) => reading(text, 'redis_loading_dump_file') === 1, { every: 5 })
    expect(reading(body, 'redis_up')).toBe(1)
    expect(body).toContain('redis_loading_eta_seconds')
    expect(body).not.toMatch(/collector_success\{.*\} 0/)
    expect(await reloaded).toBe('OK')
    await admin.flushall()
  })

  test('a server that hangs is redis_up 0 within the deadline, and is read again when it goes on', async () => {
    const { scrape } = scraped(server.url)
    expect(reading(await scrape(), 'redis_up')).toBe(1)
    process.kill(server.pid, 'SIGSTOP')
    try {
      for (const _ of [1, 2]) expect(reading(await scrape(500), 'redis_up')).toBe(0)
    } finally {
      process.kill(server.pid, 'SIGCONT')
    }
    await eventually(scrape, (body) => reading(body, 'redis_up') === 1)
  })
})

test('a connection that hangs is left, and the next scrape opens another', async () => {
  const server = await shop.redis()
  const { port, hostname } = new URL(server.url)
  const { url, sockets } = await listener((client) => {
    const upstream = connect(Number(port), hostname)
    client.pipe(upstream).pipe(client)
    for (const end of [client, upstream]) end.on('error', () => undefined).on('close', () => upstream.destroy())
  })
  const { scrape } = scraped(url)
  expect(reading(await scrape(), 'redis_up')).toBe(1)
  // As a network that lost the connection without telling either side.
  sockets[0]?.unpipe().pause()
  expect(reading(await scrape(500), 'redis_up')).toBe(0)
  expect(reading(await scrape(), 'redis_up')).toBe(1)
  expect(sockets).toHaveLength(2)
})

test('where CONFIG was renamed the log says so, and the databases that hold keys are told of', async () => {
  const server = await shop.redis({ settings: { 'rename-command': ['CONFIG', 'a-secret-name'] } })
  const admin = clientOf(server.url)
  closing.push(() => admin.disconnect())
  await admin.select(3)
  await admin.set('kept', '1')
  await admin.call('a-secret-name', 'SET', 'slowlog-log-slower-than', '0')
  const { scrape, lines } = scraped(server.url)
  await scrape()
  await admin.call('a-secret-name', 'SET', 'slowlog-log-slower-than', '0')
  const body = await scrape()
  expect(lines.join()).toContain('config failed: the server has no CONFIG GET')
  expect(reading(body, 'redis_db_keys{db="db0"}')).toBe(0)
  expect(reading(body, 'redis_db_keys{db="db3"}')).toBe(1)
  expect(reading(body, 'redis_slowlog_entries_total{command="other"}')).toBe(1)
  expect(body).not.toContain('a-secret-name')
})
