import Fastify, { type FastifyError, type FastifyRequest } from 'fastify'
import type { Registry } from '../exporters/registry.ts'
import { httpMetrics } from '../exporters/service/http.ts'
import { reservationCounter } from '../exporters/service/reservations.ts'
import type { Cache } from './cache.ts'
import type { Database } from './database.ts'
import { healthRoutes } from './health.ts'
import type { Logging } from './logging.ts'
import { paymentRoutes } from './payment-routes.ts'
import { reservationRoutes } from './reservation-routes.ts'
import { keepSession } from './sessions.ts'
import { tableRoutes } from './table-routes.ts'

interface ApiOptions extends Logging {
  readonly database: Database
  readonly cache: Cache
  readonly paymentsUrl: string
  readonly registry: Registry
  readonly version: string
  /** Comes before every request of a visitor, and may hold it up or throw. */
  readonly disturb?: (request: FastifyRequest) => Promise<void>
}

/** Not the visitors' traffic: probes, and the demo's own controls. */
const ignore = ['/health', '/health/detailed', '/faults', '/faults/:name']

/** The reservation API in miniature. It outlives its database and its cache: without them it answers with errors. */
export const buildApi = (options: ApiOptions) => {
  const { database, cache, paymentsUrl, registry, version, logger = false, disturb = async () => undefined } = options
  const app = Fastify({ logger })
  const count = reservationCounter(registry)
  app.register(httpMetrics, { registry, ignore })
  app.setErrorHandler(async (error: FastifyError, request, reply) => {
    const status = error.statusCode ?? 500
    if (status < 500) return reply.code(status).send({ error: error.message })
    request.log.error({ err: error }, 'could not answer')
    return reply.code(status).send({ error: 'this went wrong on our side: try again later' })
  })
  app.register(healthRoutes, { database, cache, paymentsUrl, version })
  app.register(async (visitors) => {
    visitors.addHook('onRequest', disturb)
    visitors.addHook('onRequest', keepSession(cache))
    visitors.register(tableRoutes, { database, cache })
    visitors.register(reservationRoutes, { database, count })
    visitors.register(paymentRoutes, { database, paymentsUrl })
  })
  return app
}
