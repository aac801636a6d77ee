import { get } from 'node:http'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { type Running, startProcess } from '../../../compose/local/process.ts'
import { bundleOurs } from '../../bench/contestants.ts'
import { eventually, freePort, workshop } from '../../integration/servers.ts'
import type { Memory, Watched } from './exporter.ts'
import { type FaultyPostgres, type FaultyRedis, faultyPostgres, faultyRedis, password } from './servers.ts'
import { type Wire, wireTo } from './wire.ts'

/** Everything that is watched: what is at fault, the same over a wire that garbles, and what is well all the time. */
export const targets = [
  'postgres/faulty',
  'postgres/garbled',
  'postgres/unbounded',
  'postgres/healthy',
  'redis/faulty',
  'redis/garbled',
  'redis/healthy',
] as const
export type TargetName = (typeof targets)[number]

/** What one scrape said. */
export interface Reply {
  readonly milliseconds: number
  /** Undefined where it said nothing of it, as an answer does that never came. */
  readonly up: number | undefined
  /** Collectors that failed. */
  readonly failed: readonly string[]
  readonly body: string
}

export interface Stand {
  readonly folder: string
  readonly postgres: FaultyPostgres
  readonly redis: FaultyRedis
  readonly wires: Readonly<Record<'postgres' | 'redis', Wire>>
  readonly exporter: Exporter
  /** Connections that the exporter has to read a target, as its server counts them. */
  connections(target: TargetName): Promise<number>
  end(): Promise<void>
}

export interface Exporter extends Running {
  readonly port: number
  /** @param seconds that it may take */
  scrape(target: string, seconds?: number): Promise<Reply>
  memory(): Promise<Memory>
}

/** Seconds that Prometheus would wait. */
export const patience = 2

const numberIn = (body: string, pattern: RegExp) => {
  const value = pattern.exec(body)?.[1]
  return value === undefined ? undefined : Number(value)
}

const replyOf = (milliseconds: number, body: string): Reply => ({
  milliseconds,
  up: numberIn(body, /^(?:pg|redis)_up (\d)$/m),
  failed: [...body.matchAll(/_scrape_collector_success\{collector="(\w+)"\} 0$/gm)].map(([, name = '']) => name),
  body,
})

/** Compressed, as Prometheus asks for it. */
const headersOf = (seconds: number) => {
  return { 'x-prometheus-scrape-timeout-seconds': String(seconds), 'accept-encoding': 'gzip' }
}

const bytesOf = (url: string, seconds = patience) =>
  new Promise<Buffer>((resolve, reject) => {
    const request = get(url, { agent: false, headers: headersOf(seconds) }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.once('error', reject)
      response.once('end', () => resolve(Buffer.concat(chunks)))
    })
    request.once('error', reject)
  })

const scrape = async (url: string, seconds: number): Promise<Reply> => {
  const start = performance.now()
  const bytes = await bytesOf(url, seconds).catch(() => undefined)
  const milliseconds = performance.now() - start
  return replyOf(milliseconds, bytes ? gunzipSync(bytes).toString() : '')
}

export const startExporter = async (folder: string, watched: Readonly<Record<string, Watched>>): Promise<Exporter> => {
  const port = await freePort()
  const running = await startProcess({
    name: 'the exporter',
    home: join(folder, `exporter-${port}`),
    command: process.execPath,
    args: ['--expose-gc', await bundleOurs(new URL('exporter.ts', import.meta.url)), JSON.stringify(watched)],
    env: { NODE_ENV: 'production', NODE_OPTIONS: '', EXPORTER_PORT: String(port) },
    ready: async () => (await bytesOf(`http://127.0.0.1:${port}/health`)).length > 0,
  })
  return {
    ...running,
    port,
    scrape: (target, seconds = patience) => scrape(`http://127.0.0.1:${port}/metrics/${target}`, seconds),
    memory: async () => JSON.parse((await bytesOf(`http://127.0.0.1:${port}/memory`)).toString()),
  }
}

/** A login for each target of the same server, so that it tells their connections apart. */
const logins = ['faulty', 'garbled', 'unbounded'] as const

/** As long as names may be, so that answers are long. */
const long = (name: string) => name.padEnd(60, '_of_the_reservation_service')

const prepare = async (postgres: FaultyPostgres, tables: number) => {
  await postgres.ask('create extension pg_stat_statements')
  for (const login of logins) {
    await postgres.ask(`create role ${login} login password '${password}'; grant pg_monitor to ${login}`)
  }
  await postgres.ask(`create role crowd login password '${password}'`)
  for (let place = 0; place < tables; place += 1) {
    const name = long(`orders_${place}`)
    await postgres.ask(`
      create table ${name} (id int primary key, guest int, covers int);
      create index ${long(`guests_${place}`)} on ${name} (guest);
      create index ${long(`covers_${place}`)} on ${name} (covers)`)
  }
}

