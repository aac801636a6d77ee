import Fastify from 'fastify'
import { createService } from '../../../../exporters/service/index.ts'

/** A service of which nothing is asked but how it is. */
const service = createService({
  metrics: false,
  log: { folder: false, console: true },
  http: { log: 'none' },
})
const app = Fastify()
await app.register(service.fastify)
await app.listen({ host: '127.0.0.1', port: Number(process.argv[2]) })
