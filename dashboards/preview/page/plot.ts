import uPlot from 'uplot'
import { colorManipulator } from './grafana.ts'
import { rightPadding, timeAxis, valueAxis } from './plot-axes.ts'
import { type Drawn, isValue, type Line, type Plot } from './plot-model.ts'
import { drawNotes, type Notes } from './plot-notes.ts'
import { rangeOf } from './plot-range.ts'
import { drawThresholds } from './plot-thresholds.ts'
import type { Theme } from './theme.ts'
import type { TimeRange } from './times.ts'

export interface Hover {
  readonly plot: Plot
  /** The place among the common moments. */
  readonly index: number
  /** The line nearest to the pointer. */
  readonly nearest: number
  /** Of the pointer or of what is read by keys, in the window. */
  readonly x: number
  readonly y: number
}

interface PlotOptions {
  readonly theme: Theme
  readonly syncKey?: string
  readonly hover: (hover: Hover | undefined) => void
  readonly select: (range: TimeRange) => void
  readonly zoomOut: () => void
}

export interface PlotView {
  draw(plot: Plot, range: TimeRange, width: number, height: number): void
  /** Puts the cursor on the first line at a moment, where a pointer may not be; undefined takes it away. */
  point(moment: number | undefined): Hover | undefined
  /** Lays marks and exemplars over it, in place of those before. */
  note(notes: Notes): void
  destroy(): void
}

const font = '12px Inter, sans-serif'

const isolated = (values: Drawn | uPlot.TypedArray): number[] =>
  [...values].flatMap((value, index) => {
    return isValue(value) && !isValue(values[index - 1]) && !isValue(values[index + 1]) ? index : []
  })

const pathsOf = ({ style }: Line): uPlot.Series.PathBuilder | undefined => {
  if (style.drawStyle === 'points') return () => null
  if (style.drawStyle === 'bars') return uPlot.paths.bars?.({ size: [0.7, 60], gap: 1 })
  if (style.lineInterpolation === 'smooth') return uPlot.paths.spline?.()
  if (style.lineInterpolation === 'stepBefore') return uPlot.paths.stepped?.({ align: -1 })
  if (style.lineInterpolation === 'stepAfter') return uPlot.paths.stepped?.({ align: 1 })
  return uPlot.paths.linear?.()
}

const fillOf = ({ style: { fillOpacity, gradientMode }, colour }: Line): uPlot.Series.Fill | undefined => {
  if (fillOpacity <= 0) return undefined
  const full = colorManipulator.alpha(colour, fillOpacity / 100)
  if (gradientMode === 'none') return full
  return (u) => {
    const { top, height } = u.bbox
    if (!Number.isFinite(top) || !Number.isFinite(height)) return full
    const gradient = u.ctx.createLinearGradient(0, top, 0, top + height)
    gradient.addColorStop(0, full)
    gradient.addColorStop(1, colorManipulator.alpha(colour, 0))
    return gradient
  }
}

const seriesOf = (line: Line): uPlot.Series => {
  const { style, colour, scale } = line
  const [paths, fill] = [pathsOf(line), fillOf(line)]
  const { fill: kind = 'solid', dash = [10, 10] } = style.lineStyle
  const points = style.drawStyle === 'points' ? 'always' : style.showPoints
  return {
    scale,
    label: line.name,
    stroke: colour,
    width: style.lineWidth,
    spanGaps: style.spanNulls === true,
    ...(paths && { paths }),
    ...(fill && { fill }),
    ...(kind !== 'solid' && { dash: kind === 'dot' ? [0, 10] : [...dash], cap: kind === 'dot' ? 'round' : 'butt' }),
    points: {
      size: style.pointSize,
      stroke: colour,
      fill: colour,
      ...(points !== 'auto' && { show: points === 'always' }),
      // A value between two gaps has no line to be seen by.
      filter: (u, series, show) => (show ? null : isolated(u.data[series] ?? [])),
    },
  }
}

const nearestTo = (u: uPlot, plot: Plot, index: number): number => {
  const top = u.cursor.top ?? 0
  const far = plot.drawn.map((values, place) => {
    const value = values[index]
    return isValue(value) ? Math.abs(u.valToPos(value, plot.lines[place]?.scale ?? 'y') - top) : Infinity
  })
  return far.indexOf(Math.min(...far))
}

/** What must be built anew when it changes; the rest is new data for what is there. */
const shapeOf = ({ lines, bands }: Plot, width: number, height: number) =>
  JSON.stringify([width, height, bands, lines.map(({ name, colour, scale, style }) => [name, colour, scale, style])])

const dataOf = ({ times, drawn }: Plot): uPlot.AlignedData => [[...times], ...drawn.map((values) => [...values])]

/** What a chart draws; read anew with each drawing, so that new data needs no new chart. */
interface Shown {
  plot: Plot
  range: TimeRange
  notes: Notes
}

const scaleOf = (first: () => Line | undefined): uPlot.Scale => {
  const { type = 'linear', log = 10 } = first()?.style.scaleDistribution ?? {}
  if (type === 'log') return { distr: 3, log: log === 2 ? 2 : 10 }
  return { range: (_u, low, high) => rangeOf(uPlot.rangeNum, first(), low, high) }
}

