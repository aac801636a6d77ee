import type { FastifyInstance } from 'fastify'
import plugin from 'fastify-plugin'
import { unmatched } from './metrics.ts'
import type { HttpWatch } from './watch.ts'

interface FastifyMetricsOptions {
  /** Adds routes of ours. */
  readonly routes?: (app: FastifyInstance) => Promise<void>
  /** Told of what a handler threw that was no refusal. */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** Counts the requests of a Fastify server under the patterns of its routes. Register it before plugins with routes. */
export const fastifyMetrics = (watch: HttpWatch, { routes, onError }: FastifyMetricsOptions = {}) =>
  plugin(
    async (app: FastifyInstance) => {
      watch.watch(app.server)
      // Asked to listen on localhost, Fastify binds a second address with a server it keeps to itself: its requests are
      // counted from here on, and all of them after the first from their beginning.
      app.addHook('onRequest', (request, reply, done) => {
        watch.name(request.raw, reply.raw, request.is404 ? unmatched : (request.routeOptions.url ?? unmatched))
        done()
      })
      if (onError) {
        app.addHook('onError', (_request, _reply, error, done) => {
          if ((error.statusCode ?? 500) >= 500) onError(error)
          done()
        })
      }
      await routes?.(app)
    },
    { name: 'techplus-http-metrics', fastify: '5.x' },
  )
