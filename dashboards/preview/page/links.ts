import type { Field } from './grafana.ts'
import { forUrls, interpolate, type Meaning } from './interpolate.ts'
import type { DashboardLink, Listed } from './model.ts'
import type { Scene } from './scene.ts'
import { formatState, type UrlState, withQuery } from './url-state.ts'

export interface Link {
  readonly title: string
  readonly href: string
  readonly blank: boolean
}

/** A link comes from a dashboard, its parts from labels: it leads to a page, and runs nothing. */
export const safeHref = (href: string): string | undefined => {
  try {
    const { protocol } = new URL(href, 'http://preview.invalid')
    return ['http:', 'https:', 'mailto:'].includes(protocol) ? href : undefined
  } catch {
    return undefined
  }
}

/** What a link of a value may quote: the row it stands in, its own field, and itself. */
export interface Quotable {
  readonly fields: readonly Field[]
  readonly field: Field
  readonly row?: number | undefined
  readonly value?: unknown
}

const unquoted = (path: string) => path.replace(/^\.?/, '').replace(/^\[?"?(.*?)"?\]?$/, '$1')

const quote = ({ fields, field, row, value }: Quotable, name: string, path = ''): string | undefined => {
  if (name === '__value') return value === undefined ? undefined : String(value ?? '')
  if (name === '__series') return field.config.displayNameFromDS ?? field.name
  if (name === '__field' && path === '.name') return field.state?.displayName ?? field.name
  if (name === '__field' && path.startsWith('.labels'))
    return field.labels?.[unquoted(path.slice('.labels'.length))] ?? ''
  if (name !== '__data' || !path.startsWith('.fields')) return undefined
  const wanted = unquoted(path.slice('.fields'.length))
  const found = fields.find(
    (one) => one.name === wanted || one.state?.displayName === wanted || one.config.displayName === wanted,
  )
  return found && row !== undefined ? String(found.values[row] ?? '') : undefined
}

const raw = (text: string): Meaning => ({ values: [text], raw: true })

/** All that a dashboard's own links, data links and texts may say of the state of the page. */
const stateMacros = (state: UrlState): Readonly<Record<string, Meaning>> => ({
  __url_time_range: raw(formatState({ ...pure(state), refresh: '' }, { variables: false })),
  __all_variables: raw(formatState(pure(state), { time: false })),
})

const pure = ({ range, refresh, variables }: UrlState): UrlState => ({ range, refresh, variables })

const kept = ({ keepTime = false, includeVars = false }: DashboardLink, state: UrlState) => {
  const { panel: _alone, ...others } = state
  return formatState(others, { time: keepTime, variables: includeVars })
}

/** Another dashboard looks as this one does: theme and switches go along. Other addresses know nothing of them. */
const alike = (href: string, state: UrlState) => (href.startsWith('/d/') ? withQuery(href, kept({}, state)) : href)

/** The links of a value, with everything put in. */
export const linksOf = (quotable: Quotable, scene: Scene): readonly Link[] =>
  (quotable.field.config.links ?? []).flatMap(({ title, url, targetBlank = false }) => {
    const macros = stateMacros(scene.state)
    const lookup: Scene['lookup'] = (name, path) => {
      const quoted = quote(quotable, name, path)
      return quoted === undefined ? (macros[name] ?? scene.lookup(name, path)) : { values: [quoted] }
    }
    const href = safeHref(alike(interpolate(url, lookup, forUrls), scene.state))
    const words = interpolate(title ?? '', lookup, ({ values }) => values.join(', '))
    return href === undefined ? [] : { title: words, href, blank: targetBlank }
  })

export const dashboardHref = (uid: string, state: UrlState): string =>
  withQuery(`/d/${encodeURIComponent(uid)}`, kept({ keepTime: true, includeVars: true }, state))

/** The links in the head of a dashboard, or of a panel: to others of a tag, or to an address. */
export const headLinks = (links: readonly DashboardLink[], scene: Scene, listed: readonly Listed[]): readonly Link[] =>
  links.flatMap((link) => {
    const blank = link.targetBlank ?? false
    if (link.type === 'link') {
      const url = interpolate(link.url ?? '', scene.lookup, forUrls)
      const taken = formatState(pure(scene.state), {
        time: link.keepTime ?? false,
        variables: link.includeVars ?? false,
      })
      const href = safeHref(alike(withQuery(url, taken), scene.state))
      return href ? { title: link.title || url, href, blank } : []
    }
    const tagged = listed.filter(({ tags = [] }) => (link.tags ?? []).every((tag) => tags.includes(tag)))
    return tagged.map(({ uid, title }) => ({
      title,
      blank,
      href: withQuery(`/d/${encodeURIComponent(uid)}`, kept(link, scene.state)),
    }))
  })
