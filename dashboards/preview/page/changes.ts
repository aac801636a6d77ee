import { fetchDashboard, fetchSite } from './api.ts'
import { el, icon } from './dom.ts'
import type { Change, DashboardJson, Site } from './model.ts'

/** Over everything else: what is drawn is not what the source says. */
const faultBanner = (fault: string) =>
  el(
    'div',
    { class: 'source-fault', role: 'alert' },
    el(
      'p',
      { class: 'source-words' },
      icon('warning'),
      'The source does not compile. This is drawn from what it was before.',
    ),
    el('pre', {}, fault),
  )

const tellFault = (fault: string | undefined) => {
  document.querySelector('.source-fault')?.remove()
  if (fault !== undefined) document.body.prepend(faultBanner(fault))
}

/** What the tabs of a browser call each other, and what they wait for. */
const shared = 'changes'

/**
 * A browser has six connections to a server for all of its tabs, and would have none left for questions: one tab listens,
 * and tells the others. Whichever waits longest takes its place when it closes.
 */
const listen = (told: (change: Change) => void) => {
  const tabs = new BroadcastChannel(shared)
  let last: Change | undefined
  tabs.addEventListener('message', ({ data }: MessageEvent<Change | undefined>) => {
    if (data) told(data)
    else if (last) tabs.postMessage(last)
  })
  // Asks whoever listens for what it heard before.
  tabs.postMessage(undefined)
  const hear = () =>
    new EventSource('/api/changes').addEventListener('message', ({ data }: MessageEvent<string>) => {
      const change: Change = JSON.parse(data)
      last = change
      tabs.postMessage(change)
      told(change)
    })
  // Held for as long as the tab is there.
  void navigator.locks.request(shared, () => new Promise(hear))
}

/** Draws each new edition of a dashboard as soon as its source gives one. */
export const followChanges = (
  { version: first }: Site,
  uid: string | undefined,
  renew: (site: Site, dashboard: DashboardJson) => void,
): void => {
  let shown = first
  let latest = first
  const take = async () => {
    const site = await fetchSite()
    const dashboard = uid === undefined ? undefined : await fetchDashboard(uid)
    // A newer one was told of meanwhile, and is under way.
    if (site.version !== latest || latest === shown) return
    shown = latest
    if (dashboard) renew(site, dashboard)
    else location.reload()
  }
  listen(({ version, fault }) => {
    latest = version
    tellFault(fault)
    if (version !== shown) void take()
  })
}
