import { withoutLiterals } from '../../postgres/literals.ts'

/** What of a span is looked at before it leaves. */
export interface Contents {
  readonly attributes: Record<string, unknown>
  readonly status: { message?: string }
  readonly events: readonly { attributes?: Record<string, unknown> }[]
}

/** What is named here may leave. Headers, addresses of clients, parameters, keys and values are not. */
const shown = new Set([
  'db.namespace',
  'db.query.text',
  'db.system.name',
  'error.type',
  'exception.type',
  'express.name',
  'express.type',
  'fastify.type',
  'hook.name',
  'http.request.method',
  'http.response.status_code',
  'http.route',
  'network.peer.address',
  'network.peer.port',
  'network.protocol.version',
  'server.address',
  'server.port',
  'url.full',
  'url.path',
  'url.scheme',
])
/** A statement may be a file long. */
const longest = 2_000

/**
 * Takes out of a span what an instrumentation knows and a trace must not tell: queries of URLs, which may hold tokens,
 * and their paths where a route tells the same without what was asked for; literals of statements, and the words of
 * errors, which repeat what was sent.
 */
export const withholdSecrets = ({ attributes, status, events }: Contents) => {
  only(attributes)
  const hasRoute = typeof attributes['http.route'] === 'string'
  if (hasRoute) delete attributes['url.path']
  rewrite(attributes, 'url.path', withoutQuery)
  rewrite(attributes, 'url.full', hasRoute ? withoutPath : withoutQuery)
  rewrite(attributes, 'db.query.text', (text) => withoutLiterals(text.slice(0, longest)))
  delete status.message
  for (const event of events) only(event.attributes ?? {})
}

const only = (attributes: Record<string, unknown>) => {
  for (const name of Object.keys(attributes)) if (!shown.has(name)) delete attributes[name]
}

const rewrite = (attributes: Record<string, unknown>, name: string, change: (text: string) => string) => {
  const value = attributes[name]
  if (typeof value === 'string') attributes[name] = change(value)
}

const withoutQuery = (url: string) => url.replace(/[?#].*$/s, '')
const withoutPath = (url: string) => url.replace(/^([^/?#]*\/\/[^/?#]*)?.*$/s, '$1')
