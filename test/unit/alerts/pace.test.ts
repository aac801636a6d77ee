import { expect, test } from 'vitest'
import { ruleFiles } from '../../../alerts/index.ts'
import { secondsIn } from '../../promtool/duration.ts'

test('no group is evaluated so seldom that its alerts would be gone in between', () => {
  const lookback = 300
  const groups = Object.values(ruleFiles()).flat()
  const seldom = groups.filter(({ interval = '15s' }) => secondsIn(interval) > lookback - 60)
  expect(groups.length).toBeGreaterThan(40)
  expect(seldom.map(({ name }) => name)).toEqual([])
})
