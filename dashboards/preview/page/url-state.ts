import type { DashboardJson } from './model.ts'
import { type RawRange, usualRange } from './times.ts'

/** Everything that a link keeps, under the names that Grafana gives it. */
export interface UrlState {
  readonly range: RawRange
  /** Empty: not by itself. */
  readonly refresh: string
  /** Values by the name of the variable; only those that the URL says and the dashboard defines. */
  readonly variables: Readonly<Record<string, readonly string[]>>
  /** The id of the one panel to show. */
  readonly panel?: number | undefined
  readonly theme?: 'light' | 'dark'
  /** Which annotations are marked, by their names; only those that the URL says and the dashboard defines. */
  readonly marks?: Readonly<Record<string, boolean>>
}

type Defaults = Pick<DashboardJson, 'time' | 'refresh' | 'templating' | 'annotations'>

const prefix = 'var-'
const markPrefix = 'mark-'

const namesIn = (query: URLSearchParams, start: string) =>
  [...new Set(query.keys())].filter((name) => name.startsWith(start)).map((name) => name.slice(start.length))

/** As Grafana does it: a choice that a dashboard does not define ends there, and none of its links carries it on. */
const variablesIn = (query: URLSearchParams, { templating }: Defaults) => {
  const defined = new Set((templating?.list ?? []).map(({ name }) => name))
  const names = namesIn(query, prefix).filter((name) => defined.has(name))
  return Object.fromEntries(names.map((name) => [name, query.getAll(`${prefix}${name}`)]))
}

const marksIn = (query: URLSearchParams, { annotations }: Defaults) => {
  const defined = new Set((annotations?.list ?? []).map(({ name }) => name))
  const names = namesIn(query, markPrefix).filter((name) => defined.has(name))
  return Object.fromEntries(names.map((name) => [name, query.get(`${markPrefix}${name}`) !== 'off']))
}

/** The dashboard's own period and refresh where the URL is silent. */
export const parseState = (search: string, defaults: Defaults): UrlState => {
  const query = new URLSearchParams(search)
  const { from, to } = defaults.time ?? usualRange
  const panel = Number(query.get('viewPanel')?.replace(/^panel-/, '') ?? Number.NaN)
  const theme = query.get('theme')
  const marks = marksIn(query, defaults)
  return {
    range: { from: query.get('from') || from, to: query.get('to') || to },
    refresh: query.get('refresh') ?? (defaults.refresh || ''),
    variables: variablesIn(query, defaults),
    ...(Number.isInteger(panel) && { panel }),
    ...((theme === 'light' || theme === 'dark') && { theme }),
    ...(Object.keys(marks).length > 0 && { marks }),
  }
}

interface Kept {
  readonly time?: boolean
  readonly variables?: boolean
}

/** The query part of a URL, without its question mark. */
export const formatState = (state: UrlState, { time = true, variables = true }: Kept = {}): string => {
  const query = new URLSearchParams()
  if (time) {
    query.set('from', state.range.from)
    query.set('to', state.range.to)
    if (state.refresh) query.set('refresh', state.refresh)
  }
  if (variables) {
    for (const [name, values] of Object.entries(state.variables)) {
      for (const value of values) query.append(`${prefix}${name}`, value)
    }
  }
  if (state.panel !== undefined) query.set('viewPanel', String(state.panel))
  if (state.theme) query.set('theme', state.theme)
  for (const [name, on] of Object.entries(state.marks ?? {})) query.set(`${markPrefix}${name}`, on ? 'on' : 'off')
  return query.toString()
}

/** `/d/uid/slug`, as Grafana has it; the slug is for people. */
export const uidOf = (path: string): string | undefined => {
  const found = /^\/d\/([^/]+)/.exec(path)?.[1]
  return found === undefined ? undefined : decodeURIComponent(found)
}

/** Adds a query to an address that may have one, before its fragment. */
export const withQuery = (url: string, query: string): string => {
  if (!query) return url
  const [path = '', ...fragment] = url.split('#')
  return [`${path}${path.includes('?') ? '&' : '?'}${query}`, ...fragment].join('#')
}
