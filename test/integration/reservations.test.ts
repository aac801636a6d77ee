import { Client } from 'pg'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Source } from '../../exporters/collector.ts'
import { type Postgres, postgres } from '../../exporters/postgres/source.ts'
import { processRegistry } from '../../exporters/registry.ts'
import { reservationsCollectors, reservationsVitals } from '../../exporters/reservations/index.ts'
import { exporterServer } from '../../exporters/server.ts'
import { account, counted, everyCollector, read, reservationsStand } from './reservations-stand.ts'

const stand = reservationsStand()

describe('the reservations of a database', () => {
  let source: Source<Postgres>
  beforeAll(async () => {
    source = stand.open(stand.exporterUrl)
    // Other services' tables have other rules.
    await stand.admin.query('alter table reservations drop constraint reservations_status_check')
    await stand.admin.query('alter table reservations drop constraint reservations_party_size_check')
    await stand.admin.query('alter table payments drop constraint payments_status_check')
  })
  beforeEach(async () => {
    await stand.admin.query('truncate reservations cascade')
  })

  /** `at` and the ages are SQL; the table's number keeps two parties off the same table. */
  const reserve = async (
    status: string,
    at: string,
    { guests = 2, created = "now() - interval '8 days'", cancelled = 'null', token = 'null', expires = 'null' } = {},
  ) => {
    const { rows } = await stand.admin.query<{ id: string }>(`
      insert into reservations
        (user_id, table_id, date, party_size, status, created_at, cancelled_at, management_token, token_expires_at)
      select 1, 1 + (select count(*) from reservations), ${at}, ${guests}, '${status}', ${created}, ${cancelled}, ${token},
             ${expires} returning id`)
    return rows[0]?.id ?? ''
  }
  const ago = (minutes: number) => `now() - interval '${minutes} minutes'`
  const day = 24 * 60

  test('are zeros, not missing, where there are none', async () => {
    const found = (await Promise.all(everyCollector.map((name) => read(name, source)))).flat()
    expect(counted(found)).toEqual([])
    const states = ['PENDING', 'CONFIRMED', 'CANCELLED', 'COMPLETED', 'NO_SHOW']
    const periods = (name: string, ...given: readonly string[]) => given.map((one) => `${name}{period="${one}"} 0`)
    const by = (name: string, period: string, label: string, values: readonly string[]) =>
      values.map((value) => `${name}{period="${period}",${label}="${value}"} 0`)
    expect(found).toEqual([
      ...states.map((status) => `reservations{status="${status}"} 0`),
      'reservations_overdue{status="PENDING"} 0',
      'reservations_overdue{status="CONFIRMED"} 0',
      ...periods('reservations_created', '1h', '24h'),
      ...periods('reservations_cancelled', '1h', '24h'),
      ...periods('reservations_covers_ahead', 'today', '7d', '30d'),
      ...Array.from({ length: 14 }, (_, ahead) => `reservations_covers_by_day{days_ahead="${ahead}"} 0`),
      ...by('reservations_funnel', '24h', 'status', states),
      ...by('reservations_funnel', '7d', 'status', states),
      ...by('reservations_past', '7d', 'status', states),
      ...by('reservations_past', '30d', 'status', states),
      'reservations_cleanup_due{reason="completed"} 0',
      'reservation_tokens_expired 0',
      'reservation_tokens_active 0',
      'reservation_tokens_expiring 0',
      'reservations_cleanup_due{reason="token"} 0',
      ...by('reservation_payments', '1h', 'outcome', ['succeeded', 'declined', 'failed']),
      ...by('reservation_payments', '24h', 'outcome', ['succeeded', 'declined', 'failed']),
      'reservation_payments_failing 0',
    ])
  })

  test('are counted by status, those of an unknown one together, and those that nobody closed', async () => {
    const rows = ['PENDING', 'CONFIRMED', 'CONFIRMED', 'NO_SHOW', 'SEATED', 'WALK_IN']
    for (const status of rows) await reserve(status, 'current_date')
    for (const status of ['PENDING', 'CONFIRMED', 'COMPLETED', 'SEATED']) {
      await reserve(status, "current_date - interval '1 second'")
    }
    expect(await read('statuses', source)).toEqual([
      'reservations{status="PENDING"} 2',
      'reservations{status="CONFIRMED"} 3',
      'reservations{status="CANCELLED"} 0',
      'reservations{status="COMPLETED"} 1',
      'reservations{status="NO_SHOW"} 1',
      'reservations{status="OTHER"} 3',
      'reservations_overdue{status="PENDING"} 1',
      'reservations_overdue{status="CONFIRMED"} 1',
    ])
  })

  test('are counted as they were made and cancelled lately', async () => {
    await reserve('CONFIRMED', 'now()', { created: ago(59) })
    await reserve('CANCELLED', 'now()', { created: ago(61), cancelled: ago(59) })
    await reserve('CANCELLED', 'now()', { created: ago(day - 1), cancelled: ago(61) })
    await reserve('CANCELLED', 'now()', { created: ago(day + 1), cancelled: ago(day + 1) })
    expect(await read('bookings', source)).toEqual([
      'reservations_created{period="1h"} 1',
      'reservations_created{period="24h"} 3',
      'reservations_cancelled{period="1h"} 1',
      'reservations_cancelled{period="24h"} 2',
    ])
  })

  const expectCovers = async () => {
    for (const [guests, at] of [
      [100, "current_date - interval '1 second'"],
      [1, 'current_date'],
      [2, "current_date + interval '23 hours'"],
      [4, 'current_date + 1'],
      [8, 'current_date + 7'],
      [16, 'current_date + 13'],
      [32, 'current_date + 14'],
      [64, 'current_date + 29'],
      [100, 'current_date + 30'],
    ] as const) {
      await reserve('CONFIRMED', at, { guests })
    }
    for (const status of ['PENDING', 'CANCELLED']) await reserve(status, 'current_date + 1', { guests: 100 })
    const found = await read('covers', source)
    expect(counted(found)).toEqual([
      'reservations_covers_ahead{period="today"} 3',
      'reservations_covers_ahead{period="7d"} 7',
      'reservations_covers_ahead{period="30d"} 127',
      'reservations_covers_by_day{days_ahead="0"} 3',
      'reservations_covers_by_day{days_ahead="1"} 4',
      'reservations_covers_by_day{days_ahead="7"} 8',
      'reservations_covers_by_day{days_ahead="13"} 16',
    ])
  }
  test('are counted in guests, for the days ahead', expectCovers)

  const expectLeadTimes = async () => {
    const hours = (ahead: number) => `now() + interval '${ahead} hours'`
    for (const ahead of [24, 48, 72]) await reserve('CONFIRMED', hours(ahead - 1), { created: ago(60) })
    await reserve('CANCELLED', hours(0), { created: ago(6 * day) })
    await reserve('CONFIRMED', hours(900), { created: ago(8 * day) })
    return read('lead_time', source)
  }
  test('tell how long ahead they were made', async () => {
    expect(await read('lead_time', source)).toEqual([])
    expect((await expectLeadTimes()).toSorted()).toEqual([
      `reservations_lead_time_seconds{period="24h",percentile="50"} ${48 * 3600}`,
      `reservations_lead_time_seconds{period="24h",percentile="90"} ${(48 + 0.8 * 24) * 3600}`,
      `reservations_lead_time_seconds{period="7d",percentile="50"} ${60 * 3600}`,
      `reservations_lead_time_seconds{period="7d",percentile="90"} ${(72 + 0.7 * 72) * 3600}`,
    ])
  })

  test('are read where the column holds a day and no time', async () => {
    await stand.admin.query('alter table reservations alter column date type date')
    try {
      await expectCovers()
      await stand.admin.query('truncate reservations cascade')
      expect(await expectLeadTimes()).toHaveLength(4)
      for (const name of everyCollector) await read(name, source)
      await stand.admin.query('alter table reservations alter column created_at type date')
      await read('lead_time', source)
    } finally {
      await stand.admin.query('alter table reservations alter column created_at type timestamptz')
      await stand.admin.query('alter table reservations alter column date type timestamptz')
    }
  })

  test('that were made lately are counted by what has become of them', async () => {
    await reserve('CONFIRMED', 'now()', { created: ago(1) })
    await reserve('CANCELLED', 'now()', { created: ago(day + 1) })
    await reserve('SEATED', 'now()', { created: ago(6 * day) })
    await reserve('CONFIRMED', 'now()', { created: ago(7 * day - 1) })
    await reserve('CONFIRMED', 'now()', { created: ago(7 * day + 1) })
    expect(counted(await read('funnel', source))).toEqual([
      'reservations_funnel{period="24h",status="CONFIRMED"} 1',
      'reservations_funnel{period="7d",status="CONFIRMED"} 2',
      'reservations_funnel{period="7d",status="CANCELLED"} 1',
      'reservations_funnel{period="7d",status="OTHER"} 1',
    ])
  })

  test('of the last days are counted by how they went, without today', async () => {
    const ends = [
      ['COMPLETED', 'current_date'],
      ['NO_SHOW', "current_date - interval '1 second'"],
      ['COMPLETED', 'current_date - 7'],
      ['CANCELLED', 'current_date - 8'],
      ['NO_SHOW', 'current_date - 30'],
      ['NO_SHOW', 'current_date - 31'],
      ['SEATED', 'current_date - 1'],
    ] as const
    for (const [status, at] of ends) await reserve(status, at)
    expect(counted(await read('sittings', source))).toEqual([
      'reservations_past{period="7d",status="COMPLETED"} 1',
      'reservations_past{period="7d",status="NO_SHOW"} 1',
      'reservations_past{period="30d",status="CANCELLED"} 1',
      'reservations_past{period="30d",status="COMPLETED"} 1',
      'reservations_past{period="30d",status="NO_SHOW"} 2',
    ])
  })

  test('are due for the cleanup when the handbook says so, and their tokens are counted', async () => {
    const past = ago(1)
    await reserve('COMPLETED', "current_date - interval '1 year' - interval '1 day'")
    await reserve('COMPLETED', "current_date - interval '1 year' + interval '1 day'")
    await reserve('CANCELLED', "current_date - interval '2 years'")
    await reserve('COMPLETED', past, { token: "'a'", expires: past })
    await reserve('CONFIRMED', past, { token: "'b'", expires: past })
    await reserve('CONFIRMED', 'current_date + 1', { token: "'c'", expires: ago(-1) })
    await reserve('CONFIRMED', 'current_date + 1', { token: "'d'", expires: ago(-day - 1) })
    await reserve('CONFIRMED', 'current_date + 1', { token: "'e'" })
    await reserve('CANCELLED', past, { token: 'null', expires: past })
    expect([...(await read('cleanup', source)), ...(await read('tokens', source))]).toEqual([
      'reservations_cleanup_due{reason="completed"} 1',
      'reservation_tokens_expired 2',
      'reservation_tokens_active 3',
      'reservation_tokens_expiring 1',
      'reservations_cleanup_due{reason="token"} 2',
    ])
  })

  test('are told of by what became of their payments', async () => {
    const days = [0, 1, 2].map((day) => `current_date + ${day}`)
    const [first, second, third] = await Promise.all(days.map((day) => reserve('CONFIRMED', day)))
    const attempts = [
      [first, 'declined', 58],
      [first, 'succeeded', 57],
      [second, 'succeeded', 90],
      [second, 'failed', 80],
      [second, 'refunded', day + 1],
      [first, 'refunded', day - 1],
      [third, 'declined', 70],
    ] as const
    for (const [reservation, status, minutes] of attempts) {
      await stand.admin.query(`insert into payments (reservation_id, amount_cents, status, created_at)
                         values ('${reservation}', 1, '${status}', ${ago(minutes)})`)
    }
    expect(counted(await read('payments', source))).toEqual([
      'reservation_payments{period="1h",outcome="succeeded"} 1',
      'reservation_payments{period="1h",outcome="declined"} 1',
      'reservation_payments{period="24h",outcome="succeeded"} 2',
      'reservation_payments{period="24h",outcome="declined"} 2',
      'reservation_payments{period="24h",outcome="failed"} 1',
      'reservation_payments{period="24h",outcome="other"} 1',
      'reservation_payments_failing 2',
    ])
  })

  test('are found by an index, whichever collector reads them', async () => {
    await stand.admin.query('set enable_seqscan = off')
    try {
      for (const name of everyCollector) {
        const asked = await questionsOf(name)
        expect(asked.length).toBeGreaterThan(0)
        for (const sql of asked) {
          const { rows } = await stand.admin.query<{ 'QUERY PLAN': string }>(`explain ${sql}`)
          const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
          // Where all are counted, all of an index is read.
          const all = ['statuses', 'tokens'].includes(name)
          const led = all ? /reservations_(?:status_date|token_expires_at)/ : /Index Cond/
          expect({ name, plan }).toEqual({ name, plan: expect.stringMatching(led) })
          expect({ name, plan }).toEqual({ name, plan: expect.not.stringMatching(/Seq Scan/) })
        }
      }
    } finally {
      // On few rows the server would rather read them all: it was asked not to where it has a choice.
      await stand.admin.query('reset enable_seqscan')
    }
  })
  const questionsOf = async (name: string) => {
    const asked: string[] = []
    await source.ready(new AbortController().signal, 5_000)
    const reader = source.reader(account)
    const noting: Postgres = {
      ...reader,
      rows: (sql) => {
        asked.push(sql)
        return reader.rows(sql)
      },
      apart: (_database, work) => work(noting),
    }
    const collector = reservationsCollectors().find((one) => one.name === name)
    await collector?.collect(noting, new AbortController().signal)
    return asked
  }
})

