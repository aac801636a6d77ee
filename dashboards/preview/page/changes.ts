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
  new EventSource('/api/changes').addEventListener('message', ({ data }: MessageEvent<string>) => {
    const { version, fault }: Change = JSON.parse(data)
    latest = version
    tellFault(fault)
    if (version !== shown) void take()
  })
}
