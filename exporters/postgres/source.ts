import type { Account, Source } from '../collector.ts'
import type { Found, Reading } from '../reading.ts'
import { type Answer, asRows } from './batch.ts'
import { type Connection, connect, type Limits } from './connection.ts'

/** One database, read only, with the rights of its login and no more. */
export interface Database {
  readonly name: string
  /** What a query finds: numbers as numbers, whatever their type there, true and false as such, all else as text. */
  rows<Row>(sql: string): Promise<readonly Row[]>
  /** The same without the names in every row, for answers with many. */
  table(sql: string): Promise<Found>
}

/** What a collector reads in one scrape. By itself it is the database of the URL, where what concerns the server is read. */
export interface Postgres extends Database {
  /** `server_version_num` of the server, such as 170010. */
  readonly version: number
  /** Milliseconds this scrape may take. */
  readonly budget: number
  /** The names of the databases that are read, this one the first. */
  readonly databases: readonly string[]
  /** What each of the databases that are watched adds. One that fails is told of, and the others are still served. */
  each(read: (database: Database) => Promise<readonly Reading[]>): Promise<readonly Reading[]>
  /** Tells of a part that could not be read: the rest is served. */
  failed(part: string, cause: unknown): void
  /** Tells of a part that is left out for want of a right: no failure, but logged with what mends it. */
  lacks(part: string, remedy: Error): void
  /** For long work beside the scrapes: a connection of its own, gone with all that the server keeps for it. */
  apart<T>(database: string, work: (database: Database) => Promise<T>): Promise<T>
}

/** Which databases of the server are read besides the URL's: those that any of `allow` matches and none of `deny`. */
export interface Choice {
  readonly allow: readonly RegExp[]
  readonly deny?: readonly RegExp[]
}

interface Options {
  readonly applicationName?: string
  readonly databases?: Choice | undefined
  /** Longest time one statement of ours may run on the server, in milliseconds; less where a scrape has less. */
  readonly statementTimeout?: number
  /** Longest time one statement of ours may wait in front of, and so hold up behind it, a lock. */
  readonly lockTimeout?: number
}

/** How long a statement of the work beside the scrapes may take: nobody waits for it, but it keeps dead rows from being removed. */
const apartLimits: Limits = { statement: 30_000, lock: 500 }

