import { beforeAll, describe, expect, test } from 'vitest'
import { type ReservationTable, reservationTable } from '../../config/reservations.ts'
import { demoDatabase, demoLogins, urlFor } from '../../demo/setup.ts'
import type { Source } from '../../exporters/collector.ts'
import type { Postgres } from '../../exporters/postgres/source.ts'
import { reservationsCollectors } from '../../exporters/reservations/index.ts'
import { counted, everyCollector, read, reservationsStand } from './reservations-stand.ts'

const stand = reservationsStand()

/** A view over a table of another shape: an enum, capitals, days, times without a zone, and no tokens or payments. */
const lodge: ReservationTable = {
  table: { schema: 'Lodge', name: 'Open Bookings' },
  columns: { status: 'State', date: 'Day', partySize: 'Guests', created: 'Inserted "At"' },
  statuses: {
    pending: ['asked'],
    confirmed: ['fixed', "guest's here"],
    cancelled: ['off'],
    completed: ['gone'],
    noShow: [],
  },
}
/** The least there is, with the states as numbers. */
const diner: ReservationTable = {
  table: { schema: 'diner', name: 'bookings' },
  columns: { status: 'state', date: 'starts_at' },
  statuses: { pending: ['0'], confirmed: ['1'], cancelled: ['2'], completed: ['3'], noShow: ['-1'] },
}

describe("another team's table", () => {
  let source: Source<Postgres>
  beforeAll(async () => {
    source = stand.open(stand.exporterUrl)
    await stand.admin.query(`
      create schema "Lodge";
      create type "Lodge".state as enum ('asked', 'fixed', 'guest''s here', 'off', 'gone', 'lost \\');
      create table "Lodge".visits ("State" "Lodge".state, "Day" date, "Guests" smallint, "Inserted ""At""" timestamp, who text);
      insert into "Lodge".visits values
        ('asked', current_date + 1, 9, localtimestamp), ('fixed', current_date + 1, 2, localtimestamp),
        ('guest''s here', current_date, 3, localtimestamp - interval '3 days'), ('lost \\', current_date - 2, 1, 'yesterday'),
        ('gone', current_date - 2, 1, localtimestamp - interval '9 days'), ('fixed', current_date - 1, 1, 'yesterday');
      create view "Lodge"."Open Bookings" as select "State", "Day", "Guests", "Inserted ""At""" from "Lodge".visits;
      create schema diner;
      create table diner.bookings (state smallint, starts_at timestamptz);
      insert into diner.bookings values (1, now() + interval '1 day'), (-1, now() - interval '2 days'), (7, now()), (null, now());
      grant usage on schema "Lodge", diner to ${demoLogins.exporter};
      grant select on "Lodge"."Open Bookings", diner.bookings to ${demoLogins.exporter}`)
  })
  const namesIn = (table: ReservationTable) => reservationsCollectors({ table }).map(({ name }) => name)

  test('has the collectors that its description allows', () => {
    const collectors = ['statuses', 'bookings', 'covers', 'funnel', 'lead_time', 'sittings', 'cleanup', 'survey']
    expect(namesIn(lodge)).toEqual(collectors)
    expect(namesIn(diner)).toEqual(['statuses', 'sittings', 'cleanup', 'survey'])
  })

  const found = [
    [
      'statuses',
      lodge,
      [
        '{status="PENDING"} 1',
        '{status="CONFIRMED"} 3',
        '{status="COMPLETED"} 1',
        '{status="OTHER"} 1',
        '_overdue{status="CONFIRMED"} 1',
      ],
    ],
    ['bookings', lodge, ['_created{period="1h"} 2', '_created{period="24h"} 2']],
    [
      'covers',
      lodge,
      [
        '_covers_ahead{period="today"} 3',
        '_covers_ahead{period="7d"} 5',
        '_covers_ahead{period="30d"} 5',
        '_covers_by_day{days_ahead="0"} 3',
        '_covers_by_day{days_ahead="1"} 2',
      ],
    ],
    [
      'sittings',
      lodge,
      [
        '_past{period="7d",status="CONFIRMED"} 1',
        '_past{period="7d",status="COMPLETED"} 1',
        '_past{period="30d",status="CONFIRMED"} 1',
        '_past{period="30d",status="COMPLETED"} 1',
      ],
    ],
    ['statuses', diner, ['{status="CONFIRMED"} 1', '{status="NO_SHOW"} 1', '{status="OTHER"} 2']],
    ['sittings', diner, ['_past{period="7d",status="NO_SHOW"} 1', '_past{period="30d",status="NO_SHOW"} 1']],
  ] as const
  test.each(found)('is read by %s', async (name, table, expected) => {
    expect(counted(await read(name, source, table))).toEqual(expected.map((line) => `reservations${line}`))
  })

  test('is asked nothing about states it does not have', async () => {
    expect((await read('statuses', source, lodge)).join()).not.toContain('NO_SHOW')
  })

  test('is found in the search path where no schema is named', async () => {
    const client = urlFor(stand.adminUrl, {})
    const table = { ...diner, table: { name: 'bookings' } }
    const asked = stand.open(`${client}?options=-c%20search_path%3Ddiner`)
    expect(counted(await read('statuses', asked, table))).toHaveLength(3)
  })
})

