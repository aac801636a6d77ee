import { describe, expect, test } from 'vitest'
import { type Column, indexPages, tablePages } from '../../../exporters/postgres/pages.ts'

const column = (width: number, more: Partial<Column> = {}): Column => {
  return { width, align: width, varies: false, nulls: 0, ...more }
}
const of = (columns: readonly Column[], rows: number, fillfactor = 100) => ({ rows, columns, fillfactor, block: 8192 })
const int8 = column(8)
const int4 = column(4)
const text = (width: number) => column(width, { align: 4, varies: true })

/** Pages of 100,000 rows, as VACUUM FULL left them in PostgreSQL 17. */
describe('a table of 100000 rows', () => {
  test.each([
    ['a bigint', [int8], 100, 443],
    ['an integer takes as much', [int4], 100, 443],
    ['two integers fill one place', [int4, int4], 100, 443],
    ['an integer and a bigint need padding', [int4, int8], 100, 541],
    ['a fillfactor of 50', [int8], 50, 885],
  ] as const)('%s', (_words, columns, fillfactor, pages) => {
    expect(Math.abs(tablePages(of(columns, 100_000, fillfactor)) - pages)).toBeLessThanOrEqual(1)
  })
})

test('a column that is always null costs its bit and no more', () => {
  expect(tablePages(of([int8, column(8, { nulls: 1 })], 100_000))).toBe(tablePages(of([int8], 100_000)))
})

test('a short text begins anywhere, and a long one where its type begins', () => {
  const flag = column(1)
  const pages = (width: number) =>
    [
      [flag, text(width)],
      [text(width), flag],
    ].map((one) => tablePages(of(one, 1_000_000)))
  const [before = 0, after = 0] = pages(100)
  expect(before).toBe(after)
  const [padded = 0, tight = 0] = pages(300)
  expect(padded).toBeGreaterThan(tight)
})

test('more rows, wider rows and emptier pages never take fewer pages', () => {
  const pages = [10, 20, 50, 126, 127, 200, 500].map((width) => tablePages(of([int8, text(width)], 10_000)))
  expect(pages).toEqual(pages.toSorted((a, b) => a - b))
  const filled = [100, 90, 70, 50, 10].map((fillfactor) => indexPages(of([int8], 10_000, fillfactor)))
  expect(filled).toEqual(filled.toSorted((a, b) => a - b))
})

/** Pages as REINDEX left them in PostgreSQL 17. */
describe('a B-tree of 100000 entries', () => {
  test.each([
    ['all different', {}, 276],
    ['of 10 values', { distinct: 10 }, 87],
    ['of one', { distinct: 1 }, 87],
  ] as const)('%s', (_words, more, pages) => {
    const found = indexPages({ ...of([int8], 100_000, 90), ...more })
    expect(Math.abs(found - pages) / pages).toBeLessThan(0.06)
  })

  test('of which half are null', () => {
    const half = indexPages({ ...of([column(8, { nulls: 0.5 })], 100_000, 90), distinct: 50_000 })
    const parts = indexPages(of([int8], 50_000, 90)) + indexPages({ ...of([int8], 50_000, 90), distinct: 1 })
    expect(Math.abs(half - parts)).toBeLessThan(5)
  })
})

test('what holds nothing needs no table page, and of an index the one that describes it', () => {
  expect(tablePages(of([int8], 0))).toBe(0)
  expect(indexPages(of([int8], 0))).toBe(1)
  expect(indexPages(of([int8], 1, 90))).toBe(2)
})