describe("the demo's login for the exporter", () => {
  const cases = [
    ['read who a guest is', 'select email from users'],
    ['read who has reserved', 'select user_id from reservations'],
    ['read what was paid', 'select amount_cents from payments'],
    ['change a reservation, even when it asks for it', 'delete from reservations'],
    ['make a table', 'create table mine (id int)'],
  ] as const
  test.each(cases)('may not %s', async (_words, sql) => {
    const client = new Client(stand.exporterUrl)
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
        source: postgres(stand.exporterUrl),
        collectors: reservationsCollectors(),
        vitals: reservationsVitals,
      },
    ],
    registry: processRegistry(),
    log: false,
  })
  await stand.admin.query('revoke select (party_size) on reservations from techplus_exporter')
  try {
    const { body } = await app.inject('/metrics/reservations/main')
    expect(body).toContain('reservations_up 1\n')
    expect(body).toContain('reservations_scrape_collector_success{collector="covers"} 0\n')
    for (const name of everyCollector.filter((name) => name !== 'covers')) {
      expect(body).toContain(`reservations_scrape_collector_success{collector="${name}"} 1\n`)
    }
    expect(body).toContain('reservations{status="CONFIRMED"}')
    expect(body).not.toContain('reservations_covers_ahead{')
  } finally {
    await stand.admin.query('grant select (party_size) on reservations to techplus_exporter')
    await app.close()
  }
})