describe('what is lacking is said with what mends it', () => {
  const failing = async (name: string, source: Source<Postgres>, table?: ReservationTable) =>
    String(await read(name, source, table).catch((error: unknown) => error))
  const onReservations = everyCollector.filter((name) => name !== 'payments')

  test('a table', async () => {
    const source = stand.open(stand.adminUrl)
    for (const name of onReservations) {
      expect(await failing(name, source)).toContain(
        'table "public"."reservations" is not in database postgres: name the service\'s database in the URL, or correct ' +
          'table in config/reservations.ts',
      )
    }
    expect(await failing('payments', source)).toContain(
      'table "public"."payments" is not in database postgres: name the service\'s database in the URL, or correct ' +
        'payments.table (or leave out payments) in config/reservations.ts',
    )
    expect(await failing('statuses', source, { ...reservationTable, table: { name: 'reservations' } })).toContain(
      'table "reservations" is not in database postgres, or in no schema that "postgres" searches: name the service\'s ' +
        'database in the URL, or the schema it is in (table in config/reservations.ts)',
    )
  })

  test('a column, and the other collectors still read', async () => {
    const source = stand.open(stand.exporterUrl)
    await stand.admin.query('alter table reservations rename column cancelled_at to given_back_at')
    try {
      const failure = await failing('bookings', source)
      expect(failure).toContain(
        `column "cancelled_at" does not exist in table "public"."reservations" of database ${demoDatabase}: run the ` +
          `service's migrations, or correct columns and tokens in config/reservations.ts (read are "status", "date", `,
      )
      for (const name of everyCollector.filter((name) => name !== 'bookings')) await read(name, source)
    } finally {
      await stand.admin.query('alter table reservations rename column given_back_at to cancelled_at')
    }
  })

  test('a value of an enum, and a column of another type', async () => {
    const source = stand.open(stand.exporterUrl)
    const misspelt = { ...lodge, statuses: { ...lodge.statuses, completed: ['Gone'] } }
    expect(await failing('sittings', source, misspelt)).toContain(
      'invalid input value for enum "Lodge".state: "Gone" in table "Lodge"."Open Bookings" of database techplus: correct ' +
        'statuses in config/reservations.ts',
    )
    const dated = { ...lodge, columns: { ...lodge.columns, date: 'State' } }
    expect(await failing('statuses', source, dated)).toContain(
      'times must be kept as such and guests as numbers; correct columns in config/reservations.ts, or name a view',
    )
  })

  test('a right, and the statement named grants it', async () => {
    await stand.admin.query(
      `create role stranger login password 'a-password'; grant connect on database ${demoDatabase} to stranger`,
    )
    const source = stand.open(urlFor(stand.adminUrl, { login: 'stranger', password: 'a-password' }))
    const granting = async (table: ReservationTable, name: string) => {
      const [, statement = ''] = /: run (GRANT .*) in techplus \(/.exec(await failing(name, source, table)) ?? []
      await stand.admin.query(statement)
      return statement
    }
    expect(await granting(reservationTable, 'statuses')).toBe('GRANT SELECT ON "public"."reservations" TO "stranger"')
    for (const name of onReservations) await read(name, source)
    expect(await granting(reservationTable, 'payments')).toBe('GRANT SELECT ON "public"."payments" TO "stranger"')
    await read('payments', source)
    expect(await granting(lodge, 'statuses')).toBe(
      'GRANT USAGE ON SCHEMA "Lodge" TO "stranger"; GRANT SELECT ON "Lodge"."Open Bookings" TO "stranger"',
    )
    await read('statuses', source, lodge)
  })

  test('time', async () => {
    const source = stand.open(stand.exporterUrl, { statementTimeout: 1 })
    await stand.admin.query(`
      create view slow as select 'PENDING' as status, now() as date from pg_sleep(1);
      grant select on slow to ${demoLogins.exporter}`)
    const table = {
      ...reservationTable,
      table: { name: 'slow' },
      columns: { status: 'status', date: 'date', created: 'date' },
    }
    expect(await failing('bookings', source, table)).toContain(
      'table "slow" of database techplus takes too long to read: docs/administration.md lists the indexes it needs',
    )
  })
})
