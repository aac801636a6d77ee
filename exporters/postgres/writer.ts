import { letIn } from './connection.ts'

type Row = Readonly<Record<string, unknown>>
/** One statement with values for its `$1`, `$2`: rows as `pg` reads them. */
export type Query = (sql: string, values?: readonly unknown[]) => Promise<readonly Row[]>

/** A kept connection that writes. */
export interface Writer {
  /** False once it is lost. */
  readonly alive: boolean
  /**
   * What `work` asks is one transaction, which is on the disk of the server when this resolves.
   * @throws Error as the server words it; the transaction may then have been committed all the same, where the
   * connection was lost at its end
   */
  transaction<T>(work: (query: Query) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** Milliseconds. The server gives up before we do. */
const limits = { connect: 5_000, statement: 5_000, transaction: 10_000, close: 1_000 }

/** @throws Error as the server or the system words it */
export const connectWriter = async (url: string, applicationName: string): Promise<Writer> => {
  const { client, socket } = await letIn({ url, applicationName, signal: AbortSignal.timeout(limits.connect) })
  let alive = true
  client.on('end', () => {
    alive = false
  })
  const query: Query = async (sql, values = []) => (await client.query(sql, [...values])).rows
  return {
    get alive() {
      return alive
    },
    transaction: async (work) => {
      const late = setTimeout(() => socket.destroy(), limits.transaction)
      try {
        await query('begin isolation level read committed read write')
        await query(settings)
        const done = await work(query)
        await query('commit')
        return done
      } catch (failure) {
        // A connection whose transaction cannot be ended is of no use any more.
        if (alive) await query('rollback').catch(() => socket.destroy())
        throw failure
      } finally {
        clearTimeout(late)
      }
    },
    close: async () => {
      const impatience = setTimeout(() => socket.destroy(), limits.close)
      await client.end().finally(() => clearTimeout(impatience))
    },
  }
}

/** For one transaction, as a pooler may hand the connection on. A commit that need not reach the disk would be none. */
const settings = `
  select set_config('statement_timeout', '${limits.statement}', true),
    set_config('lock_timeout', '${limits.statement}', true),
    set_config('idle_in_transaction_session_timeout', '${limits.transaction}', true),
    set_config('synchronous_commit',
      case current_setting('synchronous_commit') when 'off' then 'on' else current_setting('synchronous_commit') end, true)`
