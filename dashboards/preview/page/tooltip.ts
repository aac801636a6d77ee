import { hideTooltip, showBeside } from './beside.ts'
import { el } from './dom.ts'
import type { Hover } from './plot.ts'
import { valueMark } from './plot-axes.ts'
import { isValue, type Line } from './plot-model.ts'
import { formatMoment } from './times.ts'

export interface TooltipOptions {
  readonly mode?: string
  readonly sort?: string
}

/** More would not fit beside the pointer. */
const mostRows = 24

interface Row {
  readonly line: Line
  readonly value: number
  readonly near: boolean
}

const rowsOf = ({ plot, index, nearest }: Hover, { mode, sort }: TooltipOptions): readonly Row[] => {
  const rows = plot.lines.flatMap((line, place) => {
    const value = plot.measured[place]?.[index]
    return isValue(value) && !line.style.hideFrom.tooltip ? { line, value, near: place === nearest } : []
  })
  if (mode === 'single') return rows.filter(({ near }) => near)
  if (sort === 'asc') return rows.toSorted((a, b) => a.value - b.value)
  return sort === 'desc' ? rows.toSorted((a, b) => b.value - a.value) : rows
}

/** The first, and the one that is pointed at, which takes the place of the last of them. */
const fitting = (rows: readonly Row[]) => {
  const first = rows.slice(0, mostRows)
  const near = rows.slice(mostRows).find((row) => row.near)
  return near ? [...first.slice(0, -1), near] : first
}

const toldOf = (hover: Hover, options: TooltipOptions) => {
  const rows = rowsOf(hover, options)
  const more = rows.length - mostRows
  return {
    when: formatMoment(hover.plot.times[hover.index] ?? 0),
    rows: fitting(rows),
    hint: rows.length === 0 ? 'no value here' : more > 0 ? `and ${more} more` : undefined,
  }
}

const draw = (hover: Hover, options: TooltipOptions) => {
  const { when, rows, hint } = toldOf(hover, options)
  return [
    el('div', { class: 'tooltip-time' }, when),
    ...rows.map(({ line, value, near }) => {
      return el(
        'div',
        { class: near ? 'tooltip-row near' : 'tooltip-row' },
        el('span', { class: 'legend-mark', style: { background: line.colour } }),
        el('span', { class: 'tooltip-name' }, line.name),
        el('span', { class: 'tooltip-value' }, valueMark(line, value)),
      )
    }),
    ...(hint === undefined ? [] : [el('div', { class: 'hint' }, hint)]),
  ]
}

/** What the tooltip says, for whoever does not see it. */
export const spoken = (hover: Hover, options: TooltipOptions): string => {
  const { when, rows, hint } = toldOf(hover, options)
  const values = rows.map(({ line, value }) => `${line.name} ${valueMark(line, value)}`)
  return [when, ...values, hint].filter((part) => part !== undefined).join(', ')
}

export const showTooltip = (hover: Hover | undefined, options: TooltipOptions): void => {
  if (!hover || options.mode === 'none') hideTooltip()
  else showBeside(hover.x, hover.y, draw(hover, options))
}