/** @param url one that may change is asked for at each connection */
export const postgres = (
  url: string | (() => string),
  { applicationName = 'techplus-exporter', databases, statementTimeout = 5_000, lockTimeout = 500 }: Options = {},
): Source<Postgres> => {
  let main: Connection | undefined
  let names: readonly string[] | undefined
  let budget = 0
  const others = new Map<string, Connection | Error>()
  const apart = new Set<Connection>()
  let pulse: Promise<unknown> = Promise.resolve()
  /** Those of this scrape, lost ones included. */
  let current: readonly Connection[] = []

  const open = (signal: AbortSignal, database?: string) =>
    connect({ url: typeof url === 'string' ? url : url(), database, applicationName, signal })

  const readyMain = async (signal: AbortSignal) => {
    if (!isOpen(main)) main = await open(signal)
    return main
  }
  const readyOthers = async (first: Connection, choice: Choice, signal: AbortSignal) => {
    const found = first.ask(connectable).then((answer) => {
      names = asRows<{ datname: string }>(answer).map(({ datname }) => datname)
    })
    // The list goes out with the questions of this scrape and serves the next; only the first has to wait for it.
    if (names) found.catch(() => undefined)
    else await found
    const wanted = (names ?? []).filter((name) => isChosen(name, choice))
    for (const [name, known] of [...others].filter(([name]) => !wanted.includes(name))) {
      others.delete(name)
      if (isOpen(known)) known.drop(new Error(`${name} is not read any more`))
    }
    const missing = wanted.filter((name) => !isOpen(others.get(name)))
    await Promise.all(missing.map(async (name) => others.set(name, await orFailure(open(signal, name)))))
  }

  return {
    async answered() {
      await pulse
      return current.some(({ answered }) => answered)
    },
    async ready(signal, milliseconds) {
      budget = milliseconds
      const first = await readyMain(signal)
      const late = () => {
        for (const one of [first, ...others.values()].filter(isOpen)) one.drop(signal.reason)
      }
      signal.addEventListener('abort', late, { once: true })
      // The server gives up before we do, so that nothing of ours goes on there after a scrape that was too slow.
      const most = (limit: number) => Math.max(1, Math.floor(Math.min(limit, budget * 0.8)))
      const limits = { statement: most(statementTimeout), lock: most(lockTimeout) }
      first.expect(limits)
      if (databases) await readyOthers(first, databases, signal)
      current = [first, ...others.values()].filter(isOpen)
      for (const one of current) one.expect(limits)
      // Goes out with the questions of the collectors: what they show may all have been found beside the scrapes.
      pulse = first.ask('select 1').catch(() => undefined)
    },
    reader(account) {
      const [first] = current
      if (!first) throw new Error('the connection was lost')
      const all = [[first.database, first] as const, ...others]
      return {
        ...reading(first, account),
        version: first.version,
        budget,
        databases: all.map(([name]) => name),
        failed: account.failed,
        lacks: account.lacks ?? (() => undefined),
        each: (read) => readEach(all, account, read),
        apart: async (database, work) => {
          const signal = AbortSignal.timeout(apartLimits.statement)
          const opened = await open(signal, database)
          apart.add(opened)
          opened.expect(apartLimits)
          try {
            return await work(reading(watched(opened), { spent: () => undefined, failed: () => undefined }))
          } finally {
            apart.delete(opened)
            await opened.close()
          }
        },
      }
    },
    async close() {
      for (const one of apart) one.drop(new Error('the exporter is being stopped'))
      const kept = [main, ...others.values()].filter(isOpen)
      main = undefined
      others.clear()
      await Promise.all(kept.map((one) => one.close()))
    },
  }
}

const isOpen = (one: Connection | Error | undefined): one is Connection =>
  one !== undefined && !(one instanceof Error) && one.alive

const orFailure = (opening: Promise<Connection>) =>
  opening.catch((cause: unknown) => (cause instanceof Error ? cause : new Error(String(cause))))

/** No deadline of a scrape ends this work: a server that does not even keep its own limits is left. */
const watched = (connection: Connection): Connection => ({
  ...connection,
  ask: async (sql) => {
    const late = () => connection.drop(new Error(`no answer within ${apartLimits.statement + margin} ms`))
    const timer = setTimeout(late, apartLimits.statement + margin)
    // So that it is known for what it is in pg_stat_statements and pg_stat_activity.
    return connection.ask(`/* survey */ ${sql}`).finally(() => clearTimeout(timer))
  },
})
const margin = 5_000

const isChosen = (name: string, { allow, deny = [] }: Choice) =>
  allow.some((one) => one.test(name)) && !deny.some((one) => one.test(name))

const connectable = `
  select datname from pg_database
  where datallowconn and not datistemplate and datname <> current_database() and has_database_privilege(oid, 'CONNECT')
  order by datname`

const reading = ({ database, ask }: Connection, { spent }: Account): Database => {
  const counted = async (sql: string): Promise<Answer> => {
    const answer = await ask(sql)
    spent(answer.milliseconds)
    return answer
  }
  return {
    name: database,
    rows: async (sql) => asRows(await counted(sql)),
    table: counted,
  }
}

const readEach = async (
  all: readonly (readonly [string, Connection | Error])[],
  account: Account,
  read: (database: Database) => Promise<readonly Reading[]>,
) => {
  const found = await Promise.allSettled(
    all.map(async ([, one]) => {
      if (one instanceof Error) throw one
      return read(reading(one, account))
    }),
  )
  const failures = found.flatMap((one, at) => (one.status === 'rejected' ? [[all[at]?.[0] ?? '', one.reason]] : []))
  // With one database its failure is the collector's own.
  if (failures.length === all.length) throw failures[0]?.[1]
  for (const [name, reason] of failures) account.failed(String(name), reason)
  return found.flatMap((one) => (one.status === 'fulfilled' ? one.value : []))
}
