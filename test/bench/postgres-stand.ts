import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import type { Server } from '../../compose/local/process.ts'
import { workshop } from '../integration/servers.ts'
import type { Contestant } from './contestants.ts'
import { type Catalogue, fillPostgres } from './data-sets.ts'
import { childrenCpuOf, cpuOf, memoryOf, scrape } from './measure.ts'
import type { Meter } from './race.ts'

/** A login for each, so that the server tells them apart. */
const roles = { ours: 'bench_ours', peer: 'bench_peer' } as const
export type Side = keyof typeof roles

const password = 'a-bench-password'

/** Data is thrown away afterwards, and nothing else may stir while exporters are measured. */
const settings = {
  'pg_stat_statements.max': '20000',
  max_locks_per_transaction: '256',
  shared_buffers: '1GB',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  max_wal_size: '4GB',
  autovacuum: 'off',
}

export interface Held {
  readonly busiest: number
  readonly kept: number
  /** What the scrape took. */
  readonly milliseconds: number
}

/** A database that is full, and what it says of those who read it. */
export interface Stand {
  readonly folder: string
  readonly version: string
  readonly port: number
  /** Where this side logs in; through a proxy where a port is given. */
  urlOf(side: Side, port?: number): string
  meterOf(side: Side): Meter
  /** Milliseconds that the server has executed what this side asks beside its scrapes. */
  surveying(side: Side): Promise<number>
  /** Resolves when nothing of this side is under way any more: a refresh runs on after the scrape. */
  settled(side: Side): Promise<void>
  /**
   * Scrapes once. Private memory of the server processes of this side in MiB: most until all was still again, and what
   * is kept then.
   */
  memoryOf(side: Side, contestant: Contestant): Promise<Held>
  end(): Promise<void>
}

/** Starts a server of its own for a catalogue, so that it has four databases, as in the measurements of others. */
export const openStand = async (catalogue: Catalogue): Promise<Stand> => {
  const shop = workshop()
  try {
    const server = await shop.postgres({ major: 17, settings })
    const admin = await prepare(server)
    const end = async () => {
      await admin.end()
      await shop.end()
    }
    await fillPostgres(admin, catalogue)
    await admin.query('checkpoint')
    const { rows } = await admin.query<{ server_version: string }>('show server_version')
    const port = Number(new URL(server.url).port)
    const version = rows[0]?.server_version ?? ''
    return { folder: shop.folder, version, port, end, ...accounts(server, admin) }
  } catch (cause) {
    await shop.end()
    throw cause
  }
}

const inBench = (server: Server) => {
  const url = new URL(server.url)
  url.pathname = '/bench'
  return url
}

const prepare = async (server: Server) => {
  const root = new Client(server.url)
  await root.connect()
  await root.query('create database bench')
  for (const role of Object.values(roles)) {
    await root.query(`create role ${role} login password '${password}'; grant pg_monitor to ${role}`)
  }
  await root.end()
  const admin = new Client(inBench(server).href)
  await admin.connect()
  await admin.query('create extension pg_stat_statements')
  return admin
}

const accounts = (server: Server, admin: Client) => {
  const one = async (sql: string, side: Side) =>
    (await admin.query<{ n: number }>(sql, [roles[side]])).rows.map(({ n }) => n)
  const backends = (side: Side) => one('select pid as n from pg_stat_activity where usename = $1', side)
  const executing = async (side: Side) =>
    (
      await one(
        `select coalesce(sum(total_exec_time), 0)::float8 as n from pg_stat_statements(false)
         where userid = (select oid from pg_roles where rolname = $1)`,
        side,
      )
    )[0] ?? 0
  const surveying = async (side: Side) =>
    (
      await one(
        `select coalesce(sum(total_exec_time), 0)::float8 as n from pg_stat_statements
         where userid = (select oid from pg_roles where rolname = $1) and query like '/* survey */%'`,
        side,
      )
    )[0] ?? 0
  const active = async (side: Side) =>
    (await one(`select pid as n from pg_stat_activity where usename = $1 and state <> 'idle'`, side)).length
  const settled = async (side: Side) => {
    let last = -1
    for (let calm = 0; calm < 5; ) {
      await delay(100)
      const now = await executing(side)
      calm = now === last && (await active(side)) === 0 ? calm + 1 : 0
      last = now
    }
  }
  const memory = async (side: Side) => (await backends(side)).reduce((sum, pid) => sum + memoryOf(pid, 'RssAnon'), 0)

  // The peer's server processes end with each scrape: the server's first process then has their time. Ours stay.
  const working = async (side: Side) => {
    const ended = side === 'peer' ? childrenCpuOf(server.pid) : 0
    return ended + (await backends(side)).reduce((sum, pid) => sum + cpuOf(pid), 0)
  }
  /** One that ended meanwhile is counted among those that have. */
  const workingNow = (side: Side, tries = 5): Promise<number> =>
    working(side).catch((error: unknown) => {
      const isGone = error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')
      if (!isGone || tries === 0) throw error
      return workingNow(side, tries - 1)
    })

  return {
    urlOf: (side: Side, port?: number) => {
      const url = inBench(server)
      url.username = roles[side]
      url.password = password
      if (port !== undefined) url.port = String(port)
      return url.href
    },
    meterOf: (side: Side): Meter => ({
      executing: () => executing(side),
      working: () => workingNow(side),
    }),
    surveying,
    settled,
    memoryOf: async (side: Side, { url }: Contestant) => {
      let still = false
      const done = scrape(url)
        .finally(() => settled(side))
        .finally(() => {
          still = true
        })
      let busiest = 0
      while (!still) {
        busiest = Math.max(busiest, await memory(side))
        await delay(5)
      }
      const { milliseconds } = await done
      return { busiest, kept: await memory(side), milliseconds }
    },
  }
}
