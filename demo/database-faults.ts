import { setTimeout as delay } from 'node:timers/promises'
import type { Connection, Database } from './database.ts'
import type { Starter } from './fault-control.ts'

type DatabaseFault = 'connections' | 'slow-statement' | 'unused-index'

/** Each on connections of its own, so that the API's are free for its visitors. */
export const databaseFaults = (database: Database): Readonly<Record<DatabaseFault, Starter>> => ({
  connections: () => holdConnections(database),
  'slow-statement': () => repeatSlowStatement(database),
  'unused-index': () => makeUnusedIndex(database),
})

/** Of the connections that applications may have. */
const wantedShare = 0.85
const connectionsSql = `
  select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
         - coalesce(current_setting('reserved_connections', true), '0')::int as usable,
         (select sum(numbackends)::int from pg_stat_database) as taken`

const holdConnections = async (database: Database) => {
  const [limits] = await database.rows<{ usable: number; taken: number }>(connectionsSql)
  if (!limits) throw new Error('the server answered no row')
  const held: Connection[] = []
  const release = async () => {
    await Promise.allSettled(held.splice(0).map((connection) => connection.close()))
  }
  try {
    for (let left = Math.ceil(limits.usable * wantedShare) - limits.taken; left > 0; left -= 1) {
      held.push(await database.connect())
    }
  } catch (cause) {
    await release()
    throw cause
  }
  return release
}

const slowSql = `select count(*) from reservations, pg_sleep(1.5) where status = 'CONFIRMED'`

const repeatSlowStatement = async (database: Database) => {
  const first = await database.connect()
  const stop = new AbortController()
  const repeat = async () => {
    let connection: Connection | undefined = first
    while (!stop.signal.aborted) {
      try {
        connection ??= await database.connect()
        await connection.rows(slowSql)
      } catch {
        await connection?.close().catch(() => undefined)
        connection = undefined
        await delay(1_000, undefined, { signal: stop.signal }).catch(() => undefined)
      }
    }
    await connection?.close()
  }
  const repeating = repeat()
  return async () => {
    stop.abort()
    await repeating
  }
}

const dropIndex = 'drop table if exists fault.ballast'
const makeIndex = `
  ${dropIndex};
  create table fault.ballast as select md5(n::text) as word from generate_series(1, 300000) n;
  create index ballast_unused on fault.ballast (word);`

const makeUnusedIndex = async (database: Database) => {
  const run = async (sql: string) => {
    const connection = await database.connect()
    try {
      await connection.run(sql)
    } finally {
      await connection.close()
    }
  }
  await run(makeIndex)
  return () => run(dropIndex)
}
