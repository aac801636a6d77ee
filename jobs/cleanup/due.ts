import type { DatabaseCleanup } from '../../config/cleanup.ts'
import type { Database } from '../../exporters/postgres/source.ts'
import type { Book } from '../../exporters/reservations/book.ts'
import { read } from '../../exporters/reservations/read.ts'
import { countsOfGoing, type Dependant, heldBy } from './dependants.ts'

/** What is due, as conditions of a row `r` of the reservations. They mean the same however long the run takes. */
export interface Due {
  /** Completed before this moment, as the server writes it. */
  readonly before: string
  /** Completed and past their time. */
  readonly old: string
  /** Those of them that something else depends on. */
  readonly held: string
  /** With a token that has expired; where there are no tokens, none. */
  readonly expired: string
}

/** How many rows are what. */
export interface Counted {
  readonly old: number
  readonly held: number
  readonly expired: number
  /** Of the expired those whose reservation may go. */
  readonly expiredOld: number
  /** Rows of other tables that go with the reservations. */
  readonly going: readonly { readonly table: string; readonly count: number }[]
}

type Asked = Pick<Database, 'rows'>

/** The server's own clock and zone say what is past, as they do for the handbook's statement. */
export const dueOf = async (
  database: Asked,
  book: Book,
  { kept }: DatabaseCleanup,
  dependants: readonly Dependant[],
): Promise<Due> => {
  const interval = `interval '${kept.replaceAll("'", "''")}'`
  const [moment] = await database.rows<{ readonly before: string; readonly now: string; readonly past: boolean }>(
    `select (current_date - ${interval})::timestamp::text as before, now()::text as now, ${interval} > interval '0' as past`,
  )
  if (!moment?.past) throw new Error(`\`kept\` in config/cleanup.ts is ${kept}: write how long, such as 1 year`)
  const { states, date, tokens } = book
  const old = `${states.is('completed')} and ${date} < timestamp '${moment.before}'`
  return {
    before: moment.before,
    old,
    held: dependants.length === 0 ? 'false' : heldBy(dependants, 'r'),
    expired: tokens ? `${tokens.token} is not null and ${tokens.expires} < timestamptz '${moment.now}'` : 'false',
  }
}

/** A reservation that goes. */
export const doomed = ({ old, held }: Due) => `${old} and not (${held})`

const one = async (database: Asked, { relation }: Book, sql: string) => {
  const [row] = await read<Readonly<Record<string, number>>>(database, relation, sql)
  if (!row) throw new Error('the server answered no row')
  return row
}

export const counted = async (
  database: Asked,
  book: Book,
  due: Due,
  dependants: readonly Dependant[],
): Promise<Counted> => {
  const { old, held, expired } = due
  const { sql } = book.relation
  const count = (condition: string) => `(count(*) filter (where ${condition}))::float8`
  const [rows, tokens] = await Promise.all([
    one(database, book, `select count(*)::float8 as old, ${count(held)} as held from ${sql} r where ${old}`),
    one(
      database,
      book,
      `select count(*)::float8 as expired, ${count(doomed(due))} as "expiredOld" from ${sql} r where ${expired}`,
    ),
  ])
  const going = await Promise.all(
    countsOfGoing(dependants, 'r', (and) => `select from ${sql} r where ${and} and ${doomed(due)}`).map(
      async ({ of, sql: query }) => ({ table: of.table, count: (await one(database, book, query)).count ?? 0 }),
    ),
  )
  return {
    old: rows.old ?? 0,
    held: rows.held ?? 0,
    expired: tokens.expired ?? 0,
    expiredOld: tokens.expiredOld ?? 0,
    going,
  }
}
