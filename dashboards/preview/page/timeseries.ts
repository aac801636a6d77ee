import type { Mark } from './annotations.ts'
import { el, keepingFocus } from './dom.ts'
import type { Exemplar } from './exemplars.ts'
import type { DataFrame } from './grafana.ts'
import { forPeople, interpolate } from './interpolate.ts'
import { type LegendOptions, type LegendState, legendView } from './legend.ts'
import type { PanelJson } from './model.ts'
import { type Hover, type PlotView, plotView } from './plot.ts'
import { type Line, linesOf, momentsOf, plotOf } from './plot-model.ts'
import { readByKeys } from './plot-reading.ts'
import type { Scene } from './scene.ts'
import { showTooltip, spoken, type TooltipOptions } from './tooltip.ts'
import type { Drawing } from './visual.ts'

interface Options {
  readonly legend?: LegendOptions
  readonly tooltip?: TooltipOptions
}

/** The legend beside the chart, drawn anew where it was, as far as it was scrolled. */
const legendBox = (root: HTMLElement) => {
  let box: HTMLElement | undefined
  return (fresh: HTMLElement | undefined) => {
    const scrolled = box?.scrollTop ?? 0
    box?.remove()
    box = fresh && el('div', { class: 'legend-box', tabindex: '-1' }, fresh)
    if (!box) return
    root.append(box)
    box.scrollTop = scrolled
  }
}

/** A chart takes the keyboard as a whole; its panel's title is the name of it. */
const chartArea = () =>
  el('div', {
    class: 'plot',
    tabindex: '0',
    role: 'application',
    'aria-roledescription': 'chart',
    'aria-description': 'Arrow keys read its points',
  })

/** Lines over time, with a legend beside or below. */
export const timeseries = (panel: PanelJson, host: HTMLElement): Drawing => {
  const { legend = {}, tooltip = {} }: Options = panel.options ?? {}
  const area = chartArea()
  /** Where what is read by keys is said aloud. */
  const voice = el('div', { class: 'voice', role: 'status' })
  const root = el('div', { class: legend.placement === 'right' ? 'chart chart-right' : 'chart' }, area, voice)
  host.replaceChildren(root)
  const drawLegend = legendBox(root)
  let state: LegendState = { hidden: new Set(), sortBy: undefined, descending: legend.sortDesc ?? true }
  let marks: readonly Mark[] = []
  let exemplars: readonly Exemplar[] = []
  let last: { readonly lines: readonly Line[]; readonly scene: Scene; readonly chart: PlotView } | undefined

  let telling = false
  /** The tooltip may be another chart's: only whose it is takes it away. */
  const tell = (hover: Hover | undefined) => {
    if (hover || telling) showTooltip(hover, tooltip)
    telling = hover !== undefined
  }
  const visible = () => plotOf((last?.lines ?? []).filter(({ name }) => !state.hidden.has(name)))
  const readOn = readByKeys(area, {
    moments: () => (last ? momentsOf(visible(), last.scene.range) : []),
    show: (moment) => {
      const hover = last?.chart.point(moment)
      tell(hover)
      const words = hover ? spoken(hover, tooltip) : ''
      // What was said is not said again after a refresh.
      if (voice.textContent !== words) voice.textContent = words
    },
  })
  const drawPlot = () => {
    const { width, height } = area.getBoundingClientRect()
    if (!last || width < 40 || height < 40) return
    last.chart.draw(visible(), last.scene.range, Math.floor(width), Math.floor(height))
    // The chart puts its cursor back when it draws, which is after this.
    queueMicrotask(readOn)
  }
  const note = () => {
    const shown = exemplars.filter(({ refId }) =>
      last?.lines.some((line) => line.refId === refId && !state.hidden.has(line.name)),
    )
    last?.chart.note({ marks, exemplars: shown })
  }
  const draw = (lines: readonly Line[]) => {
    const change = (next: LegendState) => {
      state = next
      keepingFocus(
        () => root,
        () => draw(lines),
      )
    }
    drawLegend(legendView({ lines, options: legend, state, change }))
    note()
    drawPlot()
  }
  const chartFor = ({ theme, sharedCrosshair }: Scene) =>
    plotView(area, {
      theme,
      ...(sharedCrosshair && { syncKey: 'page' }),
      hover: tell,
      select: ({ from, to }) => last?.scene.zoom({ from: String(from), to: String(to) }),
      zoomOut: () => last?.scene.zoomOut(),
    })
  const sizes = new ResizeObserver(drawPlot)
  sizes.observe(area)
  return {
    show: (frames: readonly DataFrame[], scene: Scene, found: readonly Exemplar[]) => {
      exemplars = found
      area.setAttribute('aria-label', interpolate(panel.title ?? '', scene.lookup, forPeople))
      const same = last?.scene.theme === scene.theme
      if (!same) last?.chart.destroy()
      const lines = linesOf(frames, scene.theme.grafana)
      last = { lines, scene, chart: (same && last?.chart) || chartFor(scene) }
      draw(lines)
    },
    mark: (next) => {
      marks = next
      note()
    },
    destroy: () => {
      sizes.disconnect()
      last?.chart.destroy()
      tell(undefined)
    },
  }
}
