import { setTimeout as delay } from 'node:timers/promises'
import type { Connection, Database } from './database.ts'
import type { Starter } from './fault-control.ts'

type DatabaseFault = 'connections' | 'slow-statement' | 'unused-index' | 'blocked' | 'slow-vacuum'

/** Each on connections of its own, so that the API's are free for its visitors. */
export const databaseFaults = (database: Database): Readonly<Record<DatabaseFault, Starter>> => ({
  connections: () => holdConnections(database),
  'slow-statement': () => repeatSlowStatement(database),
  'unused-index': () => makeUnusedIndex(database),
  blocked: () => holdUpSession(database),
  'slow-vacuum': () => vacuumSlowly(database),
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
  await runOnce(database, makeIndex)
  return () => runOnce(database, dropIndex)
}

const runOnce = async (database: Database, sql: string) => {
  const connection = await database.connect()
  try {
    await connection.run(sql)
  } finally {
    await connection.close()
  }
}

const dropHeld = 'drop table if exists fault.held'
const makeHeld = `${dropHeld}; create table fault.held as select 1 as row`
const change = 'update fault.held set row = row + 1'

const holdUpSession = async (database: Database) => {
  await runOnce(database, makeHeld)
  const [holder, waiter] = [await database.connect(), await database.connect()]
  await holder.run(`begin; ${change}`)
  // Ends when the holder does, or with the connection.
  const waiting = waiter.run(change).catch(() => undefined)
  return async () => {
    await Promise.allSettled([holder.close(), waiting])
    await waiter.close()
    await runOnce(database, dropHeld)
  }
}

const dropDusty = 'drop table if exists fault.dusty'
const makeDusty = `
  ${dropDusty};
  create table fault.dusty with (autovacuum_enabled = off) as select repeat('dust', 100) as word from generate_series(1, 60000);
  delete from fault.dusty;`

const vacuumSlowly = async (database: Database) => {
  await runOnce(database, makeDusty)
  const sweeper = await database.connect()
  // A tenth of a second for each page.
  await sweeper.run('set vacuum_cost_delay = 100; set vacuum_cost_limit = 1')
  const [own] = await sweeper.rows<{ pid: number }>('select pg_backend_pid() as pid')
  const vacuuming = sweeper.run('vacuum fault.dusty').catch(() => undefined)
  return async () => {
    await runOnce(database, `select pg_cancel_backend(${own?.pid})`)
    await vacuuming
    await sweeper.close()
    await runOnce(database, dropDusty)
  }
}
