import {
  type DataFrame,
  type Field,
  FieldType,
  type GrafanaTheme2,
  getFieldDisplayName,
  getFieldSeriesColor,
} from './grafana.ts'
import type { TimeRange } from './times.ts'

/** How a line is drawn: what Grafana keeps under `custom`, with its defaults. */
export interface Style {
  readonly drawStyle: 'line' | 'bars' | 'points'
  readonly lineWidth: number
  readonly fillOpacity: number
  readonly gradientMode: string
  readonly lineInterpolation: string
  readonly lineStyle: { readonly fill?: string; readonly dash?: readonly number[] }
  readonly showPoints: 'auto' | 'always' | 'never'
  readonly pointSize: number
  /** True, or for how many milliseconds a line goes on over a gap. */
  readonly spanNulls: boolean | number
  readonly stacking: { readonly mode?: string; readonly group?: string }
  readonly axisPlacement: string
  readonly axisLabel: string
  readonly axisSoftMin?: number
  readonly axisSoftMax?: number
  readonly axisCenteredZero: boolean
  readonly scaleDistribution: { readonly type?: string; readonly log?: number }
  readonly thresholdsStyle: { readonly mode?: string }
  readonly transform?: string
  readonly hideFrom: { readonly viz?: boolean; readonly legend?: boolean; readonly tooltip?: boolean }
}

const usual: Style = {
  drawStyle: 'line',
  lineWidth: 1,
  fillOpacity: 0,
  gradientMode: 'none',
  lineInterpolation: 'linear',
  lineStyle: {},
  showPoints: 'auto',
  pointSize: 5,
  spanNulls: false,
  stacking: {},
  axisPlacement: 'auto',
  axisLabel: '',
  axisCenteredZero: false,
  scaleDistribution: {},
  thresholdsStyle: {},
  hideFrom: {},
}

type Value = number | null

export interface Line {
  readonly name: string
  /** Of the query that it answers. */
  readonly refId: string
  readonly colour: string
  readonly field: Field
  readonly style: Style
  /** Lines of one unit and one range share a scale. */
  readonly scale: string
  readonly times: readonly number[]
  /** What was measured, on its own moments. */
  readonly values: readonly Value[]
}

const scaleOf = ({ config }: Field, style: Style) =>
  JSON.stringify([
    config.unit ?? '',
    config.min,
    config.max,
    style.axisPlacement,
    style.axisLabel,
    style.axisSoftMin,
    style.axisSoftMax,
    style.scaleDistribution,
  ])

const numeric = (value: unknown): Value => (typeof value === 'number' && Number.isFinite(value) ? value : null)

/** Every field of numbers that stands beside times. */
export const linesOf = (frames: readonly DataFrame[], theme: GrafanaTheme2): readonly Line[] =>
  frames.flatMap((frame) => {
    const times = frame.fields.find(({ type }) => type === FieldType.time)?.values
    if (!times || times.length === 0) return []
    return frame.fields
      .filter(({ type }) => type === FieldType.number)
      .flatMap((field) => {
        const style: Style = { ...usual, ...field.config.custom }
        if (style.hideFrom.viz) return []
        const sign = style.transform === 'negative-Y' ? -1 : 1
        const name = getFieldDisplayName(field, frame, [...frames])
        const values = field.values.map((value) => {
          const number = numeric(value)
          return number === null ? null : sign * number
        })
        return {
          name,
          refId: frame.refId ?? '',
          field,
          style,
          times,
          values,
          colour: getFieldSeriesColor(field, theme).color,
          scale: scaleOf(field, style),
        }
      })
  })

/** Null is a gap; undefined is a moment of another line, over which this one goes on. */
export type Drawn = readonly (Value | undefined)[]

export const isValue = (value: number | null | undefined): value is number => value !== null && value !== undefined

export interface Plot {
  readonly times: readonly number[]
  readonly lines: readonly Line[]
  /** As measured, on the common moments. */
  readonly measured: readonly Drawn[]
  /** As drawn: on top of each other where they are stacked. */
  readonly drawn: readonly Drawn[]
  /** Pairs of lines between which is filled, by their places. */
  readonly bands: readonly (readonly [upper: number, lower: number])[]
}

const commonTimes = (lines: readonly Line[]): readonly number[] => {
  const [first] = lines
  if (!first) return []
  const same = lines.every(
    ({ times }) =>
      times.length === first.times.length && times[0] === first.times[0] && times.at(-1) === first.times.at(-1),
  )
  return same ? first.times : [...new Set(lines.flatMap(({ times }) => times))].sort((a, b) => a - b)
}

const onto = (times: readonly number[], line: Line): Drawn => {
  if (line.times.length === times.length) return bridged(line, times, line.values)
  const own = new Map(line.times.map((time, index) => [time, line.values[index] ?? null]))
  return bridged(
    line,
    times,
    times.map((time) => own.get(time)),
  )
}

/** A line that may go on over gaps up to a length does so over these alone. */
const bridged = ({ style: { spanNulls } }: Line, times: readonly number[], values: Drawn): Drawn => {
  if (typeof spanNulls !== 'number') return values
  const bridge = [...values]
  let last = -1
  for (const [index, value] of values.entries()) {
    if (value === null || value === undefined) continue
    if (last >= 0 && (times[index] ?? 0) - (times[last] ?? 0) <= spanNulls) bridge.fill(undefined, last + 1, index)
    last = index
  }
  return bridge
}

const stack = (lines: readonly Line[], measured: readonly Drawn[]) => {
  const sums = new Map<string, { readonly values: number[]; readonly top: number }>()
  const bands: (readonly [number, number])[] = []
  const drawn = measured.map((values, place): Drawn => {
    const line = lines[place]
    const { mode = 'none', group = 'A' } = line?.style.stacking ?? {}
    if (!line || mode === 'none') return values
    const key = `${line.scale} ${group} ${line.style.transform ?? ''}`
    const below = sums.get(key)
    const sum = (below?.values ?? []).slice()
    const stacked = values.map((value, index) => {
      const total = (sum[index] ?? 0) + (value ?? 0)
      sum[index] = total
      return value === null || value === undefined ? value : total
    })
    if (below) bands.push([place, below.top])
    sums.set(key, { values: sum, top: place })
    return stacked
  })
  return { drawn, bands }
}

/** Those of a period at which any line has a value. */
export const momentsOf = ({ times, measured }: Plot, { from, to }: TimeRange): readonly number[] =>
  times.filter((time, index) => time >= from && time <= to && measured.some((values) => isValue(values[index])))

export const plotOf = (lines: readonly Line[]): Plot => {
  const times = commonTimes(lines)
  const measured = lines.map((line) => onto(times, line))
  return { times, lines, measured, ...stack(lines, measured) }
}
