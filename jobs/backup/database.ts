import type { BackupSettings } from '../../config/backup.ts'
import { reservationTable } from '../../config/reservations.ts'
import { openSession, type Session } from '../../exporters/postgres/session.ts'
import { startProgram } from '../program.ts'
import { readContents } from './contents.ts'
import { libpqLogin } from './libpq.ts'
import { findPostgresProgram, type PostgresProgram } from './postgres-programs.ts'
import type { Sealing, Source } from './source.ts'
import { readToc } from './toc.ts'

/** A database as it is known before it is saved. */
export interface DatabaseSource {
  readonly systemIdentifier: string
  readonly database: string
  readonly serverVersion: string
  readonly major: number
  /** Bytes on the server's disk, with its indexes. */
  readonly bytes: number
}

const applicationName = 'techplus-backup'

const identitySql = `
  select (select system_identifier::text from pg_control_system()) as system, current_database() as database,
    current_setting('server_version') as version, current_setting('server_version_num')::int / 10000 as major,
    pg_database_size(current_database())::float8 as bytes`

/** Asks a database who it is. */
export const identify = async (url: string, signal: AbortSignal): Promise<DatabaseSource> => {
  const session = await openSession({ url, applicationName, signal })
  try {
    const [found] = await session.query(identitySql)
    return {
      systemIdentifier: String(found?.system),
      database: String(found?.database),
      serverVersion: String(found?.version),
      major: Number(found?.major),
      bytes: Number(found?.bytes),
    }
  } finally {
    await session.close()
  }
}

/** Tables and sequences whose content pg_dump reads, and this login may not, or not all of it. */
const unreadableSql = `
  select format('%I.%I', n.nspname, c.relname) as name
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'S') and c.relpersistence <> 't' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    and not exists (
      select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
    and not (has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')
      and not (c.relkind = 'r' and row_security_active(c.oid)))
  order by 1`

/**
 * What stands in the way of a dump, with what to do.
 * @throws Error as the server words it
 */
export const databaseFaults = async (url: string, signal: AbortSignal): Promise<readonly string[]> => {
  const session = await openSession({ url, applicationName, signal })
  try {
    const closed = (await session.query(unreadableSql)).map(({ name }) => String(name))
    if (closed.length === 0) return []
    const [who] = await session.query('select current_user as name')
    const shown = `${closed.slice(0, 5).join(', ')}${closed.length > 5 ? `, and ${closed.length - 5} more` : ''}`
    return [
      `the login ${who?.name} of JOBS_DATABASE_URL may not read all of ${shown}. Use their owner, or: grant pg_read_all_data to ${who?.name}; alter role ${who?.name} bypassrls`,
    ]
  } finally {
    await session.close()
  }
}

interface Options {
  readonly url: string
  readonly source: DatabaseSource
  readonly programs: DatabasePrograms
  readonly settings: BackupSettings
}

interface DatabasePrograms {
  readonly dump: PostgresProgram
  readonly restore: PostgresProgram
}

/** @throws Error saying what to install */
export const databasePrograms = async (
  { major }: DatabaseSource,
  folder: string | undefined,
  signal: AbortSignal,
): Promise<DatabasePrograms> => ({
  dump: await findPostgresProgram({ name: 'pg_dump', major, folder, signal }),
  restore: await findPostgresProgram({ name: 'pg_restore', major, folder, signal }),
})

/**
 * A database, by pg_dump. What the manifest tells of it is counted in the very snapshot that is dumped, while it is.
 */
export const databaseSource = ({ url, source, programs, settings }: Options): Source<'database'> => ({
  kind: 'database',
  save: async ({ seal, signal, progress }) => {
    const session = await openSession({ url, applicationName, signal })
    try {
      const { snapshot, taken } = await begin(session, settings)
      const [sealed, contents] = await allOrNone(signal, (either) => [
        dumped({ url, snapshot, programs, settings, seal, signal: either }),
        readContents(session.query, { reservations: reservationTable, progress }),
      ])
      await sealed.toc.holds(contents.tables)
      await session.query('commit')
      const { systemIdentifier, database, serverVersion } = source
      return {
        ...sealed.sealed,
        kind: 'database',
        taken,
        program: programs.dump.version,
        source: { systemIdentifier, database, serverVersion },
        contents,
      }
    } finally {
      await session.close().catch(() => session.drop())
    }
  },
})

/** A snapshot that lasts as long as the session is left in it. */
const begin = async ({ query }: Session, { lockSeconds }: Pick<BackupSettings, 'lockSeconds'>) => {
  await query('begin isolation level repeatable read read only')
  // Nobody who limits statements means this one; and what row security hides is to fail, and not to be left out.
  const settings = {
    statement_timeout: '0',
    // Rows are counted beside pg_dump, which waits no longer for a table than this either.
    lock_timeout: `${lockSeconds}s`,
    idle_in_transaction_session_timeout: '0',
    row_security: 'off',
  }
  for (const [name, value] of Object.entries(settings)) await query('select set_config($1, $2, true)', [name, value])
  const [found] = await query(`
    select pg_export_snapshot() as snapshot, extract(epoch from clock_timestamp())::float8 as taken`)
  if (typeof found?.snapshot !== 'string') throw new Error('the server exported no snapshot')
  return { snapshot: found.snapshot, taken: Math.floor(Number(found.taken) * 1_000) }
}

interface Dumping extends Pick<Options, 'url' | 'programs' | 'settings'> {
  readonly snapshot: string
  readonly seal: Sealing['seal']
  readonly signal: AbortSignal
}

const dumped = async ({ url, snapshot, programs, settings, seal, signal }: Dumping) => {
  const lockTimeout = settings.lockSeconds * 1_000
  // What compresses it comes behind: pg_dump would compress with one process what it reads with.
  const args = ['--format=custom', '--compress=0', `--snapshot=${snapshot}`, `--lock-wait-timeout=${lockTimeout}`]
  const dump = startProgram([programs.dump.path, ...args, '--no-password'], {
    ...libpqLogin(url),
    signal,
  })
  dump.stdin.end()
  const toc = readToc({ program: programs.restore.path, signal })
  // What ends early ends with the error of the program, and not as a whole dump.
  const whole = async function* () {
    yield* toc.through(dump.stdout)
    await dump.ended
  }
  const sealed = await seal(whole(), signal).catch(async (cause: unknown) => {
    dump.stdout.destroy()
    throw cause
  })
  return { sealed, toc }
}

/** Both, or the error of the first that fails: the other is ended then. */
const allOrNone = async <A, B>(
  signal: AbortSignal,
  begin: (either: AbortSignal) => readonly [Promise<A>, Promise<B>],
): Promise<readonly [A, B]> => {
  const controller = new AbortController()
  const both = begin(AbortSignal.any([signal, controller.signal]))
  try {
    return await Promise.all(both)
  } catch (cause) {
    controller.abort(cause)
    await Promise.allSettled(both)
    throw cause
  }
}