export const urlOf = ({ url }: { readonly url: string }, login: string, port?: number) => {
  const other = new URL(url)
  other.username = login
  other.password = password
  if (port !== undefined) other.port = String(port)
  return other.href
}

const settings = {
  max_connections: '20',
  // Each table and each of its indexes, locked by one transaction.
  max_locks_per_transaction: '1024',
  'pg_stat_statements.max': '1000',
}

const redisSettings = {
  'enable-debug-command': 'yes',
  user: ['garbled', 'on', `>${password}`, '~*', '+@all'],
  // Loading then takes its time: microseconds for each key.
  'key-load-delay': '20',
} as const

/** One exporter, two PostgreSQLs and two Redis. A table has three indexes. */
export const openStand = async ({ tables = 50 } = {}): Promise<Stand> => {
  const shop = workshop()
  const { folder } = shop
  const kept: { end(): Promise<unknown> }[] = []
  const keep = <T extends { end(): Promise<unknown> }>(one: T) => {
    kept.unshift(one)
    return one
  }
  const end = async () => {
    for (const one of kept) await one.end()
    await shop.end()
  }
  try {
    const postgres = keep(await faultyPostgres(folder, 'faulty-postgres', settings))
    const redis = keep(await faultyRedis(folder, 'faulty-redis', redisSettings))
    const healthy = {
      postgres: keep(await faultyPostgres(folder, 'healthy-postgres', settings)),
      redis: keep(await faultyRedis(folder, 'healthy-redis', {})),
    }
    await prepare(postgres, tables)
    await healthy.postgres.ask('create extension pg_stat_statements')
    const wires = { postgres: await wireTo(postgres.port), redis: await wireTo(redis.port) }
    keep({ end: async () => Object.values(wires).forEach((wire) => void wire.close()) })
    // What runs beside the scrapes is to meet the faults as well.
    const often = { surveySeconds: 1 } as const
    const watched: Readonly<Record<TargetName, Watched>> = {
      'postgres/faulty': { kind: 'postgres', url: urlOf(postgres, 'faulty'), ...often },
      'postgres/garbled': { kind: 'postgres', url: urlOf(postgres, 'garbled', wires.postgres.port), ...often },
      'postgres/unbounded': { kind: 'postgres', url: urlOf(postgres, 'unbounded'), unbounded: true },
      'postgres/healthy': { kind: 'postgres', url: healthy.postgres.url, ...often },
      'redis/faulty': { kind: 'redis', url: redis.url },
      'redis/garbled': { kind: 'redis', url: urlOf(redis, 'garbled', wires.redis.port) },
      'redis/healthy': { kind: 'redis', url: healthy.redis.url },
    }
    const exporter = await startExporter(folder, watched)
    keep({ end: () => exporter.stop() })
    const connections = (target: TargetName) => {
      const [kind, name = ''] = target.split('/')
      return kind === 'postgres' ? backendsOf(postgres, name) : clientsOf(redis, name)
    }
    return { folder, postgres, redis, wires, exporter, connections, end }
  } catch (cause) {
    await end()
    throw cause
  }
}

const backendsOf = async ({ ask }: FaultyPostgres, login: string) =>
  (await ask(`select 1 from pg_stat_activity where usename = '${login}'`)).length

const clientsOf = async ({ ask }: FaultyRedis, name: string) => {
  const user = name === 'faulty' ? 'default' : name
  const lines = String(await ask('CLIENT', 'LIST')).split('\n')
  return lines.filter((line) => line.includes(' name=techplus-exporter ') && line.includes(` user=${user} `)).length
}

/** The server has forgotten a connection a moment after it was left, and then has the one that is kept. */
export const settled = ({ connections }: Stand, target: TargetName) =>
  eventually(
    () => connections(target),
    (count) => count === 1,
    { within: 40_000, every: 100 },
  )

/** Sockets of the exporter, as it says itself. */
export const socketsOf = async ({ exporter }: Pick<Stand, 'exporter'>) => {
  const answer = await fetch(`http://127.0.0.1:${exporter.port}/metrics`, { headers: { connection: 'close' } })
  return Number(/^nodejs_active_resources\{type="TCPSocketWrap"\} (\d+)$/m.exec(await answer.text())?.[1] ?? 0)
}
