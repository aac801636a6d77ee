import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { demoDatabase, demoLogins, setupDemo, urlFor } from '../../demo/setup.ts'
import { processRegistry } from '../../exporters/exposition.ts'
import { type Postgres, postgres } from '../../exporters/postgres/source.ts'
import { bookings } from '../../exporters/reservations/bookings.ts'
import { cleanup } from '../../exporters/reservations/cleanup.ts'
import { covers } from '../../exporters/reservations/covers.ts'
import { reservationsCollectors, reservationsVitals } from '../../exporters/reservations/index.ts'
import { statuses } from '../../exporters/reservations/statuses.ts'
import { exporterServer } from '../../exporters/server.ts'
import { workshop } from './servers.ts'

const shop = workshop()
const passwords = { api: 'an-api-password', exporter: 'an-exporter-password' }
const opened: Postgres[] = []
let adminUrl: string
let admin: Client

beforeAll(async () => {
  adminUrl = (await shop.postgres()).url
  await setupDemo({ adminUrl, passwords })
  admin = new Client(urlFor(adminUrl, {}))
  await admin.connect()
})
afterAll(async () => {
  await Promise.all(opened.map((source) => source.close()))
  await admin?.end()
  await shop.end()
})

const exporterUrl = () => urlFor(adminUrl, { login: demoLogins.exporter, password: passwords.exporter })
const open = async (url: string) => {
  const source = postgres(url)
  opened.push(source)
  await source.ready(AbortSignal.timeout(5_000), 5_000)
  return source
}

/** What a collector reads, each sample as `name{label=value} number`. */
const read = async (collector: (typeof all)[number], source: Postgres) => {
  const samples = await collector.collect(source, AbortSignal.timeout(5_000))
  return samples.map(({ metric, labels, value }) => {
    const pairs = Object.entries(labels).map(([name, text]) => `${name}=${text}`)
    return `${metric.name}{${pairs.join()}} ${value}`
  })
}
const all = reservationsCollectors()

describe('the reservations of a database', () => {
  let source: Postgres
  beforeAll(async () => {
    source = await open(exporterUrl())
    // Other services' tables have other rules.
    await admin.query('alter table reservations drop constraint reservations_status_check')
    await admin.query('alter table reservations drop constraint reservations_party_size_check')
  })
  beforeEach(async () => {
    await admin.query('truncate reservations cascade')
  })

  /** `at` and the ages are SQL; the table's number keeps two parties off the same table. */
  const reserve = async (
    status: string,
    at: string,
    { guests = 2, created = "now() - interval '3 days'", cancelled = 'null', token = 'null', expires = 'null' } = {},
  ) => {
    await admin.query(`
      insert into reservations
        (user_id, table_id, date, party_size, status, created_at, cancelled_at, management_token, token_expires_at)
      select 1, 1 + (select count(*) from reservations), ${at}, ${guests}, '${status}', ${created}, ${cancelled}, ${token},
             ${expires}`)
  }

  test('are zeros, not missing, where there are none', async () => {
    expect((await Promise.all(all.map((collector) => read(collector, source)))).flat()).toEqual([
      'reservations{status=PENDING} 0',
      'reservations{status=CONFIRMED} 0',
      'reservations{status=CANCELLED} 0',
      'reservations{status=COMPLETED} 0',
      'reservations{status=NO_SHOW} 0',
      'reservations_created{period=1h} 0',
      'reservations_cancelled{period=1h} 0',
      'reservations_created{period=24h} 0',
      'reservations_cancelled{period=24h} 0',
      'reservations_covers_ahead{period=today} 0',
      'reservations_covers_ahead{period=7d} 0',
      'reservations_covers_ahead{period=30d} 0',
      'reservation_tokens_expired{} 0',
      'reservations_cleanup_due{reason=completed} 0',
      'reservations_cleanup_due{reason=token} 0',
    ])
  })

  test('are counted by status, those of an unknown one together', async () => {
    const rows = ['PENDING', 'CONFIRMED', 'CONFIRMED', 'NO_SHOW', 'SEATED', 'WALK_IN']
    for (const status of rows) await reserve(status, 'current_date')
    expect(await read(statuses, source)).toEqual([
      'reservations{status=PENDING} 1',
      'reservations{status=CONFIRMED} 2',
      'reservations{status=CANCELLED} 0',
      'reservations{status=COMPLETED} 0',
      'reservations{status=NO_SHOW} 1',
      'reservations{status=OTHER} 2',
    ])
  })

  test('are counted as they were made and cancelled lately', async () => {
    const ago = (minutes: number) => `now() - interval '${minutes} minutes'`
    await reserve('CONFIRMED', 'now()', { created: ago(59) })
    await reserve('CANCELLED', 'now()', { created: ago(61), cancelled: ago(59) })
    await reserve('CANCELLED', 'now()', { created: ago(24 * 60 - 1), cancelled: ago(61) })
    await reserve('CANCELLED', 'now()', { created: ago(24 * 60 + 1), cancelled: ago(24 * 60 + 1) })
    expect(await read(bookings, source)).toEqual([
      'reservations_created{period=1h} 1',
      'reservations_cancelled{period=1h} 1',
      'reservations_created{period=24h} 3',
      'reservations_cancelled{period=24h} 2',
    ])
  })

  const expectCovers = async () => {
    for (const [guests, at] of [
      [100, "current_date - interval '1 second'"],
      [1, 'current_date'],
      [2, "current_date + interval '23 hours'"],
      [4, 'current_date + 1'],
      [8, 'current_date + 7'],
      [100, 'current_date + 30'],
    ] as const) {
      await reserve('CONFIRMED', at, { guests })
    }
    for (const status of ['PENDING', 'CANCELLED']) await reserve(status, 'current_date + 1', { guests: 100 })
    expect(await read(covers, source)).toEqual([
      'reservations_covers_ahead{period=today} 3',
      'reservations_covers_ahead{period=7d} 7',
      'reservations_covers_ahead{period=30d} 15',
    ])
  }
  test('are counted in guests, for the days ahead', expectCovers)

  test('are counted in guests where the column holds a day and no time', async () => {
    await admin.query('alter table reservations alter column date type date')
    try {
      await expectCovers()
    } finally {
      await admin.query('alter table reservations alter column date type timestamptz')
    }
  })

  test('are due for the cleanup when the handbook says so', async () => {
    const past = "now() - interval '1 minute'"
    await reserve('COMPLETED', "current_date - interval '1 year' - interval '1 day'")
    await reserve('COMPLETED', "current_date - interval '1 year' + interval '1 day'")
    await reserve('CANCELLED', "current_date - interval '2 years'")
    await reserve('COMPLETED', past, { token: "'a'", expires: past })
    await reserve('CONFIRMED', past, { token: "'b'", expires: past })
    await reserve('CONFIRMED', 'current_date + 1', { token: "'c'", expires: "now() + interval '1 minute'" })
    await reserve('CANCELLED', past, { token: 'null', expires: past })
    expect(await read(cleanup, source)).toEqual([
      'reservation_tokens_expired{} 2',
      'reservations_cleanup_due{reason=completed} 1',
      'reservations_cleanup_due{reason=token} 2',
    ])
  })
})

