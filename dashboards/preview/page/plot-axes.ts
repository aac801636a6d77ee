import type uPlot from 'uplot'
import { textWidth } from './dom.ts'
import type { Line } from './plot-model.ts'
import type { Theme } from './theme.ts'

const two = (value: number) => String(value).padStart(2, '0')
const [minute, day, month] = [60_000, 86_400_000, 28 * 86_400_000]

/** Half of the last mark would be cut where no axis stands beside it. */
export const rightPadding = (length: number): number => (length > day && length < month ? 36 : 18)

/** As short as tells two marks apart. */
export const timeMark = (moment: number, increment: number, length: number): string => {
  const date = new Date(moment)
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}`
  const calendar = `${two(date.getMonth() + 1)}/${two(date.getDate())}`
  if (increment < minute) return `${clock}:${two(date.getSeconds())}`
  if (increment < day) return length > day ? `${calendar} ${clock}` : clock
  return increment < month ? calendar : `${date.getFullYear()}-${two(date.getMonth() + 1)}`
}

const decimalsOf = (increment: number) => {
  const [, decimals = ''] = increment.toFixed(10).replace(/0+$/, '').split('.')
  return decimals.length
}

export const valueMark = ({ field }: Line, value: number, increment?: number): string => {
  const decimals = increment === undefined ? 0 : decimalsOf(increment)
  const shown = field.display?.(value, decimals > 0 ? decimals : undefined)
  return shown ? `${shown.prefix ?? ''}${shown.text}${shown.suffix ?? ''}` : String(value)
}

const powersOfTwo = Array.from({ length: 54 }, (_, power) => 2 ** power)
const wholeNumbers = Array.from({ length: 16 }, (_, power) => [1, 2, 5].map((first) => first * 10 ** power)).flat()

/** Marks at round numbers of the unit: bytes are counted in powers of two, things in whole ones. */
const incrementsFor = ({ field: { config } }: Line) => {
  if (/^(?:deci?)?k?m?g?(?:bytes|bits)$/.test(config.unit ?? '') && !config.unit?.startsWith('dec')) return powersOfTwo
  return config.decimals === 0 ? wholeNumbers : undefined
}

interface Look {
  readonly theme: Theme
  readonly font: string
}

const gap = 5
const tick = 4

const common = ({ theme, font }: Look) => ({
  font,
  stroke: theme.text,
  grid: { stroke: theme.grid, width: 1 },
  ticks: { stroke: theme.grid, width: 1, size: tick },
})

export const timeAxis = (look: Look): uPlot.Axis => ({
  ...common(look),
  scale: 'x',
  gap,
  size: 17 + gap + tick,
  space: (u, _axis, min, max) => {
    const plenty = max - min > day ? '00/00 00:00' : '00:00:00'
    return u.width > 0 ? textWidth(plenty, look.font) + 18 : 50
  },
  values: (u, marks, _axis, _space, increment) => {
    const { min = 0, max = 0 } = u.scales.x ?? {}
    return marks.map((mark) => timeMark(mark, increment, (max ?? 0) - (min ?? 0)))
  },
})

/** `first` is the one line whose unit speaks for the scale; `get` finds it anew after each refresh. */
export const valueAxis = (
  scale: string,
  get: () => Line | undefined,
  side: 'left' | 'right',
  look: Look,
): uPlot.Axis => {
  const first = get()
  const label = first?.style.axisLabel
  const increments = first && incrementsFor(first)
  return {
    ...common(look),
    ...(side === 'right' && { grid: { show: false } }),
    scale,
    side: side === 'left' ? 3 : 1,
    gap,
    show: first?.style.axisPlacement !== 'hidden',
    ...(increments && { incrs: increments }),
    ...(label && { label, labelSize: 18, labelGap: 2, labelFont: look.font }),
    space: 30,
    size: (_u, values) => {
      const widest = Math.max(0, ...(values ?? []).map((value) => textWidth(value ?? '', look.font)))
      return Math.ceil(widest) + gap + tick + 6
    },
    values: (_u, marks, _axis, _space, increment) => {
      const line = get()
      return marks.map((mark) => (line && mark !== null ? valueMark(line, mark, increment) : ''))
    },
  }
}
