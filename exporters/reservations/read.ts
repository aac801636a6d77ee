import { codeOf } from '../failure.ts'
import type { Database } from '../postgres/source.ts'

/** A table that is read: as it is written in SQL, and what an error about it names. */
export interface Relation {
  readonly sql: string
  readonly schema?: string
  /** Where `config/reservations.ts` describes it. */
  readonly keys: { readonly table: string; readonly columns: string; readonly values: string }
  /** Every column that is read, as written in SQL. */
  readonly columns: readonly string[]
}

type Asked = Pick<Database, 'rows'>

/** The rows of a query on a table. What the schema or the rights lack becomes an error that says how to mend it. */
export const read = async <Row>({ rows }: Asked, relation: Relation, sql: string) => {
  try {
    return await rows<Row>(sql)
  } catch (cause) {
    const mend = mends[codeOf(cause)]
    if (!mend || !(cause instanceof Error)) throw cause
    const [place] = await rows<Place>(`select current_database() as database, current_user as login`)
    throw place ? new Error(mend({ ...place, ...relation }, cause.message), { cause }) : cause
  }
}

/** The one row of a query without `group by`. */
export const readOne = async <Row>(database: Asked, relation: Relation, sql: string) => {
  const [row] = await read<Row>(database, relation, sql)
  if (!row) throw new Error('the server answered no row')
  return row
}

interface Place {
  readonly database: string
  readonly login: string
}

const file = 'config/reservations.ts'

const mends: Readonly<Record<string, (place: Place & Relation, message: string) => string>> = {
  // undefined_table: also when the login may not use the schema, where that was to be found by the search path.
  '42P01': ({ database, login, sql, schema, keys }) =>
    schema === undefined
      ? `table ${sql} is not in database ${database}, or in no schema that "${login}" searches: name the service's ` +
        `database in the URL, or the schema it is in (${keys.table} in ${file})`
      : `table ${sql} is not in database ${database}: name the service's database in the URL, or correct ${keys.table} ` +
        `in ${file}`,
  // undefined_column
  '42703': ({ database, sql, keys, columns }, message) =>
    `${message} in table ${sql} of database ${database}: run the service's migrations, or correct ${keys.columns} in ` +
    `${file} (read are ${columns.join(', ')})`,
  // insufficient_privilege
  '42501': ({ database, login, sql, schema, columns }) =>
    `"${login}" may not read table ${sql}: run ${grants(sql, schema, login)} in ${database} ` +
    `(or only its columns ${columns.join(', ')})`,
  // invalid_text_representation: the only texts we compare with are the values of the description.
  '22P02': ({ database, sql, keys }, message) =>
    `${message} in table ${sql} of database ${database}: correct ${keys.values} in ${file}`,
  // undefined_function, such as a comparison of a text with a date
  '42883': ({ database, sql, keys }, message) =>
    `${message} in table ${sql} of database ${database}: times must be kept as such and guests as numbers; correct ` +
    `${keys.columns} in ${file}, or name a view that casts them`,
  // query_canceled
  '57014': ({ database, sql }) =>
    `table ${sql} of database ${database} takes too long to read: docs/administration.md lists the indexes it needs`,
}

/** Everybody may use the schema public, unless somebody took that right away. */
const grants = (sql: string, schema: string | undefined, login: string) =>
  [
    ...(schema === undefined || schema === '"public"' ? [] : [`GRANT USAGE ON SCHEMA ${schema} TO "${login}"`]),
    `GRANT SELECT ON ${sql} TO "${login}"`,
  ].join('; ')