describe('what is lacking is said with what mends it', () => {
  test('a table', async () => {
    const source = await open(adminUrl)
    for (const collector of all) {
      await expect(read(collector, source)).rejects.toThrow(
        'table reservations is not in database postgres, or in no schema that "postgres" searches: name the service\'s ' +
          'database in the URL',
      )
    }
  })

  test('a column, and the other collectors still read', async () => {
    const source = await open(exporterUrl())
    await admin.query('alter table reservations rename column cancelled_at to given_back_at')
    try {
      await expect(read(bookings, source)).rejects.toThrow(
        `column "cancelled_at" does not exist in table reservations of database ${demoDatabase}: run the service's migrations`,
      )
      for (const collector of all.filter(({ name }) => name !== 'bookings')) await read(collector, source)
    } finally {
      await admin.query('alter table reservations rename column given_back_at to cancelled_at')
    }
  })

  test('a right, and the statement named grants it', async () => {
    await admin.query(
      `create role stranger login password 'a-password'; grant connect on database ${demoDatabase} to stranger`,
    )
    const source = await open(urlFor(adminUrl, { login: 'stranger', password: 'a-password' }))
    for (const collector of all) {
      const failure = await read(collector, source).catch((error: unknown) => error)
      expect(String(failure)).toContain('run GRANT SELECT ON reservations TO "stranger" in techplus')
    }
    await admin.query('GRANT SELECT ON reservations TO "stranger"')
    for (const collector of all) await read(collector, source)
  })
})

describe("the demo's login for the exporter", () => {
  const cases = [
    ['read who a guest is', 'select email from users'],
    ['read who has reserved', 'select user_id from reservations'],
    ['change a reservation, even when it asks for it', 'delete from reservations'],
    ['make a table', 'create table mine (id int)'],
  ] as const
  test.each(cases)('may not %s', async (_words, sql) => {
    const client = new Client(exporterUrl())
    await client.connect()
    try {
      await expect(client.query(sql)).rejects.toThrow(/permission denied|read-only transaction/)
      // Its transactions are read only, unless it says otherwise: the rights must be missing as well.
      await client.query('set default_transaction_read_only = off')
      await expect(client.query(sql)).rejects.toThrow(/permission denied/)
    } finally {
      await client.end()
    }
  })
})

test('a scrape shows which collector fails, and what the others read', async () => {
  const app = exporterServer({
    scraped: [
      {
        kind: 'reservations',
        name: 'main',
        source: postgres(exporterUrl()),
        collectors: all,
        vitals: reservationsVitals,
      },
    ],
    registry: processRegistry(),
    log: false,
  })
  await admin.query('revoke select (party_size) on reservations from techplus_exporter')
  try {
    const { body } = await app.inject('/metrics/reservations/main')
    expect(body).toContain('reservations_up 1\n')
    expect(body).toContain('reservations_scrape_collector_success{collector="covers"} 0\n')
    for (const { name } of all.filter((one) => one !== covers)) {
      expect(body).toContain(`reservations_scrape_collector_success{collector="${name}"} 1\n`)
    }
    expect(body).toContain('reservations{status="CONFIRMED"}')
    expect(body).not.toContain('reservations_covers_ahead{')
  } finally {
    await admin.query('grant select (party_size) on reservations to techplus_exporter')
    await app.close()
  }
})
