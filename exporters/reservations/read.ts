import type { Postgres } from '../postgres/source.ts'

type Cells = Readonly<Record<string, string | number>>

/** The rows of a query on the reservations. What the schema or the rights lack becomes an error that says how to mend it. */
export const read = async <Row extends Cells>({ rows }: Postgres, sql: string, values: readonly unknown[] = []) => {
  try {
    return await rows<Row>(sql, values)
  } catch (cause) {
    const mend = mends[codeOf(cause)]
    if (!mend || !(cause instanceof Error)) throw cause
    const [place] = await rows<Place>(`select current_database() as database, current_user as login`)
    throw place ? new Error(mend(place, cause.message), { cause }) : cause
  }
}

/** The one row of a query without `group by`. */
export const readOne = async <Row extends Cells>(source: Postgres, sql: string) => {
  const [row] = await read<Row>(source, sql)
  if (!row) throw new Error('the server answered no row')
  return row
}

interface Place {
  readonly database: string
  readonly login: string
}

const codeOf = (cause: unknown) =>
  cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : ''

const columns = 'status, date, party_size, created_at, cancelled_at, management_token, token_expires_at'

const mends: Readonly<Record<string, (place: Place, message: string) => string>> = {
  // undefined_table: also when the login may not use the schema, which then does not count for the search path.
  '42P01': ({ database, login }) =>
    `table reservations is not in database ${database}, or in no schema that "${login}" searches: name the service's ` +
    `database in the URL, or run GRANT USAGE ON SCHEMA s TO "${login}"; ALTER ROLE "${login}" SET search_path TO s, ` +
    `where s is the schema it is in`,
  // undefined_column
  '42703': ({ database }, message) =>
    `${message} in table reservations of database ${database}: run the service's migrations (read are ${columns})`,
  // insufficient_privilege
  '42501': ({ database, login }) =>
    `"${login}" may not read table reservations: run GRANT SELECT ON reservations TO "${login}" in ${database} ` +
    `(or only its columns ${columns})`,
}
