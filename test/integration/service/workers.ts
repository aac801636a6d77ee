import cluster from 'node:cluster'
import { createServer } from 'node:http'
import { createService } from '../../../exporters/service/index.ts'
import { counter } from '../../../metrics/metric.ts'

// A service of two workers on one port. Asked to, the one that answers leaves in order, falls, or hangs.

const served = counter({ name: 'served_total', help: 'Answers given' })

const start = () => {
  const service = createService()
  const counted = service.counter(served)
  const server = createServer((request, response) => {
    counted.inc()
    response.once('close', () => {
      if (request.url === '/leave') void service.close().then(() => process.exit(0))
      if (request.url === '/fall') process.kill(process.pid, 'SIGKILL')
      if (request.url === '/hang') for (const end = Date.now() + 6_000; Date.now() < end; );
    })
    response.setHeader('connection', 'close')
    response.end(String(process.pid))
  })
  service.watch(server)
  server.listen(Number(process.argv[2]), '127.0.0.1')
}

if (cluster.isPrimary) {
  createService()
  for (let worker = 0; worker < 2; worker += 1) cluster.fork()
  // It goes on without workers, as one would that starts others.
  setInterval(() => undefined, 60_000)
} else start()
