import { within } from '../time-limit.ts'
import { letIn } from './connection.ts'
import type { Query } from './writer.ts'

type Rows = Awaited<ReturnType<Query>>

/** A connection of somebody who works: what it asks may take as long as it takes. One question at a time. */
export interface Session {
  readonly query: Query
  /**
   * Several statements in one message, without values: nothing is waited for between them, as when a transaction holds
   * locks. Where one fails the server does none of those that follow, and waits for a rollback.
   * @returns the rows of each
   */
  readonly script: (sql: string) => Promise<readonly Rows[]>
  /** At once, whatever the server thinks of it. */
  drop(): void
  close(): Promise<void>
}

interface Options {
  readonly url: string
  /** Another database of the same server than the URL's. */
  readonly database?: string
  readonly applicationName: string
  /** Ends the session at once, and whatever it asks fails. */
  readonly signal: AbortSignal
}

/** Milliseconds. */
const limits = { connect: 10_000, close: 1_000 }

/** @throws Error as the server or the system words it */
export const openSession = async ({ signal, ...options }: Options): Promise<Session> => {
  const { client, socket } = await letIn({
    ...options,
    signal: within(limits.connect, signal),
  })
  const drop = () => void socket.destroy()
  signal.addEventListener('abort', drop, { once: true })
  const leave = () => signal.removeEventListener('abort', drop)
  client.on('end', leave)
  return {
    query: async (sql, values = []) => {
      signal.throwIfAborted()
      return (await client.query(sql, [...values])).rows
    },
    script: async (sql) => {
      signal.throwIfAborted()
      // More than one result comes as a list.
      return [await client.query(sql)].flat().map(({ rows }): Rows => rows)
    },
    drop,
    close: async () => {
      leave()
      const impatience = setTimeout(drop, limits.close)
      await client.end().finally(() => clearTimeout(impatience))
    },
  }
}
