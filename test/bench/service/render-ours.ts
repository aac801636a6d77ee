import { createService } from '../../../exporters/service/index.ts'
import { counter, histogram } from '../../../metrics/metric.ts'
import { histogramLines, labelNames, labelSets, standFor } from './blocks.ts'
import { buckets } from './fastify-app.ts'

/** A service as others make it, with as many series of its own as its first two arguments say. It serves them itself. */
const [shape, count] = process.argv.slice(2)
const lines = Number(count)
const total = counter({ name: 'bookings_total', help: 'Bookings', labels: labelNames })
const duration = histogram({ name: 'booking_duration_seconds', help: 'Duration', labels: labelNames, buckets })

const service = createService({
  metrics: { host: '127.0.0.1', port: 0 },
  errors: false,
  log: { folder: false, console: false },
  maxSeries: lines + 1,
})
if (shape === 'counters') {
  const instrument = service.counter(total)
  for (const labels of labelSets(lines)) instrument.inc(labels)
}
if (shape === 'histograms') {
  const instrument = service.histogram(duration)
  for (const labels of labelSets(Math.ceil(lines / histogramLines))) instrument.observe(0.02, labels)
}
standFor(Number(new URL((await service.ready()) ?? '').port))
