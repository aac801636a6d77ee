import { randomBytes } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { assertRoom } from './disk.ts'
import { handOver, type Identity, unprivileged } from './identity.ts'
import { leash } from './leash.ts'
import { type PostgresMajor, postgresBinaries, postgresMajor } from './postgres-package.ts'
import { type Running, type Server, startProcess } from './process.ts'
import { run } from './run.ts'

interface PostgresOptions {
  readonly dataDir: string
  readonly port: number
  readonly major?: PostgresMajor
  /** Server settings on top of ours: `{ max_connections: '200' }`. */
  readonly settings?: Readonly<Record<string, string>>
  /** False trades the data's safety for speed: tests only. */
  readonly durable?: boolean
  readonly name?: string
  readonly signal?: AbortSignal
}

/** A new cluster (42 MB), its write-ahead log and some traffic. */
const room = 500 * 1024 ** 2

/** Without these a server does not tell what we read; in containers it starts with the same. */
export const tellingSettings = { shared_preload_libraries: 'pg_stat_statements', track_io_timing: 'on' } as const

const ourSettings = { listen_addresses: '127.0.0.1', unix_socket_directories: '', ...tellingSettings }

const ensurePassword = (path: string) => {
  if (!existsSync(path)) writeFileSync(path, `${randomBytes(18).toString('base64url')}\n`, { mode: 0o600 })
  return readFileSync(path, 'utf8').trim()
}

/** A killed start's initdb tidies up while it dies: a draft of another name is out of its way. */
const newDraft = (dataDir: string) => {
  const prefix = `${basename(dataDir)}.new-`
  for (const entry of readdirSync(dirname(dataDir)).filter((name) => name.startsWith(prefix))) {
    rmSync(join(dirname(dataDir), entry), { recursive: true, force: true, maxRetries: 5 })
  }
  return mkdtempSync(`${dataDir}.new-`)
}

/** Built beside its place and moved there when whole: an interrupted initdb leaves nothing that looks like a cluster. */
const createCluster = async (initdb: string, dataDir: string, passwordFile: string, as: Identity, durable: boolean) => {
  const draft = newDraft(dataDir)
  handOver(draft, as)
  const auth = ['-U', 'postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`]
  const args = ['-D', draft, ...auth, '--encoding=UTF8', '--locale=C']
  const { wrap, ...user } = as
  const command = [...wrap, ...leash('SIGKILL'), initdb, ...args, ...(durable ? [] : ['--no-sync'])]
  const { code, output } = await run(command, { cwd: dirname(dataDir), ...user })
  if (code !== 0) throw new Error(`could not create the database cluster ${dataDir}:\n${output}`)
  rmSync(dataDir, { recursive: true, force: true })
  renameSync(draft, dataDir)
}

/**
 * postmaster.pid outlives a killed server. PostgreSQL sees through it unless its pid came round again, as in a
 * restarted container: then it would refuse to start for ever.
 */
const dropStaleLock = (dataDir: string) => {
  const lock = join(dataDir, 'postmaster.pid')
  const pid = existsSync(lock) && readFileSync(lock, 'utf8').split('\n')[0]
  const comm = `/proc/${pid}/comm`
  if (pid && existsSync(comm) && readFileSync(comm, 'utf8').trim() !== 'postgres') rmSync(lock)
}

/** After a kill -9 of the server alone its backends live on for a moment and hold the cluster. */
const heldByOrphans = /pre-existing shared memory block|lock file "postmaster.pid" already exists/

const startServer = async (options: Parameters<typeof startProcess>[0], deadline: number): Promise<Running> => {
  try {
    return await startProcess(options)
  } catch (cause) {
    if (!(cause instanceof Error && heldByOrphans.test(cause.message)) || Date.now() > deadline) throw cause
    await delay(100)
    return startServer(options, deadline)
  }
}

/** Starts a cluster, made at the first start, and resolves when it answers; `url` is the superuser's. */
export const startPostgres = async (options: PostgresOptions): Promise<Server> => {
  const { port, major = postgresMajor, settings = {}, durable = true, name = 'PostgreSQL', signal } = options
  const dataDir = resolve(options.dataDir)
  const { initdb, postgres } = postgresBinaries(major)
  mkdirSync(dirname(dataDir), { recursive: true })
  const as = await unprivileged(postgres, dirname(dataDir))
  const passwordFile = `${dataDir}.password`
  const password = ensurePassword(passwordFile)
  handOver(passwordFile, as)
  if (!existsSync(join(dataDir, 'PG_VERSION'))) {
    assertRoom(dirname(dataDir), room, name)
    await createCluster(initdb, dataDir, passwordFile, as, durable)
  }
  handOver(dataDir, as)
  dropStaleLock(dataDir)
  const all = { ...ourSettings, ...(durable ? {} : { fsync: 'off' }), ...settings }
  const flags = Object.entries(all).flatMap(([key, value]) => ['-c', `${key}=${value}`])
  const running = await startServer(
    {
      ...as,
      name,
      home: dataDir,
      command: postgres,
      args: ['-D', dataDir, '-p', String(port), ...flags],
      cwd: dirname(dataDir),
      // A standby accepts `read-only connections`, and before 14 `read only` ones.
      ready: /database system is ready to accept (read[- ]only )?connections/,
      readyWithin: 60_000,
      // Fast shutdown: SIGTERM waits until every client has left.
      stopSignal: 'SIGINT',
      ...(signal && { signal }),
    },
    Date.now() + 15_000,
  )
  return { ...running, url: `postgresql://postgres:${password}@127.0.0.1:${port}/postgres` }
}
