import { setTimeout as delay } from 'node:timers/promises'
import { formatFor } from '../../../exporters/exposition.ts'
import { instruments } from '../../../exporters/service/instruments/instruments.ts'
import { snapshotOf } from '../../../exporters/snapshot.ts'
import { counter, histogram } from '../../../metrics/metric.ts'
import { histogramLines, idle, labelNames, labelSets, renders } from './blocks.ts'
import { buckets } from './fastify-app.ts'

const report = (part: string, cause: unknown) => {
  console.error(`${part} failed`, cause)
  process.exit(1)
}
const total = counter({ name: 'http_requests_total', help: 'Requests', labels: labelNames })
const duration = histogram({ name: 'http_request_duration_seconds', help: 'Duration', labels: labelNames, buckets })

const [runs = 0, lines = 0] = process.argv.slice(2).map(Number)

const filled = (shape: string) => {
  const own = instruments({ report, maxSeries: lines + 1 })
  if (shape === 'counters') {
    const instrument = own.counter(total)
    for (const labels of labelSets(lines)) instrument.inc(labels)
  } else {
    const instrument = own.histogram(duration)
    for (const labels of labelSets(Math.ceil(lines / histogramLines))) instrument.observe(0.02, labels)
  }
  return own
}

const text = formatFor('text/plain')
const open = formatFor('application/openmetrics-text')
const found = await renders(idle, runs, async function* () {
  await delay(100)
  yield ''
})
for (const shape of ['counters', 'histograms']) {
  const own = filled(shape)
  const body = (format: typeof text, gzip: boolean) =>
    async function* () {
      yield* snapshotOf(await own.readings()).body(format, gzip)
    }
  found.push(...(await renders(`${shape}, text`, runs, body(text, false))))
  found.push(...(await renders(`${shape}, text with gzip`, runs, body(text, true))))
  found.push(...(await renders(`${shape}, OpenMetrics with gzip`, runs, body(open, true))))
}
console.log(JSON.stringify(found))
