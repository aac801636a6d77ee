import type { DatabaseCleanup } from '../../config/cleanup.ts'
import type { ReservationTable, TableName } from '../../config/reservations.ts'
import { wordsOf } from '../../exporters/failure.ts'
import { identifier } from '../../exporters/postgres/quoting.ts'
import { type Postgres, postgres } from '../../exporters/postgres/source.ts'
import { type Book, openBook } from '../../exporters/reservations/book.ts'
import { Refused } from '../job.ts'
import { allOf, type Dependant, readDependants } from './dependants.ts'
import { type Counted, counted, type Due, dueOf } from './due.ts'

/** What is known of the database before anything is changed. */
export interface Known {
  readonly name: string
  readonly book: Book
  readonly due: Due
  readonly counted: Counted
  readonly dependants: readonly Dependant[]
  /** Whether the end of a token can be cleared with it. */
  readonly clearsEnd: boolean
}

interface Options {
  readonly url: string
  readonly setting: DatabaseCleanup
  readonly table: ReservationTable
  readonly signal: AbortSignal
}

export const applicationName = 'techplus-cleanup'

/** Milliseconds. A question of a plan reads a whole table at most. */
const limits = { scrape: 400_000, statement: 300_000, lock: 10_000 }

/** Asks a database, read only, and leaves it. What cannot be asked is refused. */
export const asking = async <T>(
  url: string,
  signal: AbortSignal,
  ask: (database: Postgres) => Promise<T>,
): Promise<T> => {
  const source = postgres(url, { applicationName, statementTimeout: limits.statement, lockTimeout: limits.lock })
  try {
    // A source listens for as long as its signal lives: to one of its own.
    await source.ready(AbortSignal.any([signal]), limits.scrape).catch((cause: unknown) => {
      signal.throwIfAborted()
      throw new Refused([`could not reach the database of JOBS_DATABASE_URL: ${wordsOf(cause)}`], { cause })
    })
    const nothing = { spent: () => undefined, failed: () => undefined }
    return await ask(source.reader(nothing))
  } finally {
    await source.close()
  }
}

interface Relation {
  readonly oid: string
  readonly kind: string
  readonly changes: boolean
  readonly login: string
  readonly standby: boolean
}

/** @throws Refused naming every fault at once */
export const readDatabase = ({ url, setting, table, signal }: Options): Promise<Known> =>
  asking(url, signal, async (database) => {
    const { book } = openBook(table)
    const relation = await identified(database, book)
    const dependants = await readDependants(database, relation.oid).catch((cause: unknown) => {
      throw new Refused([wordsOf(cause)], { cause })
    })
    const columns = await tokenColumns(database, relation.oid, table)
    const faults = [...surprises(dependants, setting), ...columns.faults]
    if (faults.length > 0) throw new Refused(faults)
    try {
      const due = await dueOf(database, book, setting, dependants)
      const { clearsEnd } = columns
      return {
        name: database.name,
        book,
        due,
        counted: await counted(database, book, due, dependants),
        dependants,
        clearsEnd,
      }
    } catch (cause) {
      signal.throwIfAborted()
      throw new Refused([wordsOf(cause)], { cause })
    }
  })

/** The table is there, is one, and may be changed here. */
const identified = async ({ rows, name }: Postgres, { relation }: Book): Promise<Relation> => {
  const literal = relation.sql.replaceAll("'", "''")
  const [found] = await rows<Relation>(`
    select c.oid::text as oid, c.relkind::text as kind, current_user as login, pg_is_in_recovery() as standby,
           has_table_privilege(c.oid, 'DELETE') and has_table_privilege(c.oid, 'UPDATE') and has_table_privilege(c.oid, 'SELECT') as changes
    from pg_class c where c.oid = to_regclass('${literal}')`)
  if (!found) {
    const why = `database ${name} of JOBS_DATABASE_URL has no table ${relation.sql}: it is not the one that config/reservations.ts describes`
    throw new Refused([`${why}. Name the service's database in the URL`])
  }
  const { login } = found
  const faults = [
    ...(found.standby
      ? [`the server of JOBS_DATABASE_URL is a standby, where nothing can be changed: name its primary`]
      : []),
    ...(['r', 'p'].includes(found.kind)
      ? []
      : [`${relation.sql} in database ${name} is no table: the cleanup needs the table itself, not a view of it`]),
    ...(found.changes
      ? []
      : [
          `"${login}" may not clean ${relation.sql}: run GRANT SELECT, UPDATE, DELETE ON ${relation.sql} TO "${login}" in ${name}`,
        ]),
  ]
  if (faults.length > 0) throw new Refused(faults)
  return found
}

const same = (a: TableName, b: { readonly schema: string; readonly name: string }) =>
  a.name === b.name && (a.schema === undefined || a.schema === b.schema)

/** Tables that would lose rows, and that nobody named. */
const surprises = (dependants: readonly Dependant[], { dependants: named }: DatabaseCleanup) =>
  allOf(dependants)
    .filter((one) => one.onDelete === 'goes' && !named.some((table) => same(table, one)))
    .map(
      ({ table, constraint }) =>
        `${table} would lose rows with the reservations (${constraint} says ON DELETE CASCADE): name it among \`dependants\` in config/cleanup.ts, or make the key ON DELETE RESTRICT`,
    )

/** A token that must not be null cannot be cleared. */
const tokenColumns = async ({ rows }: Postgres, oid: string, { tokens }: ReservationTable) => {
  if (!tokens) return { faults: [], clearsEnd: false }
  const found = await rows<{ readonly name: string; readonly needed: boolean }>(
    `select attname::text as name, attnotnull as needed from pg_attribute where attrelid = ${oid} and attnum > 0 and not attisdropped`,
  )
  const needed = (name: string) => found.some((one) => one.name === name && one.needed)
  const faults = needed(tokens.token)
    ? [
        `column ${identifier(tokens.token)} must not be null, so that no token can be cleared: run ALTER TABLE ... ALTER COLUMN ${identifier(tokens.token)} DROP NOT NULL`,
      ]
    : []
  return { faults, clearsEnd: !needed(tokens.expires) }
}
