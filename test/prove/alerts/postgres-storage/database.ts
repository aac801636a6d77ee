import { setTimeout as delay } from 'node:timers/promises'
import { Client, Pool } from 'pg'
import type { Provocation } from '../provocation.ts'

/** A database as its superuser reaches it. */
export interface Database {
  readonly url: string
  ask<Row extends object>(sql: string): Promise<readonly Row[]>
  /** One after the other, each in a transaction of its own. */
  run(...statements: readonly string[]): Promise<void>
  /** Another connection, to hold something with. */
  session(): Promise<Client>
  end(): Promise<void>
}

/** @param name another one than that of the URL */
export const databaseOf = (server: string, name?: string): Database => {
  const url = name === undefined ? server : new URL(`/${name}`, server).href
  const pool = new Pool({ connectionString: url, application_name: 'provoking' })
  // One that waits in the pool, whose server was killed.
  pool.on('error', () => undefined)
  return {
    url,
    ask: async <Row extends object>(sql: string) => (await pool.query<Row>(sql)).rows,
    run: async (...statements) => {
      for (const one of statements) await pool.query(one)
    },
    session: async () => {
      const client = new Client({ connectionString: url, application_name: 'provoking' })
      await client.connect()
      return client
    },
    end: () => pool.end(),
  }
}

type Ending = () => Promise<unknown>

/** A provocation of which what is begun says how it ends. */
export const until = ({
  bring,
  ...rest
}: Omit<Provocation, 'bring' | 'end'> & { bring(): Promise<Ending> }): Provocation => {
  let end: Ending | undefined
  return {
    ...rest,
    bring: async () => {
      end = await bring()
    },
    end: async () => end?.(),
  }
}

/** Does it again and again, with a pause in between, until what is returned is called. */
export const repeated = (work: () => Promise<unknown>, pause: number): Ending => {
  const stopped = new AbortController()
  const { signal } = stopped
  const going = async () => {
    while (!signal.aborted) {
      await work()
      // Cut short, it rejects.
      await delay(pause, undefined, { signal }).catch(() => undefined)
    }
  }
  const outcome = going().then(
    () => undefined,
    (error: unknown) => error,
  )
  return async () => {
    stopped.abort()
    const failure = await outcome
    if (failure !== undefined) throw failure
  }
}

/** Writes so many files of the write-ahead log, which are full for whoever archives or keeps them. */
export const fillLog = async (database: Database, files: number) => {
  for (let file = 0; file < files; file += 1) {
    await database.run(`select pg_logical_emit_message(true, 'provoked', 'more')`, 'select pg_switch_wal()')
  }
}

/** Settings that take effect without a restart; `null` is what the server was started with. */
export const configure = async (database: Database, settings: Readonly<Record<string, string | null>>) => {
  const changes = Object.entries(settings).map(([name, value]) =>
    value === null ? `alter system reset ${name}` : `alter system set ${name} = '${value}'`,
  )
  await database.run(...changes, 'select pg_reload_conf()')
}
