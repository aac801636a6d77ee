import uPlot from 'uplot'
import { describe, expect, test } from 'vitest'
import { rangeOf } from '../../../dashboards/preview/page/plot-range.ts'

interface Axis {
  readonly min?: number
  readonly max?: number
  readonly softMax?: number
  readonly centred?: boolean
}

const rangeWith = ({ min, max, softMax, centred = false }: Axis, low: number | null, high: number | null) => {
  const config = { ...(min !== undefined && { min }), ...(max !== undefined && { max }) }
  const style = { axisCenteredZero: centred, ...(softMax !== undefined && { axisSoftMax: softMax }) }
  return rangeOf(uPlot.rangeNum, { field: { config }, style }, low, high).map((end) => Number(end.toPrecision(3)))
}

describe('an axis', () => {
  test.each<readonly [what: string, axis: Axis, low: number | null, high: number | null, range: readonly number[]]>([
    ['leaves a tenth of room around its values', {}, 2, 10, [1.2, 10.8]],
    ['of nothing but noughts shows all of a share', { min: 0 }, 0, 0, [0, 0.99]],
    ['of nothing but noughts reaches as far as it is asked to', { min: 0, softMax: 0.004 }, 0, 0, [0, 0.004]],
    ['reaches no further than asked where the values stay below', { min: 0, softMax: 0.004 }, 0, 0.001, [0, 0.004]],
    ['reaches further where the values do', { min: 0, softMax: 0.004 }, 0, 0.5, [0, 0.55]],
    ['without values has a height all the same', {}, null, null, [0, 0.99]],
    ['ends where it is told to', { min: 0, max: 1 }, 0.2, 0.3, [0, 1]],
    ['with its zero in the middle reaches as far down as up', { centred: true }, -1, 10, [-12, 12]],
  ])('%s', (_what, axis, low, high, range) => {
    expect(rangeWith(axis, low, high)).toEqual(range)
  })
})
