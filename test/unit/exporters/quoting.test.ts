import { describe, expect, test } from 'vitest'
import { identifier, literal } from '../../../exporters/postgres/quoting.ts'

describe('a value in SQL', () => {
  const cases = [
    ['PENDING', "'PENDING'"],
    ['', "''"],
    ["it's", "'it''s'"],
    ["'; drop table reservations; --", "'''; drop table reservations; --'"],
    ['$1', "'$1'"],
    ['C:\\temp', " E'C:\\\\temp'"],
    ["\\'", " E'\\\\'''"],
    ['annulée ✓ 🍽', "'annulée ✓ 🍽'"],
    ['two\nlines', "'two\nlines'"],
  ] as const
  test.each(cases)('%j is written %s', (text, sql) => {
    expect(literal(text)).toBe(sql)
  })

  test.each(['a\0b', '\ud83c', 'x\udf7dy'])('%j is refused', (text) => {
    expect(() => literal(text)).toThrow('take out NUL and broken characters')
  })
})

describe('a name in SQL', () => {
  const longest = 'é'.repeat(31)
  const cases = [
    ['reservations', '"reservations"'],
    ['Weird Name', '"Weird Name"'],
    ['order', '"order"'],
    ['say "hi"', '"say ""hi"""'],
    ['back\\slash', '"back\\slash"'],
    ['réservations', '"réservations"'],
    [`${longest}x`, `"${longest}x"`],
  ] as const
  test.each(cases)('%j is written %s', (name, sql) => {
    expect(identifier(name)).toBe(sql)
  })

  const refused = [
    ['', 'is empty'],
    ['a\0b', 'take out NUL'],
    ['\ud83c', 'take out NUL'],
    [`${longest}xy`, 'is 64 bytes long: PostgreSQL keeps 63'],
  ] as const
  test.each(refused)('%j is refused', (name, reason) => {
    expect(() => identifier(name)).toThrow(reason)
  })
})
