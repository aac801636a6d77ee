import { subscribe } from 'node:diagnostics_channel'
import { readServiceEnv } from '../../config/env.ts'
import { foundation } from './foundation.ts'
import { health } from './health/health.ts'
import { fastifyMetrics } from './http/fastify.ts'
import { settingsOf } from './options.ts'
import { registerFoundation } from './registration.ts'
import { hookImports } from './traces/telemetry.ts'

// `node --import techplus-observability/service/register app.js` instruments a service without a change to its code:
// every HTTP server of the process is counted, /metrics and the health endpoints have a port of their own.

const env = readServiceEnv()
const traced = env.OTEL_EXPORTER_OTLP_ENDPOINT ?? env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT
if (traced && !env.OTEL_SDK_DISABLED) hookImports()

const base = foundation(settingsOf({}, env))
registerFoundation(base)
// Until the service brings checks of its own.
base.probe(health({ checks: { run: async () => [], source: () => [] }, version: base.settings.version }))
base.http.watchAll(base.isOurs)

/** Fastify says this of every instance it makes, before that has routes. */
subscribe('fastify.initialization', (message) => {
  if (isFastify(message)) message.fastify.register(fastifyMetrics(base.http, { onError: base.errors?.capture }))
})

interface Initialization {
  readonly fastify: { register(plugin: unknown): unknown }
}
const isFastify = (message: unknown): message is Initialization =>
  typeof message === 'object' && message !== null && 'fastify' in message

// The last spans leave before a process that has nothing more to do.
process.once('beforeExit', () => void base.close())
