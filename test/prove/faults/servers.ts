import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { Client } from 'pg'
import { startPostgres } from '../../../compose/local/postgres.ts'
import type { Server } from '../../../compose/local/process.ts'
import { ensurePrograms } from '../../../compose/local/programs.ts'
import { startRedis } from '../../../compose/local/servers.ts'
import { freePort } from '../../integration/servers.ts'

/** A server that can be killed, stopped and started again where it was. */
export interface Mortal {
  readonly port: number
  readonly dataDir: string
  /** Of the superuser, or of the login that may do all. */
  readonly url: string
  /** All its processes at once. */
  signal(signal: NodeJS.Signals): void
  /** Asks it to end in its own way. */
  quit(signal: NodeJS.Signals): Promise<void>
  kill(): Promise<void>
  /** Resolves when it takes connections. */
  start(): Promise<void>
  end(): Promise<void>
}

const childrenOf = (pid: number) => readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').map(Number)

const send = (pid: number, signal: NodeJS.Signals) => {
  try {
    process.kill(pid, signal)
  } catch {
    // A child that ended in between.
  }
}

const mortal = async (port: number, dataDir: string, launch: () => Promise<Server>): Promise<Mortal> => {
  let server = await launch()
  const all = () => [server.pid, ...childrenOf(server.pid).filter(Boolean)]
  return {
    port,
    dataDir,
    url: server.url,
    signal: (signal) => {
      for (const pid of all()) send(pid, signal)
    },
    quit: async (signal) => {
      send(server.pid, signal)
      await server.exited
    },
    kill: async () => {
      for (const pid of all()) send(pid, 'SIGKILL')
      await server.exited
    },
    start: async () => {
      server = await launch()
    },
    end: async () => void (await server.stop()),
  }
}

type Settings = Readonly<Record<string, string>>

/** A PostgreSQL, and a superuser's connection to it that is made anew where it was lost. */
export interface FaultyPostgres extends Mortal {
  ask<Row extends object>(sql: string): Promise<readonly Row[]>
  /** Another connection, to hold something with; as who is named, or as the superuser. */
  client(login?: string): Promise<Client>
}

export const password = 'a-fault-password'

const loginOf = (url: string, login: string | undefined) => {
  const other = new URL(url)
  if (login === undefined) return url
  other.username = login
  other.password = password
  return other.href
}

export const faultyPostgres = async (folder: string, name: string, settings: Settings): Promise<FaultyPostgres> => {
  const [port, dataDir] = [await freePort(), join(folder, name)]
  const server = await mortal(port, dataDir, () => startPostgres({ port, dataDir, settings, durable: false, name }))
  let admin: Promise<Client> | undefined
  const client = async (login?: string) => {
    const opened = new Client({ connectionString: loginOf(server.url, login), application_name: 'faults' })
    opened.on('error', () => undefined)
    await opened.connect()
    return opened
  }
  const connected = async () => {
    const opened = await client()
    opened.on('end', () => {
      admin = undefined
    })
    return opened
  }
  return {
    ...server,
    client,
    ask: async <Row extends object>(sql: string) => {
      admin ??= connected()
      // Not kept where it could not be made.
      const asked = await admin.catch((cause) => {
        admin = undefined
        throw cause
      })
      return (await asked.query<Row>(sql)).rows
    },
    end: async () => {
      await admin?.then((one) => one.end()).catch(() => undefined)
      await server.end()
    },
  }
}

type RedisSettings = Parameters<typeof startRedis>[0]['settings'] & {}

export interface FaultyRedis extends Mortal {
  ask(...words: readonly string[]): Promise<unknown>
}

export const faultyRedis = async (folder: string, name: string, settings: RedisSettings): Promise<FaultyRedis> => {
  const [port, dataDir] = [await freePort(), join(folder, name)]
  const program = (await ensurePrograms(['redis-server']))['redis-server']
  const server = await mortal(port, dataDir, () => startRedis({ port, dataDir, program, name, settings }))
  // The commander keeps its rights when a password is asked for.
  const admin = new Redis(server.url, { protocol: 2, enableReadyCheck: false, retryStrategy: () => 50 })
  admin.on('error', () => undefined)
  return {
    ...server,
    ask: (command = '', ...words) => admin.call(command, ...words),
    end: async () => {
      admin.disconnect()
      await server.end()
    },
  }
}
