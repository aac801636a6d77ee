import type uPlot from 'uplot'
import type { Line } from './plot-model.ts'

type Limit = number | null | undefined
const given = (value: Limit): value is number => typeof value === 'number'

/** What of a line decides how far its scale reaches. */
interface Scaled {
  readonly field: { readonly config: { readonly min?: number | null; readonly max?: number | null } }
  readonly style: Pick<Line['style'], 'axisSoftMin' | 'axisSoftMax' | 'axisCenteredZero'>
}

/** The range of a scale: fixed ends stay, soft ones give way to the data, zero is in it where it is near. */
export const rangeOf = (
  rangeNum: typeof uPlot.rangeNum,
  line: Scaled | undefined,
  low: Limit,
  high: Limit,
): [number, number] => {
  const { min, max } = line?.field.config ?? {}
  const { axisSoftMin, axisSoftMax, axisCenteredZero } = line?.style ?? {}
  const soft = (value: Limit): uPlot.Range.Limit => ({ pad: 0.1, soft: value ?? 0, mode: given(value) ? 1 : 3 })
  // Nothing but noughts has no height of its own: up to where the axis reaches, or to one, which is all of a share.
  const [from, to] = given(low) && given(high) && (low !== 0 || high !== 0) ? [low, high] : [0, axisSoftMax ?? 0.9]
  const [start, end] = rangeNum(from, to, { min: soft(axisSoftMin), max: soft(axisSoftMax) })
  const [bottom, top] = [given(min) ? min : (start ?? 0), given(max) ? max : (end ?? 1)]
  if (axisCenteredZero) {
    const reach = Math.max(Math.abs(bottom), Math.abs(top))
    return [-reach, reach]
  }
  return bottom < top ? [bottom, top] : [bottom, bottom + 1]
}
