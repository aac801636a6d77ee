import { once } from 'node:events'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { request as clear, type IncomingHttpHeaders } from 'node:http'
import { request as encrypted } from 'node:https'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { TLSSocket } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { Redis as Cache } from 'ioredis'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Server, startProcess } from '../../compose/local/process.ts'
import { authority, type Certificate } from './certificates.ts'
import { eventually, freePort, workshop } from './servers.ts'

const shop = workshop()
const root = fileURLToPath(new URL('../..', import.meta.url))
const ours = authority(join(shop.folder, 'ours'), 'our authority')
const theirs = authority(join(shop.folder, 'theirs'), 'their authority')

/** What must stand nowhere. */
const secrets = {
  login: 'sekret-login-1',
  newLogin: 'sekret-login-2',
  cache: 'sekret-cache-1',
  newCache: 'sekret-cache-2',
  token: 'sekret-token-1',
  newToken: 'sekret-token-2',
  scraper: 'sekret-scraper-1',
  wrong: 'sekret-wrong-1',
} as const
const sekret = /sekret/

let database: Server
let cache: Server
let admin: Client
const databaseUrl = (password: string, host = '127.0.0.1', query = '') => {
  const { port } = new URL(database.url)
  return `postgres://monitor:${password}@${host}:${port}/postgres${query}`
}
const cacheUrl = (password: string, scheme = 'redis', host = '127.0.0.1') =>
  `${scheme}://:${password}@${host}:${new URL(cache.url).port}`

beforeAll(async () => {
  database = await shop.postgres()
  cache = await shop.redis({ password: secrets.cache })
  admin = new Client(database.url)
  await admin.connect()
  await admin.query(`create role monitor login password '${secrets.login}' in role pg_monitor`)
})
afterAll(async () => {
  await admin?.end()
  await shop.end()
})

interface Asking {
  readonly headers?: Readonly<Record<string, string>>
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}
interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** The certificate that was shown. */
  readonly serial: string | undefined
}

/** Over a connection of its own. */
const ask = async (url: string, { ca = ours.cert, ...options }: Asking = {}): Promise<Answer> => {
  const request = url.startsWith('https:') ? encrypted : clear
  const asked = request(url, { ca, agent: false, ...options }).end()
  const [answer] = await once(asked, 'response')
  const { socket } = answer
  const serial = socket instanceof TLSSocket ? socket.getPeerCertificate().serialNumber : undefined
  return { status: answer.statusCode, headers: answer.headers, body: await text(answer), serial }
}

/** The exporter as it is run, and all it ever says. */
const startExporter = async (env: Readonly<Record<string, string>>) => {
  const port = await freePort()
  const running = await startProcess({
    name: 'Exporter',
    home: join(shop.folder, `exporter-${port}`),
    command: process.execPath,
    args: ['--import', 'tsx', 'exporters/main.ts'],
    cwd: root,
    env: { EXPORTER_HOST: '127.0.0.1', EXPORTER_PORT: String(port), ...env },
    ready: /Server listening at/,
  })
  shop.keep(running)
  const bodies: string[] = []
  const scheme = 'EXPORTER_TLS_CERT' in env ? 'https' : 'http'
  return {
    ...running,
    said: () => readFileSync(running.log, 'utf8'),
    /** All answers, log lines, and what every user of the machine sees of the process. */
    everything: () =>
      [...bodies, readFileSync(running.log, 'utf8'), readFileSync(`/proc/${running.pid}/cmdline`, 'utf8')].join('\n'),
    ask: async (path: string, options?: Asking) => {
      const answer = await ask(`${scheme}://localhost:${port}${path}`, options)
      bodies.push(JSON.stringify(answer.headers), answer.body)
      return answer
    },
  }
}
type Exporter = Awaited<ReturnType<typeof startExporter>>

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
const isUp = (body: string, name: 'pg' | 'redis') => body.includes(`\n${name}_up 1\n`)
const upOf = async ({ ask }: Exporter, name: 'pg' | 'redis', options?: Asking) =>
  isUp((await ask(name === 'pg' ? '/metrics/postgres/main' : '/metrics/redis/cache', options)).body, name)

