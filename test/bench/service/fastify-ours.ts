import { fastifyMetrics } from '../../../exporters/service/http/fastify.ts'
import { serveFastify } from './fastify-app.ts'
import { metricsOf, watching } from './ours.ts'

const watch = watching()

await serveFastify(async (app) => {
  await app.register(fastifyMetrics(watch))
  app.get('/metrics', () => metricsOf(watch))
})
