import { createHash } from 'node:crypto'
import type { Query } from '../../exporters/postgres/writer.ts'
import { catalogue } from './catalogue.ts'

/** What a schema is made of: each thing by its name, with a digest of what it is. */
export type Schema = Readonly<Record<string, string>>

/** A table as `schema.table`, without anything that SQL would read otherwise. */
const named = /^[a-z_][\w$]*\.[a-z_][\w$]*$/i

/**
 * Reads the schema of a database from its catalogue, whatever tool migrates it: tables, columns, constraints, indexes,
 * views, functions, triggers, types, policies, sequences and extensions. Who owns them and who may use them is left out, and
 * so are partitions, which come and go with their table's rows, and indexes that are not valid, which somebody is rebuilding.
 * @param applied the table in which the tool keeps what it has applied, as `schema.table`: its rows count too
 * @throws Error as the server words it
 */
export const readSchema = async (query: Query, applied?: string): Promise<Schema> => {
  // What the server prints of a definition leaves out the schemas that are searched.
  await query(`select set_config('search_path', 'pg_catalog', false)`)
  const things = Object.fromEntries(
    (await query(catalogue)).map(({ thing, digest }) => [String(thing), String(digest)]),
  )
  return applied === undefined ? things : { ...things, ...(await appliedIn(query, applied)) }
}

const appliedIn = async (query: Query, table: string): Promise<Schema> => {
  if (!named.test(table)) throw new Error(`${table} is no table: write it as schema.table in config/update.ts`)
  const [found] = await query('select to_regclass($1) is not null as there', [table])
  // Before the first migration ever.
  if (found?.there !== true) return {}
  const rows = await query(`select md5(string_agg(t::text, e'\\n' order by t::text)) as digest from ${table} t`)
  return { [`rows of ${table}`]: String(rows[0]?.digest) }
}

/** The same for the same schema. */
export const hashOf = (schema: Schema): string => {
  const hash = createHash('sha256')
  for (const [thing, digest] of Object.entries(schema).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${thing}\n${digest}\n`)
  }
  return hash.digest('hex')
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
