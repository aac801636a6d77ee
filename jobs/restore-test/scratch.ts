import { wordsOf } from '../../exporters/failure.ts'
import { openSession as open, type Session } from '../../exporters/postgres/session.ts'
import { Refused } from '../job.ts'

/** What is known of the server that backups are restored on, and of what has the name of the scratch database there. */
export interface ScratchServer {
  readonly user: string
  readonly superuser: boolean
  readonly createsDatabases: boolean
  /** A standby makes no databases. */
  readonly standby: boolean
  readonly major: number
  readonly version: string
  /** Undefined where this login may not ask. */
  readonly systemIdentifier: string | undefined
  /** Where the server says that its data is. Undefined where this login may not ask. */
  readonly dataFolder: string | undefined
  /** The database that the login's URL leads to. It is connected to, and nothing is done in it. */
  readonly entrance: string
  readonly extensions: ReadonlySet<string>
  /** `left`: by a run that was killed. */
  readonly scratch: 'absent' | 'left' | 'foreign'
}

export interface ScratchAddress {
  readonly url: string
  /** The name of the scratch database. */
  readonly database: string
}

/** The comment by which ours is known. */
const mark = 'Scratch database of the restore test of TechPlus Observability: the test makes it and drops it'
/**
 * How many connections ours may have. CREATE DATABASE takes no comment: until it has one, a run that is killed just then
 * leaves a database that is known by its owner and by this odd number.
 */
const connections = 23

const applicationName = 'techplus-restore-test'
/** Milliseconds in which the scratch database has to be gone, whatever ended the run. A run has 30 seconds for its end. */
const dropWithin = 25_000

/** What limits statements and sessions of this login is meant for others. Only those that the server's major has. */
const settleSql = `
  select set_config(name, case name when 'row_security' then 'off' else '0' end, false) from pg_settings
  where name in ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout',
    'transaction_timeout', 'row_security')`

