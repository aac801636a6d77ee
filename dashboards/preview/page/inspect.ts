import { formatDuration } from '../../duration.ts'
import { openDialog } from './dialog.ts'
import { el } from './dom.ts'
import { forPeople, interpolate } from './interpolate.ts'
import type { PanelJson } from './model.ts'
import type { PanelData } from './panel-data.ts'
import type { Scene } from './scene.ts'

/** The same query on Prometheus' own page, which is good for trying another one. */
const elsewhere = (expr: string, { site, range }: Scene) => {
  const query = new URLSearchParams({
    'g0.expr': expr,
    'g0.tab': '0',
    'g0.range_input': `${Math.round((range.to - range.from) / 1000)}s`,
    'g0.end_input': new Date(range.to).toISOString().slice(0, 19).replace('T', ' '),
  })
  return `${site.prometheus}/graph?${query}`
}

/** Shows what a panel asks, as it was sent. */
export const inspect = (panel: PanelJson, data: PanelData | undefined, scene: Scene): void => {
  const queries = (data?.sent ?? []).map(({ refId, expr, step }) =>
    el(
      'div',
      { class: 'query' },
      el(
        'div',
        { class: 'query-head' },
        `${refId || 'Query'} · step ${formatDuration(step)}`,
        el('a', { href: elsewhere(expr, scene), target: '_blank', rel: 'noopener' }, 'Open in Prometheus'),
      ),
      el('pre', {}, expr),
    ),
  )
  const warnings = (data?.warnings ?? []).map((warning) => el('p', { class: 'variable-fault' }, warning))
  openDialog('Queries', interpolate(panel.title ?? '', scene.lookup, forPeople), ...queries, ...warnings)
}
