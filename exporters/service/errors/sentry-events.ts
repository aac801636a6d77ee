import type { ErrorEvent, Event } from '@sentry/node'
import type { Redact } from './thrown.ts'

/** A string of an event is cut here. */
const longest = 4_096
const deepest = 10
/** From the `?` of a URL on: `?token=...`, and `#access_token=...`. */
const query = /[?#][^\s"'<>=]{0,200}=[^\s"'<>]*/g
/** Never sent, whatever they hold. */
const dropped = /^(?:cookies?|set-cookie|(?:proxy-)?authorization|query_string|(?:http|url)\.(?:query|fragment))$/i

const bare = (value: unknown, depth = 0): unknown => {
  if (typeof value === 'string') return value.slice(0, longest).replace(query, '?[cut]')
  if (typeof value !== 'object' || value === null) return value
  if (depth === deepest) return '[cut]'
  if (Array.isArray(value)) return value.map((one) => bare(one, depth + 1))
  const kept = Object.entries(value).filter(([name]) => !dropped.test(name))
  return Object.fromEntries(kept.map(([name, one]) => [name, bare(one, depth + 1)]))
}

const isLike = <T>(made: unknown, like: T): made is T =>
  typeof made === typeof like && Array.isArray(made) === Array.isArray(like)

/** Of what an event holds, what may leave the process. Stacks stay: they name files and functions. */
export const scrubbing = (redact: Redact) => {
  const clean = <T>(value: T): T | undefined => {
    if (value === undefined) return undefined
    const made = bare(redact(value))
    return isLike(made, value) ? made : undefined
  }

  /** Ids look like secrets, and lead from an event to its trace and its profile. */
  const contexts = ({ trace, profile, ...rest }: NonNullable<Event['contexts']>) => ({
    ...clean(rest),
    ...(trace && { trace: { ...trace, data: clean(trace.data) } }),
    ...(profile && { profile }),
  })

  return <E extends Event>(event: E): E => ({
    ...event,
    message: clean(event.message),
    logentry: clean(event.logentry),
    transaction: clean(event.transaction),
    exception: event.exception && {
      values: event.exception.values?.map((one) => ({ ...one, type: clean(one.type), value: clean(one.value) })),
    },
    breadcrumbs: clean(event.breadcrumbs),
    contexts: event.contexts && contexts(event.contexts),
    tags: clean(event.tags),
    extra: clean(event.extra),
    request: event.request && { method: event.request.method, url: clean(event.request.url) },
    spans: event.spans?.map((span) => ({ ...span, description: clean(span.description), data: clean(span.data) })),
    user: undefined,
    server_name: undefined,
  })
}

/** What is sent of an error that could not be scrubbed: that there was one. */
export const bareEvent = ({ event_id, timestamp, level, release, environment }: Event): ErrorEvent => ({
  type: undefined,
  message: 'an error that could not be made safe to be sent: the log of the service has it',
  platform: 'node',
  ...(event_id && { event_id }),
  ...(timestamp && { timestamp }),
  ...(level && { level }),
  ...(release && { release }),
  ...(environment && { environment }),
})
