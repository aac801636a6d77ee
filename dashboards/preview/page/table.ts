import { button, el, keepingFocus } from './dom.ts'
import { colorManipulator, type DataFrame, fieldReducers, reduceField } from './grafana.ts'
import { linksOf } from './links.ts'
import type { PanelJson } from './model.ts'
import type { Scene } from './scene.ts'
import { type Column, columnsOf, orderOf, widthsOf } from './table-columns.ts'
import { lettersOn, type Theme } from './theme.ts'
import type { Drawing } from './visual.ts'

interface Options {
  readonly showHeader?: boolean
  readonly sortBy?: readonly { readonly displayName?: string; readonly desc?: boolean }[]
  readonly footer?: {
    readonly show?: boolean
    readonly reducer?: readonly string[]
    readonly fields?: readonly string[] | string
  }
}

interface Sorting {
  readonly by: string
  readonly descending: boolean
}

/** More rows are no overview, and a browser that stands still. */
const mostRows = 1000

const sideOf = ({ style: { align = 'auto' }, numeric }: Column) => {
  if (align === 'center' || align === 'left') return align
  return align === 'right' || numeric ? 'right' : 'left'
}

const paint = ({ style }: Column, colour: string | undefined, theme: Theme): Readonly<Record<string, string>> => {
  const { type = 'auto' } = style.cellOptions ?? {}
  if (!colour || !type.startsWith('color')) return {}
  if (type === 'color-text') return { color: colour }
  return { background: colour, color: lettersOn(colour, theme) }
}

const gauge = (percent: number, colour: string, text: string) => {
  const share = `${Math.min(100, Math.max(0, percent * 100))}%`
  const bar = el('span', {
    class: 'gauge-bar',
    style: { width: share, background: colorManipulator.alpha(colour, 0.7) },
  })
  return el(
    'span',
    { class: 'gauge' },
    el('span', { class: 'gauge-track' }, bar),
    el('span', { class: 'gauge-text', style: { color: colour } }, text),
  )
}

const cell = (column: Column, row: number, frame: DataFrame, scene: Scene) => {
  const { text, colour, percent } = column.cells[row] ?? { text: '' }
  const isGauge = column.style.cellOptions?.type === 'gauge' && percent !== undefined && text !== ''
  const content = isGauge ? gauge(percent, colour ?? scene.theme.text, text) : text
  const value: unknown = column.field.values[row]
  const [link] = linksOf({ fields: frame.fields, field: column.field, row, value }, scene)
  // Words that stand in place of a value are about nothing that a link could lead to.
  const empty = value === null || value === undefined || value === ''
  const wrap = column.style.cellOptions?.wrapText ? ' wrap' : ''
  return el(
    'td',
    { class: `${sideOf(column)}${wrap}`, title: text, style: paint(column, colour, scene.theme) },
    link && text && !empty
      ? el(
          'a',
          {
            href: link.href,
            title: `${link.title}\n${text}`,
            ...(link.blank && { target: '_blank', rel: 'noopener' }),
          },
          content,
        )
      : content,
  )
}

const footerOf = (columns: readonly Column[], { footer }: Options) => {
  const [id] = footer?.reducer ?? ['sum']
  if (!footer?.show || !id) return undefined
  const cells = columns.map((column, place) => {
    const { field, numeric } = column
    const chosen = !footer.fields?.length || footer.fields.includes(field.name)
    if (!numeric || !chosen) return el('td', {}, place === 0 ? (fieldReducers.getIfExists(id)?.name ?? id) : '')
    const shown = field.display?.(reduceField({ field, reducers: [id] })[id])
    return el('td', { class: sideOf(column) }, shown ? `${shown.prefix ?? ''}${shown.text}${shown.suffix ?? ''}` : '')
  })
  return el('tfoot', {}, el('tr', {}, ...cells))
}

const headOf = (columns: readonly Column[], sorting: readonly Sorting[], sort: (sorting: Sorting) => void) => {
  const head = (column: Column) => {
    const { title, numeric } = column
    const current = sorting.find(({ by }) => by === title)
    const press = () => sort({ by: title, descending: current ? !current.descending : numeric })
    const order = current ? (current.descending ? 'descending' : 'ascending') : 'none'
    const arrow = current ? (current.descending ? ' ↓' : ' ↑') : ''
    return el(
      'th',
      { scope: 'col', class: sideOf(column), 'aria-sort': order },
      button({ text: `${title}${arrow}`, title: `Sort by ${title}` }, press),
    )
  }
  return el('thead', {}, el('tr', {}, ...columns.map(head)))
}

const draw = (
  frame: DataFrame,
  options: Options,
  sorting: readonly Sorting[],
  room: number,
  scene: Scene,
  sort: (sorting: Sorting) => void,
) => {
  const columns = columnsOf(frame)
  const order = sorting.flatMap(({ by, descending }) => {
    const column = columns.find(({ title }) => title === by)
    return column ? [{ column, descending }] : []
  })
  const every = orderOf(order, frame.length)
  const rows = every.slice(0, mostRows)
  const widths = widthsOf(columns, room)
  return el(
    'div',
    {},
    el(
      'table',
      { class: 'table', style: { width: `${Math.floor(widths.reduce((sum, width) => sum + width, 0))}px` } },
      el('colgroup', {}, ...widths.map((width) => el('col', { style: { width: `${width}px` } }))),
      (options.showHeader ?? true) && headOf(columns, sorting, sort),
      el('tbody', {}, ...rows.map((row) => el('tr', {}, ...columns.map((column) => cell(column, row, frame, scene))))),
      footerOf(columns, options),
    ),
    every.length > mostRows && el('div', { class: 'hint' }, `The first ${mostRows} of ${every.length} rows.`),
  )
}

/** Rows and columns; the first of several frames, as Grafana begins with. */
export const table = (panel: PanelJson, host: HTMLElement): Drawing => {
  const options: Options = panel.options ?? {}
  let sorting: readonly Sorting[] = (options.sortBy ?? []).map(({ displayName = '', desc = false }) => ({
    by: displayName,
    descending: desc,
  }))
  let last: { readonly frame: DataFrame | undefined; readonly scene: Scene } | undefined
  const root = el('div', { class: 'table-box', tabindex: '-1' })
  host.replaceChildren(root)
  const redraw = () => {
    if (!last?.frame) return
    const { scrollTop, scrollLeft } = root
    const sort = (next: Sorting) => {
      sorting = [next]
      keepingFocus(() => root, redraw)
    }
    root.replaceChildren(draw(last.frame, options, sorting, root.clientWidth, last.scene, sort))
    root.scrollTo(scrollLeft, scrollTop)
  }
  let width = 0
  const observer = new ResizeObserver(() => {
    if (root.clientWidth === width) return
    width = root.clientWidth
    redraw()
  })
  observer.observe(root)
  return {
    show: (frames, scene) => {
      last = { frame: frames.find(({ length }) => length > 0), scene }
      redraw()
    },
  }
}
