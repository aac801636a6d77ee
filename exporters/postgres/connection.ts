import { Socket } from 'node:net'
import { Client } from 'pg'
import { namedTlsFailure } from '../tls.ts'
import { type Answer, batch } from './batch.ts'

/** A kept connection to one database. What is asked side by side goes out together. */
export interface Connection {
  readonly database: string
  /** `server_version_num`, such as 170010. */
  readonly version: number
  /** False once it is lost or dropped. */
  readonly alive: boolean
  /** Whether the server has answered since `expect`. */
  readonly answered: boolean
  /** Begins a scrape: no statement runs longer than this many milliseconds, or waits longer for a lock. */
  expect(limits: Limits): void
  ask(sql: string): Promise<Answer>
  /** At once, and not when the server has agreed to the end: it may never. What was asked fails. */
  drop(reason: Error): void
  close(): Promise<void>
}

export interface Limits {
  readonly statement: number
  readonly lock: number
}

interface Question {
  readonly sql: string
  readonly resolve: (answer: Answer) => void
  readonly reject: (failure: Error) => void
}

interface Options {
  readonly url: string
  /** Another database of the same server than the URL's. */
  readonly database?: string | undefined
  readonly applicationName: string
  readonly signal: AbortSignal
}

/** @throws Error as the server or the system words it, also when `signal` aborts before the server has let us in */
export const connect = async (options: Options): Promise<Connection> => {
  const { client, socket } = clientFor(options)
  let version = 0
  client.connection.on('parameterStatus', ({ parameterName, parameterValue }) => {
    if (parameterName === 'server_version') version = versionNumber(parameterValue)
  })
  const queue: Question[] = []
  let alive = true
  const fail = (reason: Error) => {
    alive = false
    for (const { reject } of queue.splice(0)) reject(reason)
  }
  client.on('end', () => fail(new Error('the connection was lost')))
  const { count, renew, reason } = limited((excess) => {
    fail(excess)
    socket.destroy()
  })
  socket.on('data', count)
  await enter({ client, socket }, options.signal, reason)
  // Encrypted, what comes is read from another stream.
  if (client.connection.stream !== socket) client.connection.stream.on('data', count)
  const { ask, expect, answered } = asking(client, queue)
  return {
    database: client.database ?? '',
    version,
    get alive() {
      return alive
    },
    get answered() {
      return answered()
    },
    expect,
    ask: async (sql) => {
      if (!alive) throw new Error('the connection was lost')
      renew()
      return ask(sql).catch((failure: unknown) => {
        throw reason(failure)
      })
    },
    drop: (reason) => {
      fail(reason)
      socket.destroy()
    },
    close: async () => {
      alive = false
      // A server that hangs would never agree to the end.
      const impatience = setTimeout(() => socket.destroy(), patience)
      await client.end().finally(() => clearTimeout(impatience))
    },
  }
}

interface Entrant {
  readonly client: Client
  /** Destroyed, it ends the client at once. */
  readonly socket: Socket
}

/** A client that the server has let in, for those who ask otherwise. Throws as `connect` does. */
export const letIn = async (options: Options): Promise<Entrant> => {
  const entrant = clientFor(options)
  await enter(entrant, options.signal)
  return entrant
}

const clientFor = ({ url, database, applicationName }: Options): Entrant => {
  const socket = new Socket()
  const connectionString = serverUrl(url, database)
  const client = new Client({ connectionString, application_name: applicationName, stream: () => socket })
  client.on('error', () => socket.destroy())
  return { client, socket }
}

const enter = async (
  { client, socket }: Entrant,
  signal: AbortSignal,
  reason: (failure: unknown) => unknown = (failure) => failure,
) => {
  const late = () => socket.destroy()
  signal.addEventListener('abort', late, { once: true })
  try {
    await client.connect()
  } catch (failure) {
    socket.destroy()
    const tls = { authority: 'sslrootcert in its URL', own: 'sslcert and sslkey in its URL' }
    throw namedTlsFailure(reason(failure), tls)
  } finally {
    signal.removeEventListener('abort', late)
  }
}

