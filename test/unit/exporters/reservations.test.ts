import { describe, expect, test } from 'vitest'
import { meanings, type ReservationTable, reservationTable } from '../../../config/reservations.ts'
import { openBook } from '../../../exporters/reservations/book.ts'
import { reservationsCollectors } from '../../../exporters/reservations/index.ts'
import { reservationOutcomes } from '../../../exporters/service/reservations.ts'

const least: ReservationTable = {
  table: { name: 'bookings' },
  columns: { status: 'state', date: 'at' },
  statuses: { pending: [], confirmed: ['1', '2'], cancelled: ['3'], completed: ["it's \\ over"], noShow: [] },
}

describe('a description of reservations', () => {
  const faulty: readonly (readonly [fault: string, given: Partial<ReservationTable>])[] = [
    [
      "table.name is \"booking.bookings\": write schema: 'booking', name: 'bookings'",
      { table: { name: 'booking.bookings' } },
    ],
    ['table.name is empty: write a name', { table: { name: '' } }],
    [
      'table.schema is "Bookings": write it without the quotes, they are added',
      { table: { schema: '"Bookings"', name: 'a' } },
    ],
    ['columns.status is "state ": take out the space around it', { columns: { status: 'state ', date: 'at' } }],
    ['columns.date is 64 bytes long: PostgreSQL keeps 63', { columns: { status: 's', date: 'x'.repeat(64) } }],
    ['columns.partySize is empty', { columns: { ...least.columns, partySize: '' } }],
    ['columns.created is no name that PostgreSQL can hold', { columns: { ...least.columns, created: 'a\0' } }],
    ['tokens.expires is empty', { tokens: { token: 'a', expires: '' } }],
    [
      'statuses.cancelled has "1", as statuses.confirmed has: give each value one meaning',
      { statuses: { ...least.statuses, cancelled: ['1'] } },
    ],
    ['statuses.noShow is no text that PostgreSQL can hold', { statuses: { ...least.statuses, noShow: ['\0'] } }],
    [
      "payments.table.name is \"a.b\": write schema: 'a', name: 'b'",
      {
        payments: {
          table: { name: 'a.b' },
          columns: { status: 's', created: 'c' },
          outcomes: { succeeded: [], declined: [], failed: [] },
        },
      },
    ],
    [
      'payments.outcomes.failed has "x", as payments.outcomes.declined has',
      {
        payments: {
          table: { name: 'p' },
          columns: { status: 's', created: 'c' },
          outcomes: { succeeded: [], declined: ['x'], failed: ['x'] },
        },
      },
    ],
  ]
  test.each(faulty)('is refused before anything is read: %s', (fault, given) => {
    expect(() => reservationsCollectors({ table: { ...least, ...given } })).toThrow(
      `config/reservations.ts has faults:\n  ${fault}`,
    )
  })

  test('is told of all its faults at once', () => {
    const table = { ...least, table: { name: '' }, columns: { status: '', date: '' } }
    expect(() => openBook(table)).toThrow(
      ['columns.status', 'columns.date', 'table.name'].map((key) => `\n  ${key} is empty: write a name`).join(''),
    )
  })

  test('is quoted for SQL', () => {
    const { book, payments } = openBook({
      ...least,
      table: { schema: 'My "own"', name: 'order' },
      columns: { status: 'State', date: 'at', partySize: 'how many' },
    })
    expect(book.relation.sql).toBe('"My ""own"""."order"')
    expect([book.status, book.date, book.partySize, book.created]).toEqual(['"State"', '"at"', '"how many"', undefined])
    expect(book.relation.columns).toEqual(['"State"', '"at"', '"how many"'])
    expect(payments).toBeUndefined()
  })

  test('says by which values a state is known', () => {
    const { states } = openBook(least).book
    expect(states.is('confirmed')).toBe(`"state" in ('1', '2')`)
    expect(states.is('completed', 'cancelled')).toBe(`"state" in ('3',  E'it''s \\\\ over')`)
    expect(states.is('pending', 'noShow')).toBe('false')
    expect(states.is()).toBe(`"state" in ('1', '2', '3',  E'it''s \\\\ over')`)
  })

  test('gives each row the label of its state, and those without one a label together', () => {
    const { states } = openBook(least).book
    const rows = [
      ['1', 1],
      ['2', 2],
      ["it's \\ over", 4],
      ['9', 8],
      ['', 16],
    ] as const
    const counted = rows.map(([value, count]) => ({ value, count }))
    expect(states.tally(counted, ({ count }) => count)).toEqual([
      ['CONFIRMED', 3],
      ['CANCELLED', 0],
      ['COMPLETED', 4],
      ['OTHER', 24],
    ])
  })
})

describe("the handbook's reservations", () => {
  test('have the labels that rules and dashboards ask for', () => {
    expect(Object.values(openBook(reservationTable).book.states.labels)).toEqual(
      Object.values(reservationTable.statuses).flat(),
    )
  })

  test('become what the service counts, where an attempt leaves one', () => {
    const known: readonly string[] = meanings
    expect(reservationOutcomes.filter((outcome) => !known.includes(outcome))).toEqual(['rejected', 'failed'])
  })
})
