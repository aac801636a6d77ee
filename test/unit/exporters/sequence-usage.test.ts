import { expect, test } from 'vitest'
import { usage } from '../../../exporters/postgres/sequence-usage.ts'

const most = '9223372036854775807'
const up = { start: '1', increment: '1', lowest: '1', highest: '100' }
const down = { start: '-1', increment: '-1', lowest: '-100', highest: '-1' }

const cases = [
  ['before its first value', up, null, 0, 100],
  ['after its first value', up, '1', 0.01, 99],
  ['at its end', up, '100', 1, 0],
  ['beyond the end of its column', up, '5000', 1, 0],
  ['below its range', up, '-5000', 0, 5100],
  ['in steps that do not meet the end', { ...up, increment: '30' }, '50', 0.5, 1],
  ['downwards', down, '-90', 0.9, 10],
  ['downwards before its first value', down, null, 0, 100],
  ['with a start in the middle', { ...up, start: '51' }, null, 0, 50],
  ['just before the largest number', { ...up, highest: most }, '9223372036854775806', 1, 1],
  ['over the whole of bigint', { ...up, lowest: '-9223372036854775808', highest: most }, '-1', 0.5, 2 ** 63],
] as const

test.each(cases)('a sequence %s', (_words, range, last, used, left) => {
  const found = usage(range, last)
  expect(found.used).toBeCloseTo(used, 12)
  expect(found.left).toBe(left)
})