/** As whoever rotates a secret should: the file is whole at every moment. */
const put = (name: string, content: string) => {
  const path = join(shop.folder, name)
  writeFileSync(`${path}.new`, content, { mode: 0o600 })
  renameSync(`${path}.new`, path)
  return path
}

describe('What is rotated counts without a restart', () => {
  let exporter: Exporter
  const serve = ({ cert, key }: Certificate) => ({ cert: put('exporter.pem', cert), key: put('exporter.key', key) })
  const first = ours.issue('first', ['localhost'])
  const second = ours.issue('second', ['localhost'])
  const files = { database: '', cache: '', token: '' }

  beforeAll(async () => {
    const { cert, key } = serve(first)
    files.database = put('database_url', databaseUrl(secrets.login))
    files.cache = put('redis_url', cacheUrl(secrets.cache))
    files.token = put('token', secrets.token)
    exporter = await startExporter({
      DATABASE_URL_FILE: files.database,
      REDIS_URL_FILE: files.cache,
      EXPORTER_TOKEN_FILE: files.token,
      EXPORTER_TLS_CERT: cert,
      EXPORTER_TLS_KEY: key,
    })
  })
  const token = () => bearer(readFileSync(files.token, 'utf8'))

  test('the token of who scrapes', async () => {
    expect((await exporter.ask('/metrics')).status).toBe(401)
    expect((await exporter.ask('/metrics', bearer(secrets.token))).status).toBe(200)
    put('token', secrets.newToken)
    expect((await exporter.ask('/metrics', bearer(secrets.token))).status).toBe(401)
    expect((await exporter.ask('/metrics', bearer(secrets.newToken))).status).toBe(200)
  })

  test('the password of PostgreSQL, at the next connection', async () => {
    expect(await upOf(exporter, 'pg', token())).toBe(true)
    await admin.query(`alter role monitor password '${secrets.newLogin}'`)
    const cut = `select pg_terminate_backend(pid) from pg_stat_activity where usename = 'monitor'`
    await admin.query(cut)
    await eventually(
      () => upOf(exporter, 'pg', token()),
      (up) => !up,
    )
    await eventually(exporter.said, (said) => said.includes('password authentication failed for user'))
    put('database_url', databaseUrl(secrets.newLogin))
    expect(await upOf(exporter, 'pg', token())).toBe(true)
  })

  test('the password of Redis, at the next connection', async () => {
    expect(await upOf(exporter, 'redis', token())).toBe(true)
    const client = new Cache(cacheUrl(secrets.cache))
    await client.config('SET', 'requirepass', secrets.newCache)
    await client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    client.disconnect()
    await eventually(
      () => upOf(exporter, 'redis', token()),
      (up) => !up,
    )
    await eventually(exporter.said, (said) => said.includes('WRONGPASS'))
    put('redis_url', cacheUrl(secrets.newCache))
    expect(await upOf(exporter, 'redis', token())).toBe(true)
  })

  test('the certificate, and half of a pair does not count', async () => {
    const shown = async () => (await exporter.ask('/health')).serial
    const old = await shown()
    put('exporter.pem', second.cert)
    expect(await shown()).toBe(old)
    const mismatch = /exporter\.key of EXPORTER_TLS_CERT and EXPORTER_TLS_KEY: .*key values mismatch/
    await eventually(exporter.said, (said) => mismatch.test(said))
    put('exporter.key', second.key)
    const now = await shown()
    expect(now).toBeDefined()
    expect(now).not.toBe(old)
    expect((await exporter.ask('/metrics', token())).status).toBe(200)
  })

  test('a file that vanishes is named, and what it held before stays in use', async () => {
    const held = readFileSync(files.token, 'utf8')
    rmSync(files.token)
    rmSync(files.database)
    expect((await exporter.ask('/metrics', bearer(held))).status).toBe(200)
    expect((await exporter.ask('/metrics', bearer(secrets.token))).status).toBe(401)
    await admin.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'monitor'`)
    await eventually(
      () => upOf(exporter, 'pg', bearer(held)),
      (up) => up,
    )
    for (const file of [files.token, files.database]) {
      expect(exporter.said().split(`ENOENT: no such file or directory, open '${file}'`)).toHaveLength(2)
    }
  })

  test('and no secret stood in any answer, log line or title', () => {
    expect(exporter.everything()).toContain('pg_up')
    expect(exporter.everything()).not.toMatch(sekret)
  })
})

describe('Only who shows a certificate of the named authority gets in', () => {
  let exporter: Exporter
  beforeAll(async () => {
    const { certFile, keyFile } = ours.issue('mutual', ['localhost'])
    exporter = await startExporter({
      EXPORTER_TLS_CERT: certFile,
      EXPORTER_TLS_KEY: keyFile,
      EXPORTER_TLS_CLIENT_CA: theirs.certFile,
      EXPORTER_USER: 'prometheus',
      EXPORTER_PASSWORD: secrets.scraper,
    })
  })
  const headers = { authorization: `Basic ${Buffer.from(`prometheus:${secrets.scraper}`).toString('base64')}` }
  const [known, unknown] = [theirs.issue('prometheus'), ours.issue('somebody')]

  test('with it, and the password', async () => {
    expect((await exporter.ask('/metrics', { ...known, headers })).status).toBe(200)
    expect((await exporter.ask('/metrics', known)).status).toBe(401)
  })
  test.each([
    ['none', {}],
    ['one of another authority', unknown],
  ])('not with %s', async (_what, shown) => {
    await expect(exporter.ask('/health', { ...shown, headers })).rejects.toThrow(/alert|ECONNRESET|socket hang up/)
    expect(exporter.everything()).not.toMatch(sekret)
  })
})

describe('No secret stands in what the exporter says when', () => {
  const nowhere = 'host.invalid'
  const foreign = `?sslmode=verify-full&sslrootcert=${encodeURIComponent(theirs.certFile)}`
  test.each<[what: string, env: () => Readonly<Record<string, string>>, words: RegExp]>([
    [
      'passwords are wrong',
      () => ({ DATABASE_URL: databaseUrl(secrets.wrong), REDIS_URL: cacheUrl(secrets.wrong) }),
      /password authentication failed[\s\S]*WRONGPASS|WRONGPASS[\s\S]*password authentication failed/,
    ],
    [
      'hosts are unknown',
      () => ({
        DATABASE_URL: databaseUrl(secrets.wrong, nowhere),
        REDIS_URL: cacheUrl(secrets.wrong, 'redis', nowhere),
      }),
      /(host\.invalid[\s\S]*){2}/,
    ],
    [
      'TLS is refused',
      () => ({
        DATABASE_URL: databaseUrl(secrets.wrong, 'localhost', foreign),
        REDIS_URL: cacheUrl(secrets.wrong, 'rediss'),
      }),
      /does not support SSL/,
    ],
    [
      'passwords have signs that URLs have',
      () => ({ DATABASE_URL: databaseUrl('sekret%2Fwrong%40x%25zz'), REDIS_URL: cacheUrl('sekret%2Fwrong%40%25x') }),
      /password authentication failed[\s\S]*WRONGPASS|WRONGPASS[\s\S]*password authentication failed/,
    ],
  ])('%s', async (_what, env, words) => {
    const exporter = await startExporter(env())
    const headers = { 'x-prometheus-scrape-timeout-seconds': '3' }
    for (const name of ['pg', 'redis'] as const) expect(await upOf(exporter, name, { headers })).toBe(false)
    // What it writes may arrive after what it answers.
    await eventually(exporter.said, (said) => words.test(said))
    expect(exporter.everything()).not.toMatch(sekret)
    await exporter.stop()
  })

  test.each<[what: string, env: Readonly<Record<string, string>>, words: RegExp]>([
    [
      'a key is no key',
      { EXPORTER_TLS_CERT: ours.certFile, EXPORTER_TLS_KEY: put('bad.key', 'sekret') },
      /bad\.key of EXPORTER_TLS_CERT and EXPORTER_TLS_KEY/,
    ],
    [
      'a key belongs to another certificate',
      { EXPORTER_TLS_CERT: ours.certFile, EXPORTER_TLS_KEY: theirs.keyFile },
      /EXPORTER_TLS_KEY: .*key values mismatch/,
    ],
  ])('it does not start, because %s', async (_what, env, words) => {
    const refused = await startExporter(env).catch((error: Error) => error.message)
    expect(refused).toMatch(words)
    expect(refused).not.toMatch(sekret)
  })
})
