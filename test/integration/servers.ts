import { randomInt } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startPostgres } from '../../compose/local/postgres.ts'
import type { PostgresMajor } from '../../compose/local/postgres-package.ts'
import type { Running, Server } from '../../compose/local/process.ts'
import { ensurePrograms } from '../../compose/local/programs.ts'
import { startRedis } from '../../compose/local/servers.ts'
import { type Env, readEnv } from '../../config/env.ts'
import { backUp } from './standby.ts'

type Settings = Readonly<Record<string, string>>

interface CacheOptions {
  /** Without one it is the server that the stack runs. */
  readonly flavour?: CacheFlavour
  readonly password?: string
  /** As Redis writes it: `64mb`. */
  readonly maxmemory?: string
  /** Directives on top of ours; one of several words is a list: `{ replicaof: ['127.0.0.1', '6379'] }`. */
  readonly settings?: Readonly<Record<string, string | readonly string[]>>
}

/** Every server the Redis collectors are proven on. */
export const cacheFlavours = ['redis-6', 'redis-7', 'redis-8', 'valkey-8'] as const
export type CacheFlavour = (typeof cacheFlavours)[number]

/** Below what systems give to whoever asks for any port (32768 on Linux), so that no connection is given it meanwhile. */
const ports = { from: 20_000, to: 32_000 }
const given = new Set<number>()

const isFree = (port: number) =>
  new Promise<boolean>((resolve) => {
    const server = createServer().once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })

/** A port nobody listens on just now, and nobody else here was given. */
export const freePort = async (): Promise<number> => {
  while (true) {
    const port = randomInt(ports.from, ports.to)
    if (given.has(port)) continue
    given.add(port)
    if (await isFree(port)) return port
  }
}

/** The port that an address names. */
export const portOf = (url: string) => Number(new URL(url).port)

/** A folder and the servers in it, all gone after `end`. */
export const workshop = () => {
  const folder = mkdtempSync(join(tmpdir(), 'observability-'))
  const servers: Running[] = []
  // Not by how many run: several may be starting side by side.
  let numbered = 0
  const keep = <S extends Running>(server: S) => {
    servers.push(server)
    return server
  }
  const home = (kind: string) => join(folder, `${kind}-${numbered++}`)
  const postgres = async (options: { readonly major?: PostgresMajor; readonly settings?: Settings } = {}) =>
    keep(await startPostgres({ ...options, dataDir: home('postgres'), port: await freePort(), durable: false }))
  /** Of a server on this machine, from a base backup; it has the primary's settings, and streams when this resolves. */
  const standby = async (primary: Pick<Server, 'url'>, { settings = {} }: { readonly settings?: Settings } = {}) => {
    const dataDir = home('standby')
    const backup = await backUp(primary.url, dataDir)
    const options = { dataDir, major: backup.major, settings: { ...backup.settings, ...settings }, durable: false }
    const server = keep(await startPostgres({ ...options, port: await freePort() }))
    await eventually(backup.streams, Boolean)
    return server
  }
  const redis = async ({ flavour, ...options }: CacheOptions = {}) => {
    const name = flavour ?? 'redis-server'
    const program = (await ensurePrograms([name]))[name]
    return keep(await startRedis({ ...options, program, dataDir: home('redis'), port: await freePort() }))
  }
  return {
    folder,
    postgres,
    standby,
    redis,
    keep,
    end: async () => {
      for (const server of servers.toReversed()) await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** An environment in which everything has a port that is free now. */
export const onFreePorts = async (given: Readonly<Record<string, string>> = {}): Promise<Env> => {
  const names = Object.keys(readEnv({})).filter((name) => name.endsWith('_PORT'))
  const ports = await Promise.all(names.map(async (name) => [name, String(await freePort())] as const))
  return readEnv({ ...Object.fromEntries(ports), ...given })
}

/** Asks again until the answer will do. Fails with what it saw last. */
export const eventually = async <T>(
  ask: () => T | Promise<T>,
  good: (answer: T) => boolean,
  { within = 30_000, every = 50 } = {},
): Promise<T> => {
  const deadline = Date.now() + within
  while (true) {
    const answer = await ask()
    if (good(answer)) return answer
    if (Date.now() > deadline) throw new Error(`not within ${within} ms; last seen: ${JSON.stringify(answer)}`)
    await delay(every)
  }
}
