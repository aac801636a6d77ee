import type { QueryFault } from './api.ts'
import { button, el, icon } from './dom.ts'
import { headLinks } from './links.ts'
import type { PanelJson } from './model.ts'
import type { Scene } from './scene.ts'
import { markdown } from './text.ts'

type Words = (text: string) => string

/** The parts of a panel that are the same for all kinds. */
export interface Frame {
  readonly element: HTMLElement
  /** Where the data is drawn. */
  readonly host: HTMLElement
  /** What stands over the data. */
  readonly note: HTMLElement
  readonly title: HTMLElement
  /** Where it leads to. */
  readonly links: HTMLElement
  readonly actions: HTMLElement
}

const hint = ({ description, title }: PanelJson, words: Words) => {
  if (!description) return undefined
  const popup = el('div', { class: 'hint-popup', role: 'tooltip' })
  // Built when somebody asks for it: there are dozens on a page.
  const fill = () => popup.replaceChildren(markdown(words(description)))
  const name = `About ${title || 'this panel'}: ${description}`
  const opener = el('button', { type: 'button', class: 'panel-info', 'aria-label': name }, icon('info'))
  return el('span', { class: 'hint-anchor', on: { pointerenter: fill, focusin: fill } }, opener, popup)
}

export const panelFrame = (panel: PanelJson, words: Words): Frame => {
  const title = el('h2', { class: 'panel-title' })
  const links = el('span', { class: 'panel-links' })
  const actions = el('span', { class: 'panel-actions' })
  const host = el('div', { class: 'panel-host' })
  const note = el('div', { class: 'panel-note' })
  const busy = el('div', { class: 'busy', 'aria-hidden': 'true' })
  const looks = ['panel', panel.transparent && 'transparent', !panel.title && 'untitled'].filter(Boolean).join(' ')
  const element = el(
    'section',
    {
      class: looks,
      'data-panel': panel.title ?? '',
      'data-type': panel.type,
      'aria-label': panel.title || panel.type,
    },
    el('header', { class: 'panel-head' }, title, hint(panel, words), links, actions, busy),
    el('div', { class: 'panel-body' }, host, note),
  )
  return { element, host, note, title, links, actions }
}

interface Actions {
  readonly inspect: () => void
  readonly turn: () => void
  /** Whether this panel is the only one shown. */
  readonly alone: boolean
}

export const actionsOf = (
  { id, targets = [] }: PanelJson,
  { inspect, turn, alone }: Actions,
): readonly HTMLElement[] => {
  const queries = 'Show the queries'
  const view = alone ? 'Show all panels' : 'Show this panel alone'
  return [
    ...(targets.length > 0 ? [button({ icon: 'code', title: queries, 'aria-label': queries }, inspect)] : []),
    ...(id === undefined ? [] : [button({ icon: alone ? 'close' : 'expand', title: view, 'aria-label': view }, turn)]),
  ]
}

/** Its own links, with the time and the choices that they take along. */
export const panelLinks = ({ links = [] }: PanelJson, scene: Scene): readonly HTMLElement[] =>
  headLinks(links, scene, scene.site.dashboards).map(({ title, href, blank }) =>
    el(
      'a',
      {
        class: 'panel-link',
        href,
        title,
        'aria-label': title,
        ...(blank && { target: '_blank', rel: 'noopener' }),
      },
      icon('link'),
    ),
  )

/** In Prometheus' words. Old data stays visible behind it, dimmed. */
export const faultBox = (faults: readonly QueryFault[]): HTMLElement =>
  el(
    'div',
    { class: 'fault', role: 'alert' },
    icon('warning'),
    el('div', { class: 'fault-text' }, ...faults.map(({ message }) => el('p', {}, message))),
  )
