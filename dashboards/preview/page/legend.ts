import { button, el } from './dom.ts'
import { fieldReducers, reduceField } from './grafana.ts'
import type { Line } from './plot-model.ts'

export interface LegendOptions {
  readonly showLegend?: boolean
  readonly displayMode?: string
  readonly placement?: string
  readonly calcs?: readonly string[]
  readonly width?: number
  readonly sortBy?: string
  readonly sortDesc?: boolean
}

/** What is shown, and by what the table is ordered; kept over refreshes. */
export interface LegendState {
  readonly hidden: ReadonlySet<string>
  readonly sortBy: string | undefined
  readonly descending: boolean
}

interface LegendProps {
  readonly lines: readonly Line[]
  readonly options: LegendOptions
  readonly state: LegendState
  readonly change: (state: LegendState) => void
}

const calcName = (id: string) => fieldReducers.getIfExists(id)?.name ?? id

const calculated = ({ field, values }: Line, id: string): { readonly text: string; readonly number: number } => {
  const result: unknown = reduceField({ field: { ...field, values: [...values], state: null }, reducers: [id] })[id]
  const number = typeof result === 'number' ? result : Number.NaN
  if (result === null || result === undefined) return { text: '-', number }
  const shown = field.display?.(result)
  return { text: shown ? `${shown.prefix ?? ''}${shown.text}${shown.suffix ?? ''}` : String(result), number }
}

/** A click shows one line alone, or all again; with Ctrl or Shift it takes one out or puts it back. */
const toggled = (hidden: ReadonlySet<string>, names: readonly string[], name: string, one: boolean) => {
  if (one) return new Set(hidden.has(name) ? [...hidden].filter((other) => other !== name) : [...hidden, name])
  const others = names.filter((other) => other !== name)
  const alone = !hidden.has(name) && others.every((other) => hidden.has(other)) && others.length > 0
  return new Set(alone ? [] : others)
}

const named = (line: Line, { lines, state, change }: LegendProps) => {
  const { name, colour } = line
  const off = state.hidden.has(name)
  const mark = el('span', { class: 'legend-mark', style: { background: colour } })
  const names = lines.map((other) => other.name)
  const item = button(
    { class: off ? 'legend-name off' : 'legend-name', title: name, 'aria-pressed': String(!off) },
    (event) => {
      const one = event instanceof MouseEvent && (event.ctrlKey || event.metaKey || event.shiftKey)
      change({ ...state, hidden: toggled(state.hidden, names, name, one) })
    },
  )
  item.append(mark, el('span', { class: 'legend-text' }, name))
  return item
}

const asList = (props: LegendProps) => {
  const { lines, options } = props
  const items = lines.map((line) => {
    const calcs = (options.calcs ?? []).map((id) =>
      el('span', { class: 'legend-calc' }, `${calcName(id)}: ${calculated(line, id).text}`),
    )
    return el('li', {}, named(line, props), ...calcs)
  })
  return el('ul', { class: 'legend legend-list' }, ...items)
}

const asTable = (props: LegendProps) => {
  const { lines, options, state, change } = props
  const calcs = options.calcs ?? []
  const rows = lines.map((line) => ({ line, cells: calcs.map((id) => calculated(line, id)) }))
  const sortBy = state.sortBy ?? options.sortBy
  const place = calcs.findIndex((id) => calcName(id) === sortBy)
  const order = (a: (typeof rows)[number], b: (typeof rows)[number]) =>
    place < 0
      ? a.line.name.localeCompare(b.line.name, 'en', { numeric: true })
      : (a.cells[place]?.number || 0) - (b.cells[place]?.number || 0)
  const sorted = sortBy === undefined ? rows : rows.toSorted((a, b) => (state.descending ? -1 : 1) * order(a, b))
  const head = (title: string, index: number) => {
    const current = sortBy === title
    const press = () => change({ ...state, sortBy: title, descending: current ? !state.descending : index > 0 })
    const arrow = current ? (state.descending ? ' ↓' : ' ↑') : ''
    return el('th', { scope: 'col', class: index > 0 ? 'number' : 'name' }, button({ text: `${title}${arrow}` }, press))
  }
  return el(
    'table',
    { class: 'legend legend-table' },
    el('thead', {}, el('tr', {}, ...['Name', ...calcs.map(calcName)].map(head))),
    el(
      'tbody',
      {},
      ...sorted.map(({ line, cells }) =>
        el('tr', {}, el('td', {}, named(line, props)), ...cells.map(({ text }) => el('td', { class: 'number' }, text))),
      ),
    ),
  )
}

export const legendView = (props: LegendProps): HTMLElement | undefined => {
  const { showLegend = true, displayMode = 'list' } = props.options
  if (!showLegend || displayMode === 'hidden') return undefined
  const shown = { ...props, lines: props.lines.filter(({ style }) => !style.hideFrom.legend) }
  return displayMode === 'table' ? asTable(shown) : asList(shown)
}