const openSession = async (options: Parameters<typeof open>[0]): Promise<Session> => {
  const session = await open(options)
  try {
    await session.query(settleSql)
    return session
  } catch (cause) {
    session.drop()
    throw cause
  }
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

const serverSql = `
  select r.rolname as user, r.rolsuper as superuser, r.rolsuper or r.rolcreatedb as creates,
    current_setting('server_version') as version, current_setting('server_version_num')::int / 10000 as major,
    current_database() as entrance, pg_is_in_recovery() as standby,
    case when has_function_privilege('pg_control_system()', 'execute')
      then (select system_identifier::text from pg_control_system()) end as system,
    (select setting from pg_settings where name = 'data_directory') as folder
  from pg_roles r where r.rolname = current_user`

const extensionsSql = `
  select distinct name from pg_available_extension_versions
  where not superuser or trusted or (select rolsuper from pg_roles where rolname = current_user)`

/** Ours is our own, and has the mark, or had no time to get it. */
const scratchSql = `
  select d.oid::text as oid,
    pg_get_userbyid(d.datdba) = current_user and (
      coalesce(shobj_description(d.oid, 'pg_database'), '') = $2
      or shobj_description(d.oid, 'pg_database') is null and d.datconnlimit = $3
    ) as ours
  from pg_database d where d.datname = $1`

const lookFor = async ({ query }: Pick<Session, 'query'>, database: string) => {
  const [found] = await query(scratchSql, [database, mark, connections])
  return found && { oid: String(found.oid), ours: found.ours === true }
}

/**
 * Looks at the server, and changes nothing.
 * @throws Error as the server or the system words it
 */
export const lookAtServer = async ({ url, database }: ScratchAddress, signal: AbortSignal): Promise<ScratchServer> => {
  const session = await openSession({ url, applicationName, signal })
  try {
    const [found] = await session.query(serverSql)
    const extensions = await session.query(extensionsSql)
    const scratch = await lookFor(session, database)
    const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
    return {
      user: String(found?.user),
      superuser: found?.superuser === true,
      createsDatabases: found?.creates === true,
      standby: found?.standby === true,
      major: Number(found?.major),
      version: String(found?.version),
      systemIdentifier: text(found?.system),
      dataFolder: text(found?.folder),
      entrance: String(found?.entrance),
      extensions: new Set(extensions.map(({ name }) => String(name))),
      scratch: scratch === undefined ? 'absent' : scratch.ours ? 'left' : 'foreign',
    }
  } finally {
    await session.close().catch(() => session.drop())
  }
}

/** What to do about a database that has the name of ours and is none. */
export const foreignWords = (database: string) =>
  `there is a database ${database} that is not ours: it has another owner, or another comment than the restore test gives. Rename it, or set another name in config/restore-test.ts`

interface Making extends ScratchAddress {
  readonly signal: AbortSignal
  /** Told of what a killed run left. */
  readonly tell: (words: string) => void
}

/**
 * Makes the scratch database, gives it to `work`, and drops it whatever happens: also where `signal` aborts. One that a
 * killed run left is dropped before, with whoever still uses it.
 * @throws Refused where a database of that name is not ours, or another test uses it just now
 * @throws whatever `work` throws, or Error where the database cannot be made or dropped
 */
export const withScratch = async <T>(making: Making, work: () => Promise<T>): Promise<T> => {
  const { url, database, signal } = making
  // It holds the lock for as long as it is there: of a run that is killed the server hears at once.
  const holder = await openSession({ url, applicationName, signal })
  try {
    await lock(holder, database)
    let oid: string | undefined
    const done = async () => {
      oid = await make(holder, making)
      return work()
    }
    const found = await done().then(
      (value) => ({ value }),
      (cause: unknown) => ({ cause }),
    )
    const left = await drop(making, oid).then(
      () => undefined,
      (cause: unknown) => notDropped(database, cause),
    )
    if ('value' in found && left === undefined) return found.value
    const causes = [...('cause' in found ? [found.cause] : []), ...(left === undefined ? [] : [left])]
    throw causes.length === 1 ? causes[0] : new AggregateError(causes, causes.map(wordsOf).join('; '))
  } finally {
    holder.drop()
  }
}

const notDropped = (database: string, cause: unknown) =>
  new Error(
    `could not drop the scratch database: ${wordsOf(cause)}. The next run tries again; by hand: drop database ${quoted(database)} with (force)`,
    { cause },
  )

const lock = async ({ query }: Session, database: string) => {
  const [locked] = await query('select pg_try_advisory_lock(hashtextextended($1, 0)) as got', [`${mark}: ${database}`])
  if (locked?.got !== true) {
    throw new Refused([
      `another test of a restore uses the database ${database} just now: wait for its end, or give each a name in config/restore-test.ts`,
    ])
  }
}

const make = async (session: Session, { database, tell }: Making) => {
  const { query } = session
  const left = await lookFor(session, database)
  if (left && !left.ours) throw new Refused([foreignWords(database)])
  if (left) {
    tell(`dropping the scratch database that a run left which was killed`)
    await query(`drop database ${quoted(database)} with (force)`)
  }
  await query(`create database ${quoted(database)} template template0 connection limit ${connections}`)
  // What is restored is no business of those who may connect to every database.
  await query(`revoke all on database ${quoted(database)} from public`)
  await query(`comment on database ${quoted(database)} is '${mark}'`)
  return (await lookFor(session, database))?.oid
}

/**
 * By a session of its own, as the run's may have been ended; and the very one that was made, whoever took its name since.
 * Without one it was ended while that was made, and ours is the one.
 */
const drop = async ({ url, database }: ScratchAddress, oid: string | undefined) => {
  const session = await openSession({ url, applicationName, signal: AbortSignal.timeout(dropWithin) })
  try {
    const found = await lookFor(session, database)
    // One that was there before, where none was made.
    if (!found || (oid === undefined && !found.ours)) return
    if (!found.ours || found.oid !== (oid ?? found.oid)) throw new Error(`${database} is another database now`)
    await session.query(`drop database ${quoted(database)} with (force)`)
  } finally {
    await session.close().catch(() => session.drop())
  }
}

/** A session in the scratch database. */
export const openScratch = ({ url, database }: ScratchAddress, signal: AbortSignal) =>
  openSession({ url, database, applicationName, signal })
