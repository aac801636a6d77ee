import { PassThrough } from 'node:stream'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { type Edition, type Editions, editions } from './editions.ts'
import type { Change, Listed, Site } from './page/model.ts'
import { ask, faultBody, type Upstream, upstream } from './proxy.ts'

/** A file of the page, ready to be sent. */
export interface Asset {
  readonly type: string
  readonly body: Uint8Array
}

export interface Bundle {
  /** By path, with its leading slash. A name holds a digest of the content. */
  readonly assets: ReadonlyMap<string, Asset>
  readonly html: string
}

interface PreviewOptions {
  /** Classic Grafana JSON, in the order in which they are listed. */
  readonly dashboards: readonly Listed[]
  /** In their place: pages that are open learn of each new edition. */
  readonly changing?: Editions
  /** May hold a login. */
  readonly prometheusUrl: string
  readonly scrapeInterval: string
  readonly bundle: Bundle
  /** Milliseconds that a query may take. */
  readonly timeout?: number
  /** Bytes that an answer of Prometheus may have. */
  readonly largest?: number
}

/** The largest form of a query: all of many values, written out. */
const longestForm = 512 * 1024

/** Nothing but our own files runs or is shown; styles that a library sets by script need no exception. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const headers = {
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
}

const ownNames = ['127.0.0.1', 'localhost', '[::1]']

/** A foreign page may give its name our address (DNS rebinding), but then it is that name that the browser sends. */
const isOwnName = (host: string | undefined) => ownNames.includes((host ?? '').replace(/:\d+$/, '').toLowerCase())

/** Another port of this machine is the same site, and no less foreign. What is no browser says nothing of it. */
const ownSites: readonly unknown[] = ['same-origin', 'none', undefined]

const guard = async (request: FastifyRequest, reply: FastifyReply) => {
  reply.headers(headers)
  const foreign = request.url.startsWith('/prometheus/') && !ownSites.includes(request.headers['sec-fetch-site'])
  if (isOwnName(request.headers.host) && !foreign) return
  const names = ownNames.join(', ')
  const why = foreign ? 'Other pages may not ask through the preview.' : `The preview answers to ${names} only.`
  await reply.code(403).type('application/json').send(faultBody('forbidden', why))
}

const passedOn = '/prometheus/api/v1/'

/** Both still encoded. What is asked may hold question marks of its own. */
const partsOf = (url: string) => {
  const [, path = '', query = ''] = /^([^?]*)\??(.*)$/.exec(url) ?? []
  return { path, query }
}

/** Empty where the route is written in a way of its own, such as `/%70rometheus`. */
const askedOf = (path: string) => (path.startsWith(passedOn) ? path.slice(passedOn.length) : '')

const passOn = (app: FastifyInstance, prometheus: Upstream) =>
  app.route<{ Body: string | undefined }>({
    method: ['GET', 'POST'],
    url: `${passedOn}*`,
    handler: async (request, reply) => {
      reply.type('application/json').header('cache-control', 'no-store')
      const { path, query } = partsOf(request.url)
      const gone = new AbortController()
      reply.raw.once('close', () => gone.abort())
      const post = request.method === 'POST'
      const form = post ? (request.body ?? '') : query
      const answer = await ask(prometheus, {
        path: askedOf(path),
        form,
        method: post ? 'POST' : 'GET',
        signal: gone.signal,
      })
      return reply.code(answer.status).send(answer.body)
    },
  })

const changeOf = ({ version, fault }: Edition): Change => ({ version, ...(fault !== undefined && { fault }) })

/** The current edition at once, and each that follows, for as long as somebody listens. */
const tellChanges = (app: FastifyInstance, { current, subscribe }: Editions) =>
  app.get('/api/changes', async (_request, reply) => {
    const events = new PassThrough()
    const tell = (edition: Edition) => events.write(`data: ${JSON.stringify(changeOf(edition))}\n\n`)
    tell(current())
    const end = subscribe(tell)
    reply.raw.once('close', end)
    return reply.type('text/event-stream').header('cache-control', 'no-store').send(events)
  })

const giveDashboards = (app: FastifyInstance, site: () => Site, { current }: Editions) => {
  app.get('/health', async () => ({ status: 'healthy', dashboards: current().dashboards.length }))
  app.get('/api/dashboards', async () => site())
  app.get<{ Params: { uid: string } }>('/api/dashboards/:uid', async ({ params: { uid } }, reply) => {
    const found = current().dashboards.find((one) => one.uid === uid)
    return found ?? reply.code(404).send({ message: `There is no dashboard ${uid}.` })
  })
}

/** Serves the page, the dashboards it draws, and what may be asked of Prometheus. */
export const previewServer = (options: PreviewOptions): FastifyInstance => {
  const { prometheusUrl, scrapeInterval, bundle, changing } = options
  const prometheus = upstream(prometheusUrl, options)
  const source = changing ?? editions(options.dashboards)
  const site = (): Site => ({
    prometheus: prometheus.url,
    scrapeInterval,
    dashboards: source
      .current()
      .dashboards.map(({ uid, title, description = '', tags = [] }) => ({ uid, title, description, tags })),
    ...(changing && { version: source.current().version }),
  })
  // Whoever closes it waits for nobody's query: it only reads.
  const app = Fastify({ logger: false, bodyLimit: longestForm, forceCloseConnections: true })
  app.addHook('onRequest', guard)
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
    done(null, body),
  )
  const page = async (_request: FastifyRequest, reply: FastifyReply) =>
    reply.type('text/html; charset=utf-8').header('cache-control', 'no-cache').send(bundle.html)

  app.get('/', async (request, reply) => {
    const [first] = source.current().dashboards
    if (!first) return page(request, reply)
    const { query } = partsOf(request.url)
    return reply.redirect(`/d/${encodeURIComponent(first.uid)}${query ? `?${query}` : ''}`)
  })
  app.get('/d/:uid', page)
  app.get('/d/:uid/:slug', page)
  giveDashboards(app, site, source)
  if (changing) tellChanges(app, changing)
  app.get('/assets/*', async (request, reply) => {
    const asset = bundle.assets.get(request.url)
    if (!asset) return reply.code(404).send({ message: `There is no ${request.url}.` })
    return reply.type(asset.type).header('cache-control', 'public, max-age=31536000, immutable').send(asset.body)
  })
  passOn(app, prometheus)
  return app
}
