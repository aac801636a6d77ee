import { Counter, Histogram, Registry } from 'prom-client'
import { histogramLines, labelNames, labelSets, renders } from './blocks.ts'
import { buckets } from './fastify-app.ts'

const [runs = 0, lines = 0] = process.argv.slice(2).map(Number)

const filled = (shape: string) => {
  const register = new Registry()
  const registers = [register]
  if (shape === 'counters') {
    const total = new Counter({ name: 'http_requests_total', help: 'Requests', labelNames, registers })
    for (const labels of labelSets(lines)) total.inc(labels)
  } else {
    const bounds = [...buckets]
    const name = 'http_request_duration_seconds'
    const duration = new Histogram({ name, help: 'Duration', labelNames, buckets: bounds, registers })
    for (const labels of labelSets(Math.ceil(lines / histogramLines))) duration.observe(labels, 0.02)
  }
  return register
}

const found = []
for (const shape of ['counters', 'histograms']) {
  const register = filled(shape)
  const body = async function* () {
    yield await register.metrics()
  }
  found.push(...(await renders(`${shape}, text`, runs, body)))
}
console.log(JSON.stringify(found))
