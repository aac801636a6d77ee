import type { FastifyInstance } from 'fastify'
import plugin from 'fastify-plugin'
import { unmatched } from './http.ts'
import type { HttpWatch } from './http-watch.ts'

/**
 * Counts the requests of a Fastify server under the patterns of its routes. Register it before plugins with routes.
 * @param routes adds routes of ours
 */
export const fastifyMetrics = (watch: HttpWatch, routes?: (app: FastifyInstance) => Promise<void>) =>
  plugin(
    async (app: FastifyInstance) => {
      watch.watch(app.server)
      // Asked to listen on localhost, Fastify binds a second address with a server it keeps to itself: its requests are
      // counted from here on, and all of them after the first from their beginning.
      app.addHook('onRequest', (request, reply, done) => {
        watch.name(request.raw, reply.raw, request.is404 ? unmatched : (request.routeOptions.url ?? unmatched))
        done()
      })
      await routes?.(app)
    },
    { name: 'techplus-http-metrics', fastify: '5.x' },
  )
