import { createServer } from 'node:http'
import { Counter, Histogram, Registry } from 'prom-client'
import { histogramLines, labelNames, labelSets, standFor } from './blocks.ts'
import { buckets } from './fastify-app.ts'

/** The same series as those of `render-ours.ts`, served as the manual of prom-client says. */
const [shape, count] = process.argv.slice(2)
const lines = Number(count)
const register = new Registry()
const registers = [register]
if (shape === 'counters') {
  const total = new Counter({ name: 'bookings_total', help: 'Bookings', labelNames, registers })
  for (const labels of labelSets(lines)) total.inc(labels)
}
if (shape === 'histograms') {
  const bounds = [...buckets]
  const name = 'booking_duration_seconds'
  const duration = new Histogram({ name, help: 'Duration', labelNames, buckets: bounds, registers })
  for (const labels of labelSets(Math.ceil(lines / histogramLines))) duration.observe(labels, 0.02)
}
const server = createServer(async (_request, response) => {
  const text = await register.metrics()
  response.setHeader('content-type', register.contentType).end(text)
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  standFor(typeof address === 'object' && address ? address.port : 0)
})
