import { fetchDashboard, fetchSite } from './api.ts'
import { followChanges } from './changes.ts'
import { showDashboard } from './dashboard.ts'
import { el } from './dom.ts'
import { notice } from './head.ts'
import { dashboardHref } from './links.ts'
import type { Site } from './model.ts'
import { themeOf } from './theme.ts'
import { parseState, uidOf } from './url-state.ts'
import { wear } from './wear.ts'

/** What there is, for whoever followed a link to what there is not. */
const showList = ({ dashboards, prometheus }: Site, words: string) => {
  const state = parseState(location.search, {})
  wear(themeOf(state.theme ?? 'dark'), document.documentElement)
  document.title = 'Dashboards - preview'
  document.body.replaceChildren(
    el(
      'main',
      { class: 'list' },
      el('h1', {}, 'Dashboards'),
      notice(prometheus),
      el('p', { role: 'alert' }, words),
      el(
        'ul',
        {},
        ...dashboards.map(({ uid, title, description }) =>
          el('li', {}, el('a', { href: dashboardHref(uid, state) }, title), el('p', {}, description ?? '')),
        ),
      ),
    ),
  )
  document.documentElement.dataset.state = 'settled'
}

const start = async () => {
  const site = await fetchSite()
  const uid = uidOf(location.pathname)
  const dashboard = uid === undefined ? undefined : await fetchDashboard(uid)
  // Letters are drawn on a canvas as they are at that moment.
  await Promise.all(['12px Inter', '500 14px Inter'].map((font) => document.fonts.load(font)))
  const view = dashboard && showDashboard(site, dashboard)
  if (!view) {
    showList(site, uid === undefined ? 'There are no dashboards.' : `There is no dashboard ${uid}. These are known:`)
  }
  if (site.version !== undefined) followChanges(site, uid, view?.renew ?? (() => location.reload()))
}

start().catch((error: unknown) => {
  document.body.textContent = `The preview could not start: ${error instanceof Error ? error.message : String(error)}`
  throw error
})