/** Bytes of the answers to one message: whatever answers there, it is not to fill our memory. */
const most = 128 * 1024 ** 2

/** Tells once there is more than `most`, and of what failed for that, that it did. */
const limited = (tell: (excess: Error) => void) => {
  let taken = 0
  let excess: Error | undefined
  return {
    count: ({ length }: Buffer) => {
      taken += length
      if (taken <= most || excess) return
      excess = new Error(`what answers sent more than ${most} bytes: check host and port, or show fewer one by one`)
      tell(excess)
    },
    renew: () => {
      taken = 0
    },
    reason: (failure: unknown) => excess ?? failure,
  }
}

/** Milliseconds. */
const patience = 1_000

/**
 * The URL as `pg` is to read it. `sslmode` means what libpq means by it, and so what it means to all other tools:
 * `require` encrypts and trusts anybody, `verify-ca` and `verify-full` do not. `pg` 8 takes all of them for the last.
 */
const serverUrl = (url: string, database: string | undefined) => {
  const other = new URL(url)
  if (database !== undefined) other.pathname = `/${encodeURIComponent(database)}`
  if (libpqModes.test(other.searchParams.get('sslmode') ?? '')) other.searchParams.set('uselibpqcompat', 'true')
  return other.href
}

const libpqModes = /^(disable|prefer|require|verify-ca|verify-full)$/

/** `17.10 (Debian 17.10-1)` and `18beta1` are 170010 and 180000. */
const versionNumber = (words: string) => {
  const [, major = '0', minor = '0'] = /^(\d+)(?:\.(\d+))?/.exec(words) ?? []
  return Number(major) * 10_000 + Number(minor)
}

const asking = (client: Client, queue: Question[]) => {
  let busy = false
  let answered = true
  let limits: Limits = { statement: 5_000, lock: 500 }

  // One snapshot for all. Settings for one transaction: those of a session would stay on a connection that a pooler hands on.
  const opening = () => {
    const settings = {
      statement_timeout: limits.statement,
      lock_timeout: limits.lock,
      jit: 'off',
      // What pg_stat_statements returns of ten thousand statements would be written to a temporary file at the usual 4 MB.
      work_mem: '32MB',
    }
    // Not with `set`, whose every value would be a statement of its own to pg_stat_statements.
    const set = Object.entries(settings).map(([name, value]) => `set_config('${name}', '${value}', true)`)
    return ['begin isolation level repeatable read read only', `select ${set.join(', ')}`]
  }
  const send = (first: readonly string[] = []) => {
    busy = true
    const asked = queue.splice(0)
    const ended = (failure: Error | undefined, at: number) => {
      busy = false
      if (!failure) {
        if (queue.length > 0) send()
        return
      }
      // Also a refusal of a question is an answer of the server.
      if (at >= 0) answered = true
      const [failed, ...rest] = asked.slice(Math.max(0, at))
      failed?.reject(failure)
      if (at < 0) for (const { reject } of rest) reject(failure)
      else queue.unshift(...rest)
      // A transaction in which a statement failed is over; what was behind it gets the next. One that never began is not left.
      if (asked.length > 0) send(['rollback'])
    }
    client.query(
      batch({
        before: asked.length > 0 ? [...first, ...opening()] : first,
        questions: asked.map(({ sql }) => sql),
        // Rolled back it would count among the failed transactions of the database.
        after: asked.length > 0 ? ['commit'] : [],
        answered: (at, answer) => {
          answered = true
          asked[at]?.resolve(answer)
        },
        ended,
      }),
    )
  }
  return {
    answered: () => answered,
    expect: (next: Limits) => {
      limits = next
      answered = false
    },
    ask: (sql: string) =>
      new Promise<Answer>((resolve, reject) => {
        queue.push({ sql, resolve, reject })
        // Once everybody who is about to ask has asked.
        if (!busy && queue.length === 1) setImmediate(() => !busy && queue.length > 0 && send())
      }),
  }
}
