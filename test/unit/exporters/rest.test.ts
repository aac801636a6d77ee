import { describe, expect, test } from 'vitest'
import { type Portion, remainderAge, restOf } from '../../../exporters/postgres/rest.ts'

interface Relation {
  readonly oid: number
  scans: number
  readonly kind?: string
}

/** What PostgreSQL would answer: the conditions of a portion, read by hand. */
const answerTo = ({ shown, read, slice }: Portion, relations: readonly Relation[]) => {
  const list = /any\('\{(.*)\}'::oid\[\]\)/.exec(shown)?.[1]?.split(',') ?? []
  const from = Number(/c\.oid >= (\d+)/.exec(read)?.[1] ?? 0)
  const to = Number(/c\.oid < (\d+)/.exec(read)?.[1] ?? Number.POSITIVE_INFINITY)
  const bounds = (/'\{(.*)\}'::int8/.exec(slice)?.[1] ?? '').split(',').filter((one) => one !== '')
  const isShown = ({ oid }: Relation) => list.includes(String(oid))
  const isRead = (one: Relation) => read === 'true' || isShown(one) || (one.oid >= from && one.oid < to)
  const sliceOf = ({ oid }: Relation) => bounds.filter((bound) => oid >= Number(bound)).length
  const rest = new Map<string, { kind: string; slice: number; scans: number }>()
  for (const one of relations.filter((relation) => isRead(relation) && !isShown(relation))) {
    const key = `${one.kind} ${sliceOf(one)}`
    const sum = rest.get(key)?.scans ?? 0
    rest.set(key, { kind: one.kind ?? '', slice: sliceOf(one), scans: sum + one.scans })
  }
  return {
    columns: ['oid', 'kind', 'scans', 'slice'],
    rows: [
      ...relations
        .filter((one) => isRead(one) && isShown(one))
        .map(({ oid, kind = '', scans }) => [String(oid), kind, String(scans), null]),
      ...[...rest.values()].map(({ kind, slice: number, scans }) => [null, kind, String(scans), String(number)]),
    ],
    read: relations.filter(isRead).length,
  }
}

const relationsOf = (count: number) =>
  Array.from({ length: count }, (_, place): Relation => ({ oid: 100 + 7 * place, scans: place }))
/** As a survey tells of them: the later in the list, the smaller. */
const known = (relations: readonly Relation[]) => ({
  byOid: new Map(relations.toSorted((a, b) => a.oid - b.oid).map(({ oid }) => [String(oid), {}])),
  largest: relations.slice(0, 6).map(({ oid }) => String(oid)),
})
const sum = (rows: readonly (readonly unknown[])[]) => rows.reduce((total, row) => total + Number(row[2]), 0)
const total = (relations: readonly Relation[]) => relations.reduce((all, { scans }) => all + scans, 0)

describe('the rest', () => {
  const options = { collector: 'tables', limit: 3, slice: 10, sums: ['scans'] }

  test.each([0, 1, 3, 4, 13, 14, 50, 203])('of %i relations makes the sum right at the first scrape', (count) => {
    const relations = relationsOf(count)
    const portion = restOf(options)('shop', known(relations))
    expect(sum(portion.total(answerTo(portion, relations)).rows)).toBe(total(relations))
  })

  test('is read in turns, and is right again when each slice had its turn', () => {
    const relations = relationsOf(53)
    const rest = restOf(options)
    const scrape = () => {
      const portion = rest('shop', known(relations))
      const { read, ...found } = answerTo(portion, relations)
      return { read, sum: sum(portion.total(found).rows) }
    }
    expect(scrape().read).toBe(53)
    for (const one of relations) one.scans += 1_000
    const sums = Array.from({ length: 5 }, scrape)
    for (const { read } of sums) expect(read).toBeLessThanOrEqual(13)
    expect(sums.map((one) => one.sum)).toEqual(sums.map((one) => one.sum).toSorted((a, b) => a - b))
    expect(sums.at(-1)?.sum).toBe(total(relations))
  })

  test('of few relations is read whole at each scrape', () => {
    const relations = relationsOf(13)
    const rest = restOf(options)
    for (const added of [1, 10, 100]) {
      for (const one of relations) one.scans += added
      const portion = rest('shop', known(relations))
      expect(sum(portion.total(answerTo(portion, relations)).rows)).toBe(total(relations))
    }
  })

  test('is read anew when others are shown, so that none is in both and none in neither', () => {
    const relations = relationsOf(53)
    const rest = restOf(options)
    for (const order of [relations, relations.toReversed(), relations]) {
      const portion = rest('shop', known(order))
      expect(sum(portion.total(answerTo(portion, relations)).rows)).toBe(total(relations))
    }
  })

  test('has what was created since the survey, and loses what was dropped', () => {
    const relations = relationsOf(53)
    const surveyed = known(relations)
    const rest = restOf(options)
    const later = [...relations.slice(0, 40), { oid: 90_000, scans: 5 }]
    for (let n = 0; n < 6; n += 1) {
      const portion = rest('shop', surveyed)
      const found = portion.total(answerTo(portion, n === 0 ? relations : later))
      if (n === 5) expect(sum(found.rows)).toBe(total(later))
    }
  })

  test('is cut into more slices when a database has grown', () => {
    const rest = restOf(options)
    const small = relationsOf(13)
    rest('shop', known(small)).total(answerTo(rest('shop', known(small)), small))
    const large = relationsOf(203)
    const first = rest('shop', known(large))
    first.total(answerTo(first, large))
    expect(answerTo(rest('shop', known(large)), large).read).toBeLessThanOrEqual(13)
  })

  test('is one row for each group', () => {
    const relations = relationsOf(53).map((one, place) => ({ ...one, kind: place % 2 === 0 ? 'unique' : 'none' }))
    const portion = restOf({ ...options, group: 'kind' })('shop', known(relations))
    const found = portion.total(answerTo(portion, relations))
    const rest = found.rows.filter(([oid]) => oid === null)
    expect(rest.map(([, kind]) => kind).toSorted()).toEqual(['none', 'unique'])
    expect(sum(found.rows)).toBe(total(relations))
  })

  test('is kept apart by database, and tells its age', () => {
    const rest = restOf(options)
    const [one, other] = [relationsOf(53), relationsOf(30)]
    for (const [name, relations] of [
      ['shop', one],
      ['other', other],
    ] as const) {
      const portion = rest(name, known(relations))
      expect(sum(portion.total(answerTo(portion, relations)).rows)).toBe(total(relations))
      const [age] = portion.age(name)
      expect(age).toMatchObject({ metric: { name: remainderAge.name }, labels: { datname: name, collector: 'tables' } })
      expect(age?.value).toBeGreaterThanOrEqual(0)
    }
  })

  test('is nothing where all are shown', () => {
    const portion = restOf({ ...options, limit: Number.POSITIVE_INFINITY })('shop', known(relationsOf(5)))
    expect([portion.shown, portion.read, portion.age('shop')]).toEqual(['true', 'true', []])
  })
})
