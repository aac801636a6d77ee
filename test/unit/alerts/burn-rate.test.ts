import { describe, expect, test } from 'vitest'
import { burnThreshold, burnWindows, errorBudget, inMinutes, percent } from '../../../alerts/burn-rate.ts'
import { promiseFaults } from '../../../alerts/promise-faults.ts'
import type { Objective } from '../../../config/sla.ts'

describe('the windows of a promise', () => {
  // SRE Workbook, chapter 5, table 5-8.
  test.each([
    ['30d', '14.4', '1h', '5m', '2m', '50h', 'critical'],
    ['30d', '6', '6h', '30m', '15m', '5d', 'high'],
    ['30d', '3', '1d', '2h', '1h', '10d', 'medium'],
    ['30d', '1', '3d', '6h', '3h', '30d', 'medium'],
    // Parts of the period: a week's are 7/30 of these.
    ['7d', '14.4', '14m', '2m', '1m', '700m', 'critical'],
    ['7d', '6', '84m', '7m', '4m', '28h', 'high'],
    ['7d', '3', '336m', '28m', '14m', '56h', 'medium'],
    ['7d', '1', '1008m', '84m', '42m', '7d', 'medium'],
    ['90d', '14.4', '3h', '15m', '6m', '150h', 'critical'],
    ['90d', '1', '9d', '18h', '9h', '90d', 'medium'],
    // A rate needs some scrapes.
    ['1d', '14.4', '2m', '2m', '1m', '100m', 'critical'],
  ] as const)(
    'over %s, at %s times the even pace, are %s and %s',
    (period, pace, long, short, wait, exhaustsIn, severity) => {
      const found = burnWindows(period).find((window) => window.pace.toString() === pace)
      expect(found).toMatchObject({ long, short, for: wait, exhaustsIn, severity })
    },
  )

  test.each(['1d', '7d', '28d', '30d', '31d', '90d', '365d'] as const)(
    'over %s spend what they say, to the minute',
    (period) => {
      const budgets = burnWindows(period).map(({ pace, long }) => pace.times(inMinutes(long)).toNumber())
      const spent = [0.02, 0.05, 0.1, 0.1].map((share) => share * inMinutes(period))
      for (const [place, minutes] of spent.entries()) {
        // Half a minute of the window, at its pace.
        expect(Math.abs((budgets[place] ?? 0) - minutes)).toBeLessThanOrEqual(0.5 * 14.4)
      }
    },
  )

  test.each(['1d', '7d', '30d', '365d'] as const)(
    'over %s: the faster the pace, the shorter the window and the delay',
    (period) => {
      const minutes = burnWindows(period).map(({ long, for: wait }) => [inMinutes(long), inMinutes(wait)])
      expect(minutes).toEqual(minutes.toSorted(([one = 0], [other = 0]) => one - other))
      for (const [long = 0, wait = 0] of minutes) expect(wait).toBeLessThan(long)
    },
  )
})

describe('a burn threshold', () => {
  const at = (pace: string) => {
    const found = burnWindows('30d').find((window) => window.pace.toString() === pace)
    if (!found) throw new Error(`no window at ${pace}`)
    return found
  }
  test.each([
    ['14.4', 0.999, 0.0144],
    ['6', 0.999, 0.006],
    ['3', 0.999, 0.003],
    ['1', 0.999, 0.001],
    ['14.4', 0.995, 0.072],
    ['14.4', 0.9999, 0.00144],
    ['1', 0.9995, 0.0005],
  ])('at %s times the even pace of a promise of %d is %d', (pace, target, threshold) => {
    expect(burnThreshold(at(pace), target)).toBe(threshold)
  })

  test.each([0.9, 0.99, 0.995, 0.999, 0.9995, 0.9999, 0.99999])('prints short for a promise of %d', (target) => {
    for (const window of burnWindows('30d')) {
      const digits = String(burnThreshold(window, target)).replace(/^0\.0*/, '')
      expect(digits).toMatch(/^[\d.]{1,8}(e-\d+)?$/)
    }
  })

  test.each([
    [0.999, '0.001'],
    [0.9, '0.1'],
    [0.9995, '0.0005'],
    [0.99999, '0.00001'],
  ])('comes from the exact error budget: %d leaves %s', (target, budget) => {
    expect(errorBudget(target).toFixed()).toBe(budget)
  })
})

