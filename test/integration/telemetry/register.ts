import { createServer } from 'node:http'
import { metrics } from '@opentelemetry/api'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { printed } from '../../../exporters/exposition.ts'
import { instruments } from '../../../exporters/service/instruments/instruments.ts'
import { hookImports, telemetry } from '../../../exporters/service/traces/telemetry.ts'

const { OTLP_URL, METRICS_PORT, PATH_NOT_TRACED, OWN_METERS } = process.env
const told: string[] = []
const report = (part: string, cause: unknown) => told.push(`${part}: ${cause}`)
const seen: unknown[] = []

if (OWN_METERS) metrics.setGlobalMeterProvider(new MeterProvider())
hookImports()
const { on, source, traceOf, close } = telemetry({
  endpoint: OTLP_URL,
  service: 'traced',
  version: '1.2.3',
  ignore: (path) => path === PATH_NOT_TRACED,
  onRequestSpan: ({ url }, trace) => seen.push({ url, ...trace }),
  report,
})
const own = instruments({ report })
own.addSource('clients', source)

// What the program measured, and what it was told: asked by the test.
createServer(async ({ url }, response) => {
  if (url === '/metrics') response.end([...printed(await own.readings(), { open: false })].join(''))
  else if (url === '/close') await close().finally(() => response.end('closed'))
  else response.end(JSON.stringify({ on, told, seen, now: traceOf() ?? null }))
}).listen(Number(METRICS_PORT), '127.0.0.1')
