import type { Query } from '../../exporters/postgres/writer.ts'
import { catalogue } from './catalogue.ts'

/** What a schema is made of: each thing by its name, with a digest of what it is. */
export type Schema = Readonly<Record<string, string>>

/** What the tool that migrates says it has applied. */
export interface Applied {
  readonly table: string
  /** A digest of each row. */
  readonly rows: readonly string[]
}

/** A database as a migration finds it. */
export interface Reading {
  readonly schema: Schema
  /** Undefined where no table of a tool is known. */
  readonly applied?: Applied | undefined
}

/**
 * Where the usual tools keep it: Prisma, Knex, node-pg-migrate, Sequelize, TypeORM and db-migrate, Drizzle, Flyway, and those
 * that do as Rails does.
 */
const usual = [
  'public._prisma_migrations',
  'public.knex_migrations',
  'public.pgmigrations',
  'public."SequelizeMeta"',
  'public.migrations',
  'drizzle.__drizzle_migrations',
  'public.flyway_schema_history',
  'public.schema_migrations',
] as const

/** A table as `schema.table`, each part quoted or not, without anything that SQL would read otherwise. */
const named = /^(?:[a-z_][\w$]*|"[^"]+")\.(?:[a-z_][\w$]*|"[^"]+")$/i

/**
 * Reads the schema of a database from its catalogue, whatever tool migrates it: tables, columns, constraints, indexes,
 * views, functions, triggers, types, policies, sequences and extensions. Who owns them and who may use them is left out, and
 * so are partitions, which come and go with their table's rows, and indexes that are not valid, which somebody is rebuilding.
 * @param table in which the tool keeps what it has applied, as `schema.table`; one of the usual ones otherwise
 * @throws Error as the server words it
 */
export const readDatabase = async (query: Query, table?: string): Promise<Reading> => {
  // What the server prints of a definition leaves out the schemas that are searched.
  await query(`select set_config('search_path', 'pg_catalog', false)`)
  const things = (await query(catalogue)).map(({ thing, digest }) => [String(thing), String(digest)])
  return { schema: Object.fromEntries(things), applied: await appliedIn(query, table) }
}

const appliedIn = async (query: Query, given: string | undefined): Promise<Applied | undefined> => {
  if (given !== undefined && !named.test(given)) {
    throw new Error(`${given} is no table: write it as schema.table in config/update.ts`)
  }
  const [found] = await query(
    'select name from unnest($1::text[]) with ordinality t (name, n) where to_regclass(name) is not null order by n limit 1',
    [given === undefined ? usual : [given]],
  )
  if (found === undefined) return undefined
  const table = String(found.name)
  const rows = await query(`select md5(t::text) as digest from ${table} t order by 1`)
  return { table, rows: rows.map(({ digest }) => String(digest)) }
}

/**
 * How many migrations the tool has applied since: rows that were not there. Undefined where no tool is known.
 * @param before where the tool had no table yet, it had applied none
 */
export const appliedSince = (before: Reading, after: Reading): number | undefined => {
  if (!after.applied) return undefined
  const known = new Set(before.applied?.rows)
  return after.applied.rows.filter((row) => !known.has(row)).length
}

/** What is in the one and not in the other, a line each: `column public.reservations.note was added`. */
export const differences = (before: Schema, after: Schema): readonly string[] => [
  ...Object.keys(after).flatMap((thing) =>
    before[thing] === undefined
      ? [`${thing} was added`]
      : before[thing] === after[thing]
        ? []
        : [`${thing} was changed`],
  ),
  ...Object.keys(before).flatMap((thing) => (after[thing] === undefined ? [`${thing} was removed`] : [])),
]
