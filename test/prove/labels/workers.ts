import cluster from 'node:cluster'
import { createServer } from 'node:http'
import { createService } from '../../../exporters/service/index.ts'

/** A service of two workers that may have one series of each metric. */
const [port, metricsPort] = process.argv.slice(2).map(Number)
const service = createService({
  metrics: { host: '127.0.0.1', ...(metricsPort !== undefined && { port: metricsPort }) },
  log: { folder: false, console: true },
  http: { log: 'none' },
  maxSeries: 1,
})

if (cluster.isPrimary) {
  for (let worker = 0; worker < 2; worker += 1) cluster.fork()
} else {
  const server = createServer((_, response) => response.end('well\n'))
  service.watch(server)
  server.listen(port, '127.0.0.1')
}
