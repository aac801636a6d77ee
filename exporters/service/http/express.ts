import type { IncomingMessage } from 'node:http'

/**
 * What Express leaves on a request and in its routers. Of a router mounted by `use` only some versions keep the pattern,
 * so it is found by asking the layer again what it matched.
 */
interface Layer {
  readonly route?: unknown
  readonly handle?: unknown
  readonly rawPath?: unknown
  readonly regexp?: unknown
  readonly keys?: unknown
  readonly path?: unknown
  readonly params?: unknown
  readonly pattern?: unknown
  readonly match?: unknown
}
interface App {
  readonly _router?: unknown
  readonly router?: unknown
  readonly parent?: unknown
  readonly mountpath?: unknown
  readonly lazyrouter?: unknown
}
interface ExpressRequest {
  readonly app: App
  readonly route: { readonly path: unknown }
  readonly originalUrl: string
}
type Loose<Shape> = (value: unknown) => value is Shape
const isThing = (value: unknown): value is object =>
  (typeof value === 'object' || typeof value === 'function') && value !== null
const isLayer: Loose<Layer> = (value): value is Layer => isThing(value)
const isApp: Loose<App> = (value): value is App => isThing(value)
const isExpress = (request: object): request is ExpressRequest =>
  'route' in request && isThing(request.route) && 'path' in request.route && 'app' in request && isThing(request.app)

/** The pattern by which Express found its handler, of every router on the way to it. Undefined where it found none. */
export const expressRoute = (request: IncomingMessage): string | undefined => {
  if (!isExpress(request)) return undefined
  const { route } = request
  const known = prefixes.get(route) ?? []
  const path = pathOf(request)
  const found = known.find(({ fits }) => fits(path)) ?? remember(request, path, known)
  return joined(found.pattern, words(route.path))
}

interface Prefix {
  readonly pattern: string
  readonly fits: (path: string) => boolean
}
/** By the route of Express, which is one object however many requests it answers. */
const prefixes = new WeakMap<object, readonly Prefix[]>()
/** Places at which one route is mounted. More are not told apart. */
const mostPlaces = 8

const remember = ({ app, route }: ExpressRequest, path: string, known: readonly Prefix[]): Prefix => {
  const last = known.at(-1)
  if (last && known.length >= mostPlaces) return last
  const pattern = prefixOf(app, route, path)
  // A pattern that is an expression fits no path as it is written.
  const same = known.find((one) => one.pattern === pattern)
  if (same) return same
  const made = { pattern, fits: fitter(pattern) }
  prefixes.set(route, [...known, made])
  return made
}

/** As Express reads it: a client may write the host before the path, as if to a proxy. */
const pathOf = ({ originalUrl }: ExpressRequest) => {
  const path = originalUrl.split('?', 1)[0] ?? ''
  if (path.startsWith('/')) return path
  const begins = path.indexOf('/', path.indexOf('://') + 3)
  return begins < 0 ? '/' : path.slice(begins)
}

/** A path that begins as the pattern says. Express takes capitals for small letters. */
const fitter = (pattern: string) => {
  if (pattern === '') return () => true
  const parts = pattern
    .split('/')
    .map((part) => (part.startsWith(':') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
  const expression = new RegExp(`^${parts.join('/')}(?:/|$)`, 'i')
  return (path: string) => expression.test(path)
}

const words = (path: unknown): string => (Array.isArray(path) ? path.map(String).join('|') : String(path))
const joined = (prefix: string, path: string) =>
  prefix === '' ? path : path === '/' || path === '' ? prefix : `${prefix}${path.startsWith('/') ? '' : '/'}${path}`

const prefixOf = (app: App, route: object, path: string): string => {
  const above = mountOf(app)
  const segments = above === '' ? 0 : above.split('/').length - 1
  const rest = `/${path
    .split('/')
    .slice(segments + 1)
    .join('/')}`
  return above + (findIn(routerOf(app), route, rest) ?? '')
}

/** Where a whole application was mounted: of that, Express keeps the pattern. */
const mountOf = ({ parent, mountpath }: App): string => {
  if (!isApp(parent) || mountpath === undefined) return ''
  const own = words(mountpath)
  return mountOf(parent) + (own === '/' ? '' : own)
}

/** Express 4 throws at whoever asks it for `router`. */
const routerOf = (app: App) => ('lazyrouter' in app ? app._router : app.router)

const stackOf = (router: unknown): readonly unknown[] =>
  isThing(router) && 'stack' in router && Array.isArray(router.stack) ? router.stack : []

/** The patterns of the layers that lead to a route; undefined where it is not below. */
const findIn = (router: unknown, route: object, path: string): string | undefined => {
  for (const layer of stackOf(router)) {
    if (!isLayer(layer)) continue
    if (layer.route === route) return ''
    const below = isApp(layer.handle) && 'lazyrouter' in layer.handle ? routerOf(layer.handle) : layer.handle
    if (layer.route !== undefined || stackOf(below).length === 0) continue
    const mount = mountedAt(layer, path)
    const deeper = mount && findIn(below, route, path.slice(mount.length) || '/')
    if (mount && deeper !== undefined) return mount.pattern + deeper
  }
  return undefined
}

/** Asks the layer what it matches of this path. Older ones note their answer on themselves, for nobody but who asks. */
const mountedAt = (layer: Layer, path: string): { readonly pattern: string; readonly length: number } | undefined => {
  const answer: unknown = typeof layer.match === 'function' ? layer.match(path) : undefined
  if (!answer) return undefined
  const match = isLayer(answer) ? answer : layer
  const matched = String(match.path ?? '').replace(/\/$/, '')
  const known = [match.pattern, layer.rawPath, writtenIn(layer)].find(
    (one) => typeof one === 'string' || one instanceof RegExp,
  )
  const pattern = known === undefined ? inPattern(matched, match.params) : String(known)
  return { pattern: pattern === '/' ? '' : pattern, length: matched.length }
}

/** What path-to-regexp writes for a parameter, before its 0.1.11 and since. */
const parameter = /\\\/\(\?:\(\[\^\\?\/\]\+\?\)\)|\(\?:\\\/\(\[\^\\?\/\]\+\?\)\)/g

/** Express 4 keeps an expression in which the words of the pattern stand as they were declared: a client may write capitals. */
const writtenIn = ({ regexp, keys }: Layer): string | undefined => {
  if (!(regexp instanceof RegExp) || !Array.isArray(keys)) return undefined
  const names = keys.map((key: unknown) => (isThing(key) && 'name' in key ? String(key.name) : ''))
  const pattern = regexp.source
    .replace(/^\^/, '')
    .replace(/\\\/\?\(\?=\\\/\|\$\)$/, '')
    .replaceAll(parameter, () => `/:${names.shift()}`)
    .replaceAll(/\\([/.])/g, '$1')
  // Of an expression with more in it, what it matched is all that can be told.
  return /[\\^$*+?()[\]{}|]/.test(pattern) ? undefined : pattern
}

/** A path with the values of its parameters replaced by their names. */
const inPattern = (path: string, params: unknown): string => {
  let pattern = `${decoded(path)}/`
  for (const [name, value] of Object.entries(isThing(params) ? params : {})) {
    const found = `/${Array.isArray(value) ? value.map(String).join('/') : String(value)}/`
    const at = pattern.lastIndexOf(found)
    if (at >= 0) pattern = `${pattern.slice(0, at)}/:${name}/${pattern.slice(at + found.length)}`
  }
  return pattern.slice(0, -1)
}

const decoded = (path: string) => {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
