import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { type CleanupSetting, cleanupSetting, type DatabaseCleanup } from '../../../config/cleanup.ts'

const schema = readFileSync(fileURLToPath(new URL('../../../demo/schema.sql', import.meta.url)), 'utf8')

interface Rows {
  /** Completed 400 days ago; every third was paid. */
  readonly old?: number
  /** Completed ten days ago, with a token that has expired. */
  readonly young?: number
  /** Confirmed, with a token that lives. */
  readonly coming?: number
}

/** The tables of the demo with rows of which it is known what is due. */
export const bookedDatabase = async (url: string, { old = 300, young = 50, coming = 40 }: Rows = {}) => {
  const client = new Client(url)
  await client.connect()
  await client.query(schema)
  await client.query(`
    insert into users (email, name) select 'guest' || n || '@example.com', 'Guest ' || n from generate_series(1, 100) n;
    insert into tables (number, seats) select n, 4 from generate_series(1, 50) n;`)
  const book = (count: number, status: string, date: string, token: string) =>
    client.query(
      `insert into reservations (user_id, table_id, date, party_size, status, management_token, token_expires_at)
       select 1 + n % 100, 1 + n % 50, ${date} + n / 50 * interval '1 minute', 2, $1,
              case when ${token} is not null then md5($1 || n) end, ${token} from generate_series(0, $2::int - 1) n`,
      [status, count],
    )
  await book(old, 'COMPLETED', `now() - interval '400 days'`, 'null::timestamptz')
  await book(young, 'COMPLETED', `now() - interval '10 days'`, `now() - interval '9 days'`)
  await book(coming, 'CONFIRMED', `now() + interval '10 days'`, `now() + interval '10 days'`)
  await client.query(`
    insert into payments (reservation_id, amount_cents, charge_id)
    select id, 1000, 'ch_' || id from (select id, row_number() over (order by id) as n from reservations) r where n % 3 = 0`)
  await client.query('vacuum analyze')
  return client
}

/** How many rows are what, in one line that can be compared. */
export const tally = async (client: Client) => {
  const { rows } = await client.query(`
    select (select count(*)::int from reservations where status = 'COMPLETED' and date < current_date - interval '1 year') as old,
           (select count(*)::int from reservations where status = 'COMPLETED' and date >= current_date - interval '1 year') as young,
           (select count(*)::int from reservations where status = 'CONFIRMED') as coming,
           (select count(*)::int from reservations where management_token is not null) as tokens,
           (select count(*)::int from payments) as payments,
           (select count(*)::int from payments p where not exists (select from reservations r where r.id = p.reservation_id)) as orphans`)
  const [row] = rows
  const count = (name: string) => Number(row?.[name])
  return {
    old: count('old'),
    young: count('young'),
    coming: count('coming'),
    tokens: count('tokens'),
    payments: count('payments'),
    orphans: count('orphans'),
  }
}

const { database, ceilings } = cleanupSetting
if (!database) throw new Error('config/cleanup.ts cleans no database')

/** What is set for the cleanup of a database alone, with other numbers where a test needs them. */
export const databaseAlone = (more: Partial<DatabaseCleanup> = {}, other = ceilings): CleanupSetting => ({
  database: { ...database, ...more },
  ceilings: other,
})
export const databaseSetting: DatabaseCleanup = database
