import { Socket } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import plugin from 'fastify-plugin'
import { counter, gauge, histogram } from '../../metrics/metric.ts'
import { type Registry, registerCounter, registerGauge, registerHistogram } from '../registry.ts'

const labels = ['method', 'route', 'status_code'] as const

export const httpRequestDuration = histogram({
  name: 'http_request_duration_seconds',
  help: 'Duration of HTTP requests in seconds, from its headers to the last byte of the response',
  labels,
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
})
export const httpRequestsTotal = counter({
  name: 'http_requests_total',
  help: 'HTTP requests answered; status_code 499 where the client left before the answer was complete',
  labels,
})
export const activeConnections = gauge({
  name: 'active_connections',
  counts: 'connections',
  help: 'Open sockets of the HTTP server, those of idle clients included',
})

/** What nginx logs for a client that closed the connection: it got no status, and the fault is not the server's. */
const clientLeft = 499
/** One value for every URL that no route answers: a scanner must not create series. */
const unmatched = 'unmatched'
const usualMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

export interface HttpMetricsOptions {
  readonly registry: Registry
  /** Where the registry is served. */
  readonly path?: `/${string}`
  /**
   * Routes, as patterns, that are not counted, besides `path`. Probes ask for them, not users, and at a steady rate: they
   * would dilute every promise about users' requests.
   */
  readonly ignore?: readonly string[]
}

/**
 * Counts the requests and sockets of a Fastify server, and serves the registry they are counted in. What Fastify refuses
 * before it looks for a route (a URL that can't be decoded, a request that is no HTTP) is not counted. Register it before
 * plugins with routes.
 */
export const httpMetrics = plugin(
  async (
    app: FastifyInstance,
    { registry, path = '/metrics', ignore = ['/health', '/health/detailed'] }: HttpMetricsOptions,
  ) => {
    countRequests(app, registry, new Set([path, ...ignore]))
    countConnections(app, registry)
    app.get(path, async (_request, reply) => {
      reply.type(registry.contentType)
      return registry.metrics()
    })
  },
  { name: 'techplus-http-metrics', fastify: '5.x' },
)

const countRequests = (app: FastifyInstance, registry: Registry, ignored: ReadonlySet<string>) => {
  const duration = registerHistogram(httpRequestDuration, registry)
  const total = registerCounter(httpRequestsTotal, registry)
  app.addHook('onRequest', (request, { raw }, done) => {
    const start = performance.now()
    const route = routeOf(request)
    if (!ignored.has(route)) {
      let status: number | undefined
      raw.once('finish', () => {
        status = raw.statusCode
      })
      // `close` comes once for every response, also for one that the client did not wait for.
      raw.once('close', () => {
        const values = { method: methodOf(request), route, status_code: String(status ?? clientLeft) }
        duration.observe(values, (performance.now() - start) / 1000)
        total.inc(values)
      })
    }
    done()
  })
}

const routeOf = ({ is404, routeOptions }: FastifyRequest) => (is404 ? unmatched : (routeOptions.url ?? unmatched))
const methodOf = ({ method }: FastifyRequest) => (usualMethods.has(method) ? method : 'OTHER')

const countConnections = (app: FastifyInstance, registry: Registry) => {
  const gauge = registerGauge(activeConnections, registry)
  gauge.set(0)
  const open = new WeakSet<object>()
  const track = (socket: Socket) => {
    if (open.has(socket) || socket.destroyed) return
    open.add(socket)
    gauge.inc()
    socket.once('close', () => gauge.dec())
  }
  app.server.on('connection', track)
  // Asked to listen on localhost, Fastify binds a second address with a server it keeps to itself: its sockets are
  // known from their first request on. An encrypted one is another object than the one `connection` came with.
  app.addHook('onRequest', ({ raw: { socket } }, _reply, done) => {
    if (socket instanceof Socket && !('encrypted' in socket)) track(socket)
    done()
  })
}
