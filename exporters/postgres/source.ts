import { Socket } from 'node:net'
import { Client, type QueryResultRow } from 'pg'
import type { Source } from '../collector.ts'

/** One kept connection to a PostgreSQL server, read only, with the rights of its login and no more. */
export interface Postgres extends Source {
  /** What a query finds. Cast bigint and numeric to float8 in SQL: they would arrive as text. */
  rows<Row>(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>
  /** `server_version_num` of the server, such as 170010. Known once `ready` has resolved. */
  readonly version: number
}

interface Connection {
  readonly client: Client
  readonly socket: Socket
}

interface Options {
  readonly applicationName?: string
  /** Longest time one statement of ours may run on the server. */
  readonly statementTimeout?: number
  /** Longest time one statement of ours may wait in front of, and so hold up behind it, a lock. */
  readonly lockTimeout?: number
}

export const postgres = (
  url: string,
  { applicationName = 'techplus-exporter', statementTimeout = 5_000, lockTimeout = 500 }: Options = {},
): Postgres => {
  let connection: Connection | undefined
  let version = 0
  let limit = statementTimeout

  const drop = (failed: Connection) => {
    failed.socket.destroy()
    if (connection === failed) connection = undefined
  }
  const connect = async (signal: AbortSignal) => {
    const socket = new Socket()
    const client = new Client({ connectionString: url, application_name: applicationName, stream: () => socket })
    const opened = { client, socket }
    client.on('error', () => drop(opened))
    client.on('end', () => drop(opened))
    signal.addEventListener('abort', () => socket.destroy(), { once: true })
    await client.connect()
    return opened
  }
  // Settings for one transaction: those of a session would stay on a connection that a pooler hands to somebody else.
  const begin = () =>
    `begin read only; set local statement_timeout = ${limit}; set local lock_timeout = ${lockTimeout}; set local jit = off`
  const query = async <Row>(sql: string, values: readonly unknown[]) => {
    if (!connection) throw new Error('the connection was lost')
    const { client } = connection
    try {
      await client.query(begin())
      const found = await client.query<Row & QueryResultRow>(sql, [...values])
      return found.rows
    } finally {
      // Rolled back it would count among the failed transactions of the database. One that failed is rolled back anyway.
      await client.query('commit')
    }
  }
  // Collectors ask side by side; one connection answers one after the other.
  let last: Promise<unknown> = Promise.resolve()
  const rows = <Row>(sql: string, values: readonly unknown[] = []) => {
    const answer = last.then(() => query<Row>(sql, values))
    last = answer.catch(() => undefined)
    return answer
  }

  return {
    get version() {
      return version
    },
    rows,
    async ready(signal, budget) {
      connection ??= await connect(signal)
      const current = connection
      signal.addEventListener('abort', () => drop(current), { once: true })
      // The server gives up before we do, so that nothing of ours goes on there after a scrape that was too slow.
      limit = Math.max(1, Math.floor(Math.min(statementTimeout, budget * 0.8)))
      try {
        const [answer] = await rows<{ version: number }>(`select current_setting('server_version_num')::int as version`)
        version = answer?.version ?? 0
      } catch (cause) {
        // A connection that does not even tell its version is of no more use: the next scrape opens another.
        drop(current)
        throw cause
      }
    },
    async close() {
      const open = connection
      connection = undefined
      await open?.client.end()
    },
  }
}
