import { describe, expect, test } from 'vitest'
import { burnRate, burnThreshold, burnWindows, errorBudget, inHours, percent } from '../../../alerts/burn-rate.ts'
import { promiseFaults } from '../../../alerts/slo.ts'
import type { Objective } from '../../../config/sla.ts'

const windowOver = (long: string) => {
  const found = burnWindows.find((window) => window.long === long)
  if (!found) throw new Error(`there is no burn window of ${long}`)
  return found
}

describe('a burn rate', () => {
  // SRE Workbook, chapter 5, table 5-8.
  test.each([
    ['1h', '5m', '30d', '14.4'],
    ['6h', '30m', '30d', '6'],
    ['1d', '2h', '30d', '3'],
    ['3d', '6h', '30d', '1'],
    ['1h', '5m', '28d', '13.44'],
    ['6h', '30m', '28d', '5.6'],
    ['1d', '2h', '28d', '2.8'],
    ['3d', '6h', '28d', '0.93'],
  ] as const)('over %s and %s for a promise over %s is %s, as in the SRE Workbook', (long, short, period, rate) => {
    const window = windowOver(long)
    expect(window.short).toBe(short)
    expect(burnRate(window, period).round(2).toString()).toBe(rate)
  })

  test('is looked at over a short window of a twelfth of the long one', () => {
    for (const { short, long } of burnWindows) expect(inHours(long) / inHours(short)).toBeCloseTo(12, 9)
  })
})

describe('a burn threshold', () => {
  test.each([
    ['1h', '30d', 0.999, 0.0144],
    ['6h', '30d', 0.999, 0.006],
    ['1d', '30d', 0.999, 0.003],
    ['3d', '30d', 0.999, 0.001],
    ['1h', '30d', 0.995, 0.072],
    ['1h', '30d', 0.9999, 0.00144],
    ['1h', '28d', 0.999, 0.01344],
    ['3d', '28d', 0.999, 0.000933333],
    ['3d', '28d', 0.9995, 0.000466667],
    ['1h', '90d', 0.9999, 0.00432],
  ] as const)('over %s for a promise over %s of %d is %d', (long, period, target, threshold) => {
    expect(burnThreshold(windowOver(long), period, target)).toBe(threshold)
  })

  test.each([0.9, 0.99, 0.995, 0.999, 0.9995, 0.9999, 0.99999])('prints short for a promise of %d', (target) => {
    for (const window of burnWindows) {
      for (const period of ['7d', '28d', '30d', '31d', '90d'] as const) {
        const digits = String(burnThreshold(window, period, target)).replace(/^0\.0*/, '')
        expect(digits).toMatch(/^[\d.]{1,8}(e-\d+)?$/)
      }
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
  const kept: Objective = { promise: '99.9 % within 500 ms', target: 0.999, window: '30d', owner: 'platform' }

  test.each<[string, object, string]>([
    ['a target of 1', { target: 1 }, 'target is 1'],
    ['a target of 0', { target: 0 }, 'target is 0'],
    ['a target in percent', { target: 99.9 }, 'target is 99.9'],
    ['no number as a target', { target: Number.NaN }, 'target is NaN'],
    ['more budget than 30 days can burn in an hour', { target: 0.9 }, 'target is 0.9 over 30d'],
    ['more budget than 7 days can burn in an hour', { target: 0.7, window: '7d' }, 'target is 0.7 over 7d'],
    ['a window so short that its slow alerts would fire while it is kept', { window: '7d' }, 'window is 7d'],
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
