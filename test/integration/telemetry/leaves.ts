import { trace } from '@opentelemetry/api'
import { telemetry } from '../../../exporters/service/traces/telemetry.ts'

// A program that has nothing to do once it has ended its telemetry.
const { close } = telemetry({ endpoint: process.env.OTLP_URL, service: 'leaves', report: () => undefined })
trace.getTracer('app').startSpan('last').end()
await close()
process.stdout.write('closed')
