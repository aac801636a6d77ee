import { Counter, Histogram, Registry } from 'prom-client'
import { buckets, serveFastify } from './fastify-app.ts'

/** As most services write it themselves, and without the vitals of the process, which they would count as well. */
const register = new Registry()
const labelNames = ['method', 'route', 'status_code'] as const
const duration = new Histogram({
  name: 'http_request_duration_seconds',
  help: 'Duration of requests',
  labelNames,
  buckets: [...buckets],
  registers: [register],
})
const total = new Counter({ name: 'http_requests_total', help: 'Requests', labelNames, registers: [register] })

await serveFastify((app) => {
  app.get('/metrics', async (_request, reply) => {
    reply.type(register.contentType)
    return register.metrics()
  })
  app.addHook('onResponse', (request, reply, done) => {
    const labels = {
      method: request.method,
      route: request.routeOptions.url ?? 'unmatched',
      status_code: String(reply.statusCode),
    }
    duration.observe(labels, reply.elapsedTime / 1000)
    total.inc(labels)
    done()
  })
})