/** The first scale stands on the left, the others where there is room, unless they are told. */
const sideOf = (line: Line | undefined, place: number) => {
  const placement = line?.style.axisPlacement
  return placement === 'right' || (placement !== 'left' && place > 0) ? 'right' : 'left'
}

const chartOptions = (shown: Shown, options: PlotOptions, width: number, height: number): uPlot.Options => {
  const { theme } = options
  const { lines, bands } = shown.plot
  const keys = [...new Set(lines.map(({ scale }) => scale))]
  const first = (key: string) => () => shown.plot.lines.find(({ scale }) => scale === key)
  const right = keys.length > 1 ? 8 : rightPadding(shown.range.to - shown.range.from)
  return {
    width,
    height,
    ms: 1,
    padding: [8, right, 0, keys.length > 0 ? 0 : 8],
    legend: { show: false },
    cursor: cursorOf(options, theme),
    scales: {
      x: { time: true, range: () => [shown.range.from, shown.range.to] },
      ...Object.fromEntries(keys.map((key) => [key, scaleOf(first(key))])),
    },
    axes: [
      timeAxis({ theme, font }),
      ...keys.map((key, place) => valueAxis(key, first(key), sideOf(first(key)(), place), { theme, font })),
    ],
    series: [{}, ...lines.map(seriesOf)],
    bands: bands.map(([upper, lower]) => ({ series: [upper + 1, lower + 1] })),
    hooks: {
      draw: [(u) => drawNotes(u, shown.plot.lines, shown.notes)],
      drawClear: [(u) => drawThresholds(u, shown.plot.lines, theme.grafana)],
      setCursor: [(u) => options.hover(hoverOf(u, shown.plot))],
      setSelect: [(u) => selected(u, options)],
    },
  }
}

/** One chart of uPlot. A refresh with the same lines keeps it, and with it the pointer's place. */
export const plotView = (host: HTMLElement, options: PlotOptions): PlotView => {
  let chart: uPlot | undefined
  let shape = ''
  const shown: Shown = {
    plot: { times: [], lines: [], measured: [], drawn: [], bands: [] },
    range: { from: 0, to: 1 },
    notes: { marks: [], exemplars: [] },
  }
  const destroy = () => {
    chart?.destroy()
    chart = undefined
  }
  return {
    destroy,
    point: (moment) => chart && pointAt(chart, shown.plot, options, moment),
    note: (notes) => {
      shown.notes = notes
      chart?.redraw(false)
    },
    draw: (plot, range, width, height) => {
      const next = shapeOf(plot, width, height)
      Object.assign(shown, { plot, range })
      if (chart && next === shape) return chart.setData(dataOf(plot))
      destroy()
      shape = next
      chart = new uPlot(chartOptions(shown, options, width, height), dataOf(plot), host)
      chart.over.addEventListener('dblclick', options.zoomOut)
    },
  }
}

const cursorOf = ({ syncKey }: PlotOptions, theme: Theme): uPlot.Cursor => ({
  drag: { x: true, y: false, setScale: false },
  ...(syncKey && { sync: { key: syncKey, scales: ['x', null], setSeries: false } }),
  points: {
    size: 8,
    width: 2,
    stroke: () => theme.panel,
    fill: (u, series) => {
      const stroke = u.series[series]?.stroke
      return typeof stroke === 'function' ? String(stroke(u, series)) : String(stroke ?? '')
    },
  },
})

const hoverOf = (u: uPlot, plot: Plot): Hover | undefined => {
  const { idx, left = -1, top = -1, event } = u.cursor
  // A crosshair that another panel moves has no event of its own.
  if (idx === null || idx === undefined || left < 0 || !event || !u.over.matches(':hover')) return undefined
  const { x, y } = u.over.getBoundingClientRect()
  return { plot, index: idx, nearest: nearestTo(u, plot, idx), x: x + left, y: y + top }
}

/** On all charts that share a crosshair, each of which finds the moment on its own scale. */
const moveCursors = (u: uPlot, { syncKey }: PlotOptions, moment: number | undefined, top = -10) => {
  for (const one of syncKey ? uPlot.sync(syncKey).plots : [u]) {
    one.setCursor({ left: moment === undefined ? -10 : one.valToPos(moment, 'x'), top }, false)
  }
}

const pointAt = (u: uPlot, plot: Plot, options: PlotOptions, moment: number | undefined): Hover | undefined => {
  const index = moment === undefined ? -1 : plot.times.indexOf(moment)
  const nearest = plot.drawn.findIndex((values) => isValue(values[index]))
  const value = plot.drawn[nearest]?.[index]
  if (moment === undefined || !isValue(value)) {
    moveCursors(u, options, undefined)
    return undefined
  }
  const [left, top] = [u.valToPos(moment, 'x'), u.valToPos(value, plot.lines[nearest]?.scale ?? 'y')]
  moveCursors(u, options, moment, top)
  const { x, y } = u.over.getBoundingClientRect()
  return { plot, index, nearest, x: x + left, y: y + top }
}

const selected = (u: uPlot, { select }: PlotOptions) => {
  const { left, width } = u.select
  if (width < 4) return
  select({ from: Math.round(u.posToVal(left, 'x')), to: Math.round(u.posToVal(left + width, 'x')) })
  u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
}
