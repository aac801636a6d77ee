import { Client, Pool, type QueryResultRow } from 'pg'

export interface Database {
  /** What a statement returns. */
  rows<Row extends QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>
  /** One more connection of its own, for what would hold up the others. */
  connect(): Promise<Connection>
  /** For whoever watches it. */
  readonly pool: Pool
  close(): Promise<void>
}

export interface Connection {
  rows<Row extends QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>
  /** Any number of statements, in one transaction unless they say otherwise. */
  run(sql: string): Promise<void>
  close(): Promise<void>
}

interface DatabaseOptions {
  readonly connections?: number
  /** Milliseconds that a request waits for a connection, and then for an answer. */
  readonly patience?: number
  /** Told of connections that broke while nobody used them. The next request opens new ones. */
  readonly onLost?: (error: Error) => void
}

/** A pool that outlives its server: while that is gone every request fails, and soon; when it is back they succeed. */
export const database = (
  url: string,
  { connections = 10, patience = 2_000, onLost = () => undefined }: DatabaseOptions = {},
): Database => {
  const pool = new Pool({
    connectionString: url,
    application_name: 'techplus-api',
    max: connections,
    connectionTimeoutMillis: patience,
    // On our side as well: a server that hangs cancels nothing.
    query_timeout: patience,
    statement_timeout: patience,
  })
  pool.on('error', onLost)
  return {
    rows: async <Row extends QueryResultRow>(sql: string, values: readonly unknown[] = []) =>
      (await pool.query<Row>(sql, [...values])).rows,
    connect: () => connect(url, { patience, onLost }),
    pool,
    close: () => pool.end(),
  }
}

export const connect = async (
  url: string,
  { patience = 10_000, onLost = () => undefined }: Omit<DatabaseOptions, 'connections'> = {},
): Promise<Connection> => {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: patience,
    application_name: 'techplus-demo',
  })
  client.on('error', onLost)
  await client.connect()
  return {
    rows: async <Row extends QueryResultRow>(sql: string, values: readonly unknown[] = []) =>
      (await client.query<Row>(sql, [...values])).rows,
    run: async (sql) => {
      await client.query(sql)
    },
    close: () => client.end(),
  }
}
