import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startPostgres } from '../../compose/local/postgres.ts'
import type { PostgresMajor } from '../../compose/local/postgres-package.ts'
import type { Running } from '../../compose/local/process.ts'
import { ensurePrograms } from '../../compose/local/programs.ts'
import { startRedis } from '../../compose/local/servers.ts'
import { type Env, readEnv } from '../../config/env.ts'

/** A port nobody listens on just now. */
export const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })

/** A folder and the servers in it, all gone after `end`. */
export const workshop = () => {
  const folder = mkdtempSync(join(tmpdir(), 'observability-'))
  const servers: Running[] = []
  const keep = <S extends Running>(server: S) => {
    servers.push(server)
    return server
  }
  return {
    folder,
    postgres: async (
      options: { readonly major?: PostgresMajor; readonly settings?: Readonly<Record<string, string>> } = {},
    ) =>
      keep(
        await startPostgres({
          ...options,
          dataDir: join(folder, `postgres-${servers.length}`),
          port: await freePort(),
          durable: false,
        }),
      ),
    redis: async (options: { readonly password?: string; readonly maxmemory?: string } = {}) => {
      const program = (await ensurePrograms(['redis-server']))['redis-server']
      return keep(
        await startRedis({
          ...options,
          program,
          dataDir: join(folder, `redis-${servers.length}`),
          port: await freePort(),
        }),
      )
    },
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
