import { hideTooltip, showBeside } from './beside.ts'
import { el } from './dom.ts'
import type { Hover } from './plot.ts'
import { valueMark } from './plot-axes.ts'
import { formatMoment } from './times.ts'

export interface TooltipOptions {
  readonly mode?: string
  readonly sort?: string
}

/** More would not fit beside the pointer. */
const mostRows = 24

const rowsOf = ({ plot, index, nearest }: Hover, { mode, sort }: TooltipOptions) => {
  const rows = plot.lines.flatMap((line, place) => {
    const value = plot.measured[place]?.[index]
    if (value === null || value === undefined || line.style.hideFrom.tooltip) return []
    return { line, value, near: place === nearest }
  })
  if (mode === 'single') return rows.filter(({ near }) => near)
  if (sort === 'asc') return rows.toSorted((a, b) => a.value - b.value)
  return sort === 'desc' ? rows.toSorted((a, b) => b.value - a.value) : rows
}

const draw = (hover: Hover, options: TooltipOptions) => {
  const rows = rowsOf(hover, options)
  const more = rows.length - mostRows
  return [
    el('div', { class: 'tooltip-time' }, formatMoment(hover.plot.times[hover.index] ?? 0)),
    ...rows.slice(0, mostRows).map(({ line, value, near }) => {
      return el(
        'div',
        { class: near ? 'tooltip-row near' : 'tooltip-row' },
        el('span', { class: 'legend-mark', style: { background: line.colour } }),
        el('span', { class: 'tooltip-name' }, line.name),
        el('span', { class: 'tooltip-value' }, valueMark(line, value)),
      )
    }),
    ...(more > 0 ? [el('div', { class: 'hint' }, `and ${more} more`)] : []),
    ...(rows.length === 0 ? [el('div', { class: 'hint' }, 'no value here')] : []),
  ]
}

export const showTooltip = (hover: Hover | undefined, options: TooltipOptions): void => {
  if (!hover || options.mode === 'none') hideTooltip()
  else showBeside(hover.x, hover.y, draw(hover, options))
}
