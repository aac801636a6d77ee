import { describe, expect, test } from 'vitest'
import { cleanupSetting } from '../../../../config/cleanup.ts'
import { paceOf } from '../../../../jobs/cleanup/batches.ts'
import { allowing, permitted, raised } from '../../../../jobs/cleanup/ceilings.ts'
import { countsOfGoing, type Dependant, heldBy } from '../../../../jobs/cleanup/dependants.ts'
import { rateOf } from '../../../../jobs/cleanup/keys.ts'

const ceilings = { reservations: 10, tokens: 20, expired_keys: 30, sessions: 40 }

describe('ceilings', () => {
  test('what is allowed raises one of them, and none is lowered', () => {
    expect(raised(ceilings, ['tokens=500', 'sessions=1', 'tokens=400'])).toEqual({ ...ceilings, tokens: 500 })
    expect(raised(ceilings, [])).toEqual(ceilings)
  })

  test.each(['tokens', 'tokens=', 'tokens=-1', 'tokens=1e3', 'guests=1', 'tokens=1 000', '=1', 'toString=1'])(
    '%j allows nothing',
    (words) => {
      expect(() => raised(ceilings, [words])).toThrow(/allows nothing: write one of reservations, tokens/)
    },
  )

  test('as many as the ceiling go, one more does not', () => {
    expect(permitted(ceilings, 'tokens', 20).over).toBe(false)
    expect(permitted(ceilings, 'tokens', 21).over).toBe(true)
    expect(allowing([permitted(ceilings, 'tokens', 21), permitted(ceilings, 'sessions', 50)])).toBe(
      'npm run job -- cleanup --allow tokens=21 --allow sessions=50',
    )
  })

  test('the ones that are set let a day go that nobody cleaned', () => {
    for (const most of Object.values(cleanupSetting.ceilings)) expect(most).toBeGreaterThan(1_000)
  })
})

describe('the size of a batch', () => {
  const setting = { rows: 100, mostRows: 2_000, aimMs: 100, statementMs: 1_000, lockMs: 200, pause: 2 }

  test('grows to at most twice as many, and to what fits', () => {
    const pace = paceOf(setting)
    expect(pace.rows()).toBe(100)
    pace.took(100, 1)
    expect(pace.rows()).toBe(200)
    pace.took(200, 160)
    expect(pace.rows()).toBe(125)
    for (let more = 0; more < 10; more += 1) pace.took(pace.rows(), 1)
    expect(pace.rows()).toBe(2_000)
  })

  test('shrinks to a row and no further', () => {
    const pace = paceOf(setting)
    pace.failed(100)
    expect(pace.rows()).toBe(50)
    pace.took(50, 100_000)
    expect(pace.rows()).toBe(1)
    pace.failed(1)
    expect(pace.rows()).toBe(1)
  })
})

const key = (name: string, onDelete: Dependant['onDelete'], dependants: readonly Dependant[] = []): Dependant => ({
  constraint: `${name}_fkey`,
  table: name,
  schema: 'public',
  name,
  onDelete,
  columns: [[`of_${name}`, 'id']],
  indexed: true,
  dependants,
})

describe('what depends on a row', () => {
  test('holds it where its key refuses, also where that is reached by way of what would go', () => {
    expect(heldBy([], 'r')).toBe('false')
    expect(heldBy([key('a', 'goes'), key('b', 'forgets')], 'r')).toBe('false')
    expect(heldBy([key('a', 'refuses')], 'r')).toBe('exists (select from a r_0 where r_0.of_a = r.id)')
    expect(heldBy([key('x', 'forgets'), key('a', 'goes', [key('b', 'refuses')])], 'r')).toBe(
      'exists (select from a r_1 where r_1.of_a = r.id and (exists (select from b r_1_0 where r_1_0.of_b = r_1.id)))',
    )
  })

  test('is counted where it goes with it, however far away', () => {
    const counts = countsOfGoing(
      [key('a', 'goes', [key('b', 'goes')]), key('c', 'refuses')],
      'r',
      (and) => `select from t r where ${and}`,
    )
    expect(counts.map(({ of, sql }) => [of.table, sql])).toEqual([
      ['a', 'select count(*)::float8 as count from a r_0 where exists (select from t r where r_0.of_a = r.id)'],
      [
        'b',
        'select count(*)::float8 as count from b r_0_0 where exists (select from a r_0 where r_0_0.of_b = r_0.id and exists (select from t r where r_0.of_a = r.id))',
      ],
    ])
  })
})

describe('a rate', () => {
  test('holds back who goes too fast, and saves nothing up for later', async () => {
    let now = 0
    const rate = rateOf(1_000, new AbortController().signal, () => now)
    const began = performance.now()
    await rate.spend(50)
    expect(performance.now() - began).toBeGreaterThanOrEqual(45)
    now = 10_000
    const later = performance.now()
    await rate.spend(40)
    expect(performance.now() - later).toBeGreaterThanOrEqual(35)
  })

  test('ends with its signal', async () => {
    const controller = new AbortController()
    const waiting = rateOf(1, controller.signal).spend(1_000)
    controller.abort(new Error('it is over'))
    await expect(waiting).rejects.toThrow()
  })
})
