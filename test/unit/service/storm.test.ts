import { expect, test } from 'vitest'
import { gate } from '../../../exporters/service/errors/storm.ts'

const gateAt = (most: number) => {
  const clock = { at: 0 }
  const held: number[] = []
  const { admits, close } = gate({ most, tell: (count) => held.push(count), now: () => clock.at })
  const passed = (asked: number) => Array.from({ length: asked }, admits).filter(Boolean).length
  return { clock, held, passed, close }
}

test('the first of a second pass, and those held back are told once it is over', () => {
  const { clock, held, passed } = gateAt(3)
  expect(passed(10)).toBe(3)
  expect(held).toEqual([])
  clock.at = 1_000
  expect(passed(2)).toBe(2)
  expect(held).toEqual([7])
})

test('those held back are told at the close, and only once', () => {
  const { held, passed, close } = gateAt(1)
  passed(3)
  close()
  close()
  expect(held).toEqual([2])
})

test('a clock that is set back does not close the gate', () => {
  const { clock, passed } = gateAt(1)
  clock.at = 3_600_000
  expect(passed(2)).toBe(1)
  clock.at = 0
  expect(passed(2)).toBe(1)
})
