import { el, icon } from './dom.ts'
import { closedRows, layOut, type Placed, rowKey } from './layout.ts'
import type { DashboardJson, PanelJson } from './model.ts'
import { type PanelView, panelView } from './panel.ts'

export interface GridView {
  readonly element: HTMLElement
  /** The panels that are to be seen, from the top. */
  readonly views: () => readonly PanelView[]
  /** Shows one panel alone, or all. */
  focus(panel: number | undefined): void
  /** Draws another edition; what did not change stays as it is, and so does what is open. */
  renew(dashboard: DashboardJson): void
}

/** Panels on 24 columns; `opened` tells that some have appeared that have no data yet. */
export const gridView = (dashboard: DashboardJson, opened: () => void, words: (text: string) => string): GridView => {
  const element = el('main', { class: 'grid' })
  let { panels = [] } = dashboard
  const views = new Map<string, { readonly view: PanelView; readonly text: string }>()
  /** All of another edition that is not what it was. */
  const forget = () => {
    const texts = new Map(layOut(panels, new Set()).map(({ panel, key }) => [key, JSON.stringify(panel)]))
    for (const [key, { view, text }] of views) {
      if (texts.get(key) === text) continue
      view.destroy()
      views.delete(key)
    }
  }
  const closed = new Set(closedRows(panels))
  let shown: readonly string[] = []
  let alone: number | undefined

  const place = ({ place: { x, y, w, h } }: Placed, item: HTMLElement) => {
    item.style.gridColumn = `${x + 1} / span ${w}`
    item.style.gridRow = `${y + 1} / span ${h}`
    return item
  }
  const rowOf = (panel: PanelJson) => {
    const key = rowKey(panel)
    const open = !closed.has(key)
    const toggle = () => {
      if (!closed.delete(key)) closed.add(key)
      draw()
      opened()
    }
    const title = el(
      'h2',
      {},
      el(
        'button',
        { type: 'button', 'aria-expanded': String(open), on: { click: toggle } },
        icon(open ? 'down' : 'right'),
        words(panel.title || 'Row'),
      ),
    )
    return el('div', { class: open ? 'row' : 'row closed' }, title)
  }
  const viewOf = ({ panel, key }: Placed) => {
    const known = views.get(key)
    if (known) return known.view
    const view = panelView(panel)
    views.set(key, { view, text: JSON.stringify(panel) })
    return view
  }
  const visible = (): readonly Placed[] => {
    if (alone === undefined) return layOut(panels, closed)
    const found = layOut(panels, new Set()).filter(({ panel }) => panel.id === alone && panel.type !== 'row')
    return found.map((one) => ({ ...one, place: { x: 0, y: 0, w: 24, h: 20 } }))
  }
  const draw = () => {
    const placed = visible()
    element.classList.toggle('alone', alone !== undefined)
    element.replaceChildren(
      ...placed.map((one) => place(one, one.panel.type === 'row' ? rowOf(one.panel) : viewOf(one).element)),
    )
    if (placed.length === 0) {
      element.append(
        el(
          'p',
          { class: 'empty' },
          alone === undefined ? 'This dashboard has no panels.' : `There is no panel ${alone} here.`,
        ),
      )
    }
    shown = placed.map(({ key }) => key)
  }
  draw()
  return {
    element,
    views: () => shown.flatMap((key) => views.get(key)?.view ?? []),
    renew: (next) => {
      const known = new Set(panels.map(rowKey))
      panels = next.panels ?? []
      for (const key of closedRows(panels)) if (!known.has(key)) closed.add(key)
      forget()
      draw()
    },
    focus: (panel) => {
      if (panel === alone) return
      alone = panel
      draw()
    },
  }
}
