import type { GridPos, PanelJson } from './model.ts'

export interface Placed {
  readonly panel: PanelJson
  readonly place: GridPos
  /** Tells it apart from the others: ids may be missing. */
  readonly key: string
}

interface Section {
  readonly row: PanelJson | undefined
  readonly panels: readonly PanelJson[]
}

const usual: GridPos = { x: 0, y: 0, w: 12, h: 8 }

/** A row holds its panels itself while it is collapsed; else they are what follows it. */
const sectionsOf = (panels: readonly PanelJson[]): readonly Section[] => {
  const sections: { row: PanelJson | undefined; panels: PanelJson[] }[] = [{ row: undefined, panels: [] }]
  for (const panel of panels) {
    if (panel.type === 'row') sections.push({ row: panel, panels: [...(panel.panels ?? [])] })
    else sections.at(-1)?.panels.push(panel)
  }
  return sections
}

export const rowKey = (row: PanelJson) => `row ${row.id ?? ''} ${row.title ?? ''}`

/** The rows that are closed when a dashboard is opened. */
export const closedRows = (panels: readonly PanelJson[]): ReadonlySet<string> =>
  new Set(panels.filter(({ type, collapsed }) => type === 'row' && collapsed).map(rowKey))

/** Stands the sections one below the other, whatever rows are open: a row that opens pushes down what is below. */
export const layOut = (panels: readonly PanelJson[], closed: ReadonlySet<string>): readonly Placed[] => {
  const placed: Placed[] = []
  let y = 0
  for (const [index, { row, panels: inside }] of sectionsOf(panels).entries()) {
    if (row) {
      placed.push({ panel: row, place: { x: 0, y, w: 24, h: 1 }, key: rowKey(row) })
      y += 1
      if (closed.has(rowKey(row))) continue
    }
    const top = Math.min(...inside.map(({ gridPos = usual }) => gridPos.y))
    let bottom = y
    for (const [nth, panel] of inside.entries()) {
      const { x, y: at, w, h } = panel.gridPos ?? usual
      const place = { x, y: y + at - top, w: Math.min(w, 24 - x), h }
      bottom = Math.max(bottom, place.y + h)
      placed.push({ panel, place, key: `panel ${panel.id ?? `${index}.${nth}`}` })
    }
    y = bottom
  }
  return placed
}
