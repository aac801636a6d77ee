import { describe, expect, test } from 'vitest'
import { boundary, judged } from '../../../alerts/alert.ts'
import { overrideFaults } from '../../../alerts/overrides.ts'
import type { Override } from '../../../config/overrides.ts'
import { gauge } from '../../../metrics/metric.ts'
import { eq, gt, instant } from '../../../metrics/promql.ts'

const share = gauge({ name: 'demo_used_ratio', help: 'x' })
const runbook = { meaning: 'x', impact: 'x', diagnosis: [{ look: 'x' }], mitigation: ['x'] } as const
const common = { for: '5m', severity: 'high', owner: 'platform', summary: () => 'x', action: 'x', runbook } as const

const nearLimit = (override?: Override) =>
  judged(
    {
      ...common,
      name: 'DemoNearLimit',
      threshold: { is: '80 %', least: '50 %', most: '99 %', source: 'ours' },
      expr: (threshold) => gt(instant(share), threshold),
    },
    override,
  )
const down = (override?: Override) => judged({ ...common, name: 'DemoDown', expr: eq(instant(share), 0) }, override)

const faultsOf = (overrides: Readonly<Record<string, object>>) =>
  // As JavaScript, or an editor without types, would have it.
  overrideFaults([nearLimit(), down()], JSON.parse(JSON.stringify(overrides)))

describe('an override', () => {
  test('moves the threshold, in the expression and for whoever draws it', () => {
    const found = nearLimit({ threshold: '95 %', reason: 'a small heap' })
    expect(found.expr).toBe('demo_used_ratio > 0.95')
    expect(boundary(found)).toBe(0.95)
    expect(found.threshold).toMatchObject({ is: '95 %', least: '50 %', most: '99 %' })
  })

  test('moves the delay and the severity, and nothing else', () => {
    const found = nearLimit({ for: '1h', severity: 'low', reason: 'known' })
    expect(found).toMatchObject({ for: '1h', labels: { severity: 'low', owner: 'platform' } })
    expect(found.expr).toBe(nearLimit().expr)
  })

  test('that switches off leaves the alert as it is, for the runbook', () => {
    const found = nearLimit({ off: true, reason: 'no such limit here' })
    expect(found).toEqual({ ...nearLimit(), override: { off: true, reason: 'no such limit here' } })
  })

  test('in a wrong unit changes nothing', () => {
    expect(nearLimit({ threshold: '95 s', reason: 'x' }).expr).toBe('demo_used_ratio > 0.8')
  })
})

describe('what is wrong with an override', () => {
  test.each<[string, Readonly<Record<string, object>>, string]>([
    [
      'no such alert',
      { DemoNearLimits: { off: true, reason: 'x' } },
      'DemoNearLimits is no alert: did you mean DemoNearLimit?',
    ],
    ['nothing like it', { Something: { off: true, reason: 'x' } }, 'Something is no alert: the runbook lists every id'],
    ['no reason', { DemoDown: { off: true } }, 'DemoDown.reason is missing'],
    ['a blank reason', { DemoDown: { off: true, reason: '  ' } }, 'DemoDown.reason is missing'],
    [
      'another unit',
      { DemoNearLimit: { threshold: '5 s', reason: 'x' } },
      'DemoNearLimit.threshold is 5 s: write a number and %, from 50 % to 99 %',
    ],
    [
      'no unit',
      { DemoNearLimit: { threshold: '0.9', reason: 'x' } },
      'DemoNearLimit.threshold is 0.9: write a number and %',
    ],
    [
      'a number',
      { DemoNearLimit: { threshold: 0.9, reason: 'x' } },
      'DemoNearLimit.threshold is 0.9: write a number and %',
    ],
    [
      'too much',
      { DemoNearLimit: { threshold: '100 %', reason: 'x' } },
      'DemoNearLimit.threshold is 100 %: choose one from 50 % to 99 %',
    ],
    [
      'too little',
      { DemoNearLimit: { threshold: '49 %', reason: 'x' } },
      'DemoNearLimit.threshold is 49 %: choose one',
    ],
    [
      'a state without threshold',
      { DemoDown: { threshold: '1', reason: 'x' } },
      'DemoDown.threshold is given: this alert judges a state',
    ],
    [
      'a delay in words',
      { DemoDown: { for: 'a while', reason: 'x' } },
      'DemoDown.for is a while: write a whole number',
    ],
    ['no delay', { DemoDown: { for: '0s', reason: 'x' } }, 'DemoDown.for is 0s: write a whole number above 0'],
    [
      'another severity',
      { DemoDown: { severity: 'urgent', reason: 'x' } },
      'DemoDown.severity is urgent: choose one of critical, high, medium, low',
    ],
    ['off and something else', { DemoDown: { off: true, for: '5m', reason: 'x' } }, 'DemoDown is off and has for'],
    ['half off', { DemoDown: { off: 'yes', reason: 'x' } }, 'DemoDown.off is yes: write true'],
    ['an unknown key', { DemoDown: { treshold: '1', reason: 'x' } }, 'DemoDown has treshold: only reason, threshold'],
  ])('%s: is told in one line, with the file, the alert and what may be written', (_words, overrides, fault) => {
    const faults = faultsOf(overrides)
    expect(faults).toHaveLength(1)
    expect(faults[0]).toContain(`config/overrides.ts: ${fault}`)
    expect(faults[0]).not.toContain('\n')
  })

  test.each<[string, Readonly<Record<string, Override>>]>([
    ['nothing', {}],
    ['a threshold at its least', { DemoNearLimit: { threshold: '50 %', reason: 'x' } }],
    ['a threshold at its most', { DemoNearLimit: { threshold: '99 %', reason: 'x' } }],
    ['all of it', { DemoNearLimit: { threshold: '60 %', for: '30s', severity: 'medium', reason: 'x' } }],
    ['off', { DemoDown: { off: true, reason: 'x' } }],
  ])('with %s: nothing', (_words, overrides) => {
    expect(faultsOf(overrides)).toEqual([])
  })

  test('several: each in a line of its own', () => {
    expect(faultsOf({ Demo: { off: true, reason: 'x' }, DemoDown: { for: 'x' } })).toHaveLength(3)
  })
})
