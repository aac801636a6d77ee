import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { Counter, Histogram, Registry } from 'prom-client'
import { httpCells } from '../../../exporters/service/http/cells.ts'
import { httpRequestDuration, httpRequestsTotal } from '../../../exporters/service/http/metrics.ts'
import { instruments } from '../../../exporters/service/instruments/instruments.ts'
import { buckets } from './fastify-app.ts'
import { type Recorder, recordInTurns } from './rounds.ts'

const report = (part: string, cause: unknown) => {
  console.error(`${part} failed`, cause)
  process.exit(1)
}

/** What is done at the end of a request, without the watching that leads there: duration, number and both sizes. */
const ours = (): Recorder => {
  const cells = httpCells({
    maxSeries: 10_000,
    onLimit: () => report('http', 'too many series'),
    duration: httpRequestDuration,
  })
  const counted = () => {
    const total = cells.kept().find(({ metric }) => metric === httpRequestsTotal)
    return [...(total?.lines(false) ?? [])].reduce((sum, [, value]) => sum + value, 0)
  }
  return {
    name: 'ours',
    record: ({ method, route, status, seconds }) =>
      cells.add({ method, route, status, seconds, requestBytes: 120, responseBytes: 260, traceId: undefined }, false),
    counted,
  }
}

/** What a service counts of its own, by a histogram and a counter with labels. */
const oursByHand = (): Recorder => {
  const own = instruments({ report })
  const duration = own.histogram(httpRequestDuration)
  const total = own.counter(httpRequestsTotal)
  return {
    name: 'ours, instruments by hand',
    record: ({ method, route, statusCode, seconds }) => {
      const labels = { method, route, status_code: statusCode }
      duration.observe(seconds, labels)
      total.inc(labels)
    },
    counted: async () => {
      const kept = (await own.readings()).find(({ metric }) => metric === httpRequestsTotal)
      return [...(kept?.lines(false) ?? [])].reduce((sum, [, value]) => sum + value, 0)
    },
  }
}

const promClient = () => {
  const registers = [new Registry()]
  const labelNames = ['method', 'route', 'status_code'] as const
  const duration = new Histogram({ name: 'duration_seconds', help: 'x', labelNames, buckets: [...buckets], registers })
  const total = new Counter({ name: 'requests_total', help: 'x', labelNames, registers })
  const counted = async () => (await total.get()).values.reduce((sum, { value }) => sum + value, 0)
  return { duration, total, counted }
}

const promClientByHand = (): Recorder => {
  const { duration, total, counted } = promClient()
  return {
    name: 'prom-client by hand',
    record: ({ method, route, statusCode, seconds }) => {
      const labels = { method, route, status_code: statusCode }
      duration.observe(labels, seconds)
      total.inc(labels)
    },
    counted,
  }
}

const promClientChildren = (): Recorder => {
  const { duration, total, counted } = promClient()
  return {
    name: 'prom-client by hand, by labels()',
    record: ({ method, route, statusCode, seconds }) => {
      duration.labels(method, route, statusCode).observe(seconds)
      total.labels(method, route, statusCode).inc()
    },
    counted,
  }
}

class Reader extends MetricReader {
  protected override async onShutdown() {}
  protected override async onForceFlush() {}
}

/** Its histogram counts as well. */
const openTelemetry = (): Recorder => {
  const reader = new Reader()
  const meter = new MeterProvider({ readers: [reader] }).getMeter('bench')
  const advice = { explicitBucketBoundaries: [...buckets] }
  const duration = meter.createHistogram('http.server.request.duration', { unit: 's', advice })
  return {
    name: 'OpenTelemetry',
    record: ({ method, route, status, seconds }) =>
      duration.record(seconds, {
        'http.request.method': method,
        'http.route': route,
        'http.response.status_code': status,
      }),
    counted: async () => {
      const { resourceMetrics } = await reader.collect()
      let sum = 0
      for (const { metrics } of resourceMetrics.scopeMetrics) {
        for (const { dataPoints } of metrics) {
          for (const { value } of dataPoints) sum += typeof value === 'object' ? value.count : 0
        }
      }
      return sum
    },
  }
}

/** What the loop itself costs. */
const nothing = (): Recorder => {
  let called = 0
  let seconds = 0
  return {
    name: 'a sum and a number',
    record: (request) => {
      called += 1
      seconds += request.seconds
    },
    counted: () => (seconds > 0 ? called : 0),
  }
}

const [rounds = 0, calls = 0] = process.argv.slice(2).map(Number)
const recorders = [nothing(), ours(), oursByHand(), promClientByHand(), promClientChildren(), openTelemetry()]
console.log(JSON.stringify(await recordInTurns(recorders, { rounds, calls })))
