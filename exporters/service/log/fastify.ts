import { format } from 'node:util'
import type { LogLevel } from '../../../config/service-variables.ts'
import type { ServiceLog } from './log.ts'
import { isError, isObject } from './values.ts'

/** Fastify's levels, from the gravest, and ours for each. */
const levels = { fatal: 'error', error: 'error', warn: 'warn', info: 'info', debug: 'debug', trace: 'debug' } as const
type Level = keyof typeof levels
const rank = ['silent', ...Object.keys(levels)]

type Serializers = Readonly<Record<string, (value: unknown) => unknown>>

interface Parent {
  readonly bindings: Readonly<Record<string, unknown>>
  readonly serializers: Serializers
  /** Undefined where it is that of the log, which may change. */
  readonly level: string | undefined
}

const pick = (value: unknown, ...keys: readonly string[]): unknown =>
  isObject(value) ? Object.fromEntries(keys.map((key) => [key, Reflect.get(value, key)])) : value

const withoutQuery = (url: string) => url.replace(/[?#].*$/s, '')

/** The route where it has parameters, which may be a token; else the path. A query may hold anything. */
const placeOf = (request: object): unknown => {
  const options: unknown = Reflect.get(request, 'routeOptions')
  const route: unknown = isObject(options) ? Reflect.get(options, 'url') : undefined
  if (typeof route === 'string' && /[:*]/.test(route)) return route
  const url: unknown = Reflect.get(request, 'url')
  return typeof url === 'string' ? withoutQuery(url) : undefined
}

/** Small: no header, no address of a client. An error is told as the log tells it everywhere. */
const usual: Serializers = {
  req: (request) => (isObject(request) ? { method: Reflect.get(request, 'method'), url: placeOf(request) } : request),
  res: (reply) => pick(reply, 'statusCode'),
  err: (error) => error,
}

/**
 * For Fastify's option `loggerInstance`: its lines, and those of `request.log`, go to the log of the service. Levels are
 * Fastify's, with `fatal` an error and `trace` for debugging; a child keeps its level and its serializers to itself.
 */
export const fastifyLog = (log: ServiceLog): FastifyLog =>
  childOf(log, { bindings: {}, serializers: usual, level: undefined })

type Write = (...given: readonly unknown[]) => void

interface ChildOptions {
  readonly level?: string
  readonly serializers?: Serializers
}

/** What Fastify asks of a logger, in every release of 5. Its own type would bind the service to the release that we have. */
export interface FastifyLog extends Readonly<Record<Level | 'silent', Write>> {
  level: string
  readonly msgPrefix: undefined
  /** Fastify puts them before its own. */
  readonly serializers: Serializers
  child(bindings: object, options?: ChildOptions): FastifyLog
}

const childOf = (log: ServiceLog, { bindings, serializers, level }: Parent): FastifyLog => {
  let own = level
  const levelNow = () => own ?? log.winston.level
  const write =
    (at: Level) =>
    (...given: readonly unknown[]) => {
      if (rank.indexOf(at) > rank.indexOf(own ?? at)) return
      // Nothing is made of a line that is not wanted.
      if (!log.winston.isLevelEnabled(levels[at])) return
      const { message, meta } = lineOf(log, given)
      send(log, levels[at], message, { ...bindings, ...serialized(meta, serializers) })
    }
  return {
    get level() {
      return levelNow()
    },
    set level(wanted: string) {
      own = wanted
    },
    msgPrefix: undefined,
    serializers,
    fatal: write('fatal'),
    error: write('error'),
    warn: write('warn'),
    info: write('info'),
    debug: write('debug'),
    trace: write('trace'),
    silent: () => undefined,
    child: (more, options) =>
      childOf(log, {
        bindings: { ...bindings, ...serialized(more, serializers) },
        serializers: { ...serializers, ...options?.serializers },
        level: options?.level ?? own,
      }),
  }
}

const send = (log: ServiceLog, level: LogLevel, message: string, meta: object) => {
  if (level === 'error') log.error(message, meta)
  else if (level === 'warn') log.warn(message, meta)
  else if (level === 'info') log.info(message, meta)
  else log.debug(message, meta)
}

interface Line {
  readonly message: string
  readonly meta: unknown
}

/** `(object, message, ...values)`, `(error)` or `(message, ...values)`; an error among the values is not left out. */
const lineOf = (log: ServiceLog, [first, ...rest]: readonly unknown[]): Line => {
  if (typeof first !== 'object') return { message: words(log, first, rest), meta: { err: rest.find(isError) } }
  const [message, ...values] = rest
  const meta = isError(first) ? { err: first } : first
  if (message !== undefined) return { message: words(log, message, values), meta }
  return { message: isError(first) ? first.message : '', meta }
}

/** What Fastify itself says of a request without a route names it with its query. */
const withoutRoute = /^(Route [A-Z-]+:[^\s?#]*)[?#].*( not found)$/s

/** printf, as Fastify's plugins use it. What it would print of an object is cleaned first: no key is left in the text. */
const words = (log: ServiceLog, message: unknown, values: readonly unknown[]) =>
  values.length === 0
    ? String(message).replace(withoutRoute, '$1$2')
    : format(message, ...values.map((value) => printable(log, value)))

const printable = (log: ServiceLog, value: unknown) => {
  if (isError(value)) return value.message
  return typeof value === 'object' || typeof value === 'function' ? log.redacted(value) : value
}

const serialized = (meta: unknown, serializers: Serializers): object => {
  if (!isObject(meta)) return {}
  try {
    return Object.fromEntries(Object.entries(meta).map(([key, value]) => [key, serializerOf(key, serializers)(value)]))
  } catch {
    // A serializer or a getter that fails takes no line away.
    return { meta: '[unreadable]' }
  }
}

const serializerOf = (key: string, serializers: Serializers) =>
  (Object.hasOwn(serializers, key) && serializers[key]) || ((value: unknown) => value)
