import Fastify, { type FastifyError, type FastifyRequest } from 'fastify'
import type { Service } from '../exporters/service/index.ts'
import type { Cache } from './cache.ts'
import type { Database } from './database.ts'
import { loggingTo } from './logging.ts'
import { paymentRoutes } from './payment-routes.ts'
import { reservationRoutes } from './reservation-routes.ts'
import { keepSession } from './sessions.ts'
import { tableRoutes } from './table-routes.ts'

interface ApiOptions {
  readonly service: Service
  readonly database: Database
  readonly cache: Cache
  readonly paymentsUrl: string
  /** Comes before every request of a visitor, and may hold it up or throw. */
  readonly disturb?: (request: FastifyRequest) => Promise<void>
}

/** The reservation API in miniature. It outlives its database and its cache: without them it answers with errors. */
export const buildApi = (options: ApiOptions) => {
  const { service, database, cache, paymentsUrl, disturb = async () => undefined } = options
  const app = Fastify(loggingTo(service.fastifyLog))
  app.register(service.fastify)
  app.setErrorHandler(async (error: FastifyError, request, reply) => {
    const status = error.statusCode ?? 500
    if (status < 500) return reply.code(status).send({ error: error.message })
    request.log.error({ err: error }, 'could not answer')
    return reply.code(status).send({ error: 'this went wrong on our side: try again later' })
  })
  app.register(async (visitors) => {
    visitors.addHook('onRequest', disturb)
    visitors.addHook('onRequest', keepSession(cache))
    visitors.register(tableRoutes, { database, cache })
    visitors.register(reservationRoutes, { database, count: service.reservation })
    visitors.register(paymentRoutes, { database, paymentsUrl })
  })
  return app
}
