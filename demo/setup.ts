import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { columnWidthsView } from '../exporters/postgres/column-widths.ts'
import { type Connection, connect } from './database.ts'
import { seed } from './seed.ts'

export const demoDatabase = 'techplus'
/** What the API and the exporter log in as. */
export const demoLogins = { api: 'techplus_api', exporter: 'techplus_exporter' } as const

interface SetupOptions {
  /** A superuser's URL, of any database on the server. */
  readonly adminUrl: string
  readonly passwords: Readonly<Record<keyof typeof demoLogins, string>>
}

/**
 * Makes what the demo needs on a PostgreSQL server: its database, tables, rows, and one login each for the API and the
 * exporter with the rights they need and no more. Runs any number of times; rows are only put into empty tables.
 */
export const setupDemo = async ({ adminUrl, passwords }: SetupOptions) => {
  await withConnection(adminUrl, async ({ rows, run }) => {
    const [found] = await rows('select from pg_database where datname = $1', [demoDatabase])
    if (!found) await run(`create database ${demoDatabase}`)
  })
  await withConnection(urlFor(adminUrl, {}), async (connection) => {
    await connection.run(readFileSync(new URL('schema.sql', import.meta.url), 'utf8'))
    await ensureLogin(connection, demoLogins.api, passwords.api)
    await ensureLogin(connection, demoLogins.exporter, passwords.exporter)
    await connection.run(rights)
    await seed(connection)
  })
}

/** The URL of the demo's database on the same server, as the admin or as somebody else. */
export const urlFor = (
  adminUrl: string,
  { login, password }: { readonly login?: string; readonly password?: string },
) => {
  const url = new URL(adminUrl)
  url.pathname = `/${demoDatabase}`
  if (login !== undefined) url.username = encodeURIComponent(login)
  if (password !== undefined) url.password = encodeURIComponent(password)
  return url.href
}

const withConnection = async (url: string, work: (connection: Connection) => Promise<void>) => {
  const connection = await connect(url)
  try {
    await work(connection)
  } finally {
    await connection.close()
  }
}

const ensureLogin = async ({ rows, run }: Connection, login: string, password: string) => {
  const [found] = await rows('select from pg_roles where rolname = $1', [login])
  if (!found) await run(`create role ${login} login`)
  // The statement would be kept word for word, with what a password can be guessed against.
  await run('set pg_stat_statements.track_utility = off')
  await run(`alter role ${login} password '${scramVerifier(password)}'`)
}

/** What the server stores of a password. It is computed here, so that no log and no statistics ever show the password. */
const scramVerifier = (password: string) => {
  // Others would have to be normalised first (SASLprep), or the login would be refused later.
  if (!/^[\x21-\x7e]+$/.test(password)) throw new Error('a password must consist of printable ASCII characters')
  const [salt, iterations] = [randomBytes(16), 4096]
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256')
  const key = (name: string) => createHmac('sha256', salted).update(name).digest()
  const storedKey = createHash('sha256').update(key('Client Key')).digest('base64')
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${key('Server Key').toString('base64')}`
}

/** The schema `fault` is a room for the faults that need a table: the API may make nothing among the service's own. */
const rights = `
  revoke all on database ${demoDatabase} from public;
  grant connect on database ${demoDatabase} to ${demoLogins.api}, ${demoLogins.exporter};
  grant select, insert, update, delete on users, tables, reservations, payments to ${demoLogins.api};
  create schema if not exists fault authorization ${demoLogins.api};
  grant pg_monitor to ${demoLogins.exporter};
  grant select on all sequences in schema public to ${demoLogins.exporter};
  ${columnWidthsView(demoLogins.exporter)}
  grant select (status, date, party_size, created_at, cancelled_at, management_token, token_expires_at)
    on reservations to ${demoLogins.exporter};
  grant select (reservation_id, status, created_at) on payments to ${demoLogins.exporter};
  alter role ${demoLogins.exporter} set default_transaction_read_only = on;`