test.each([
  [0.999, '99.9 %'],
  [0.9995, '99.95 %'],
  [0.55, '55 %'],
  [0.144, '14.4 %'],
  [0.000933333, '0.0933333 %'],
])('the share %d in words is %s', (share, words) => {
  expect(percent(share)).toBe(words)
})

describe('a promise', () => {
  const kept: Objective = {
    promise: '99.9 % within 500 ms',
    title: 'In time',
    target: 0.999,
    window: '30d',
    owner: 'platform',
  }

  test.each<[string, object, string]>([
    ['a target of 1', { target: 1 }, 'target is 1'],
    ['a target of 0', { target: 0 }, 'target is 0'],
    ['a target in percent', { target: 99.9 }, 'target is 99.9'],
    ['no number as a target', { target: Number.NaN }, 'target is NaN'],
    ['more budget than can burn at the fastest pace', { target: 0.9 }, 'target is 0.9: its fastest burn alert'],
    ['a part that its metric does not tell apart', { each: 'route' }, 'each is route: what it is measured by'],
    ['a floor of no event', { leastBadEvents: 0 }, 'leastBadEvents is 0: write a whole number'],
    ['half an event as a floor', { leastBadEvents: 1.5 }, 'leastBadEvents is 1.5: write a whole number'],
    ['a window without its unit', { window: '30' }, 'window is 30'],
    ['a window in hours', { window: '720h' }, 'window is 720h'],
    ['a window of no day', { window: '0d' }, 'window is 0d'],
    ['an owner that is no team', { owner: 'nobody' }, 'owner is nobody'],
    ['an owner that only every object has', { owner: 'toString' }, 'owner is toString'],
    ['a bound that no request keeps', { seconds: 0 }, 'seconds is 0: write a time above 0'],
    ['another share in its words', { target: 0.995 }, 'promise says nothing of 99.5 %: its words and its target'],
    ['more digits in its words', { promise: '99.99 %', target: 0.99 }, 'promise says nothing of 99 %:'],
    ['no share in its words', { promise: '999 of 1000' }, 'promise says nothing of 99.9 %:'],
    ['another bound in its words', { seconds: 0.25 }, 'promise says nothing of 250 ms or 0.25 s: its words and its'],
    ['no unit in its words', { promise: '99.9 % in 1 session', seconds: 1 }, 'promise says nothing of 1000 ms or 1 s:'],
  ])('with %s has one fault, which names the file, the promise and the value', (_words, change, fault) => {
    const faults = promiseFaults({ demo: { ...kept, ...change } })
    expect(faults).toHaveLength(1)
    expect(faults[0]).toContain(`config/sla.ts: demo.${fault}`)
    expect(faults[0]).not.toContain('\n')
  })

  test.each<[string, object]>([
    ['as it stands', {}],
    ['over a quarter', { window: '90d' }],
    ['over a week', { window: '7d' }],
    ['over a day', { window: '1d' }],
    ['with a floor of its own', { leastBadEvents: 1 }],
    ['about a bucket', { seconds: 0.5 }],
    ['over 28 days', { window: '28d' }],
    ['with its bound in seconds', { promise: '99.9 % within 0.5 s', seconds: 0.5 }],
  ])('%s has none', (_words, change) => {
    expect(promiseFaults({ demo: { ...kept, ...change } })).toEqual([])
  })

  test('with several faults has each in a line of its own', () => {
    expect(promiseFaults({ one: { ...kept, target: 1 }, two: { ...kept, target: 2 } })).toHaveLength(2)
  })

  test('that stands in config/sla.ts has none', () => {
    expect(promiseFaults()).toEqual([])
  })
})
