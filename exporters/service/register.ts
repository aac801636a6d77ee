import { subscribe } from 'node:diagnostics_channel'
import { isMainThread } from 'node:worker_threads'
import { readServiceEnv } from '../../config/env.ts'
import { foundation } from './foundation.ts'
import { fastifyMetrics, isFastifyWeKnow } from './http/fastify.ts'
import { onceItServes } from './http/serves.ts'
import { settingsOf } from './options.ts'
import { registerFoundation } from './registration.ts'
import { hookImports } from './traces/telemetry.ts'

// `node --import techplus-observability/service/register app.js` instruments a service without a change to its code:
// every HTTP server of the process is counted, /metrics and the health endpoints have a port of their own.

interface Initialization {
  readonly fastify: { readonly version?: unknown; register(plugin: unknown): unknown }
}
const isFastify = (message: unknown): message is Initialization =>
  typeof message === 'object' && message !== null && 'fastify' in message

const instrument = () => {
  const env = readServiceEnv()
  const traced = env.OTEL_EXPORTER_OTLP_ENDPOINT ?? env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT
  if (traced && !env.OTEL_SDK_DISABLED) hookImports()

  const base = foundation(settingsOf({}, env), 'import')
  registerFoundation(base)
  base.http.watchAll(base.isOurs)
  onceItServes(base.start)

  let told = false
  const tellOnce = (version: unknown) => {
    if (told) return
    told = true
    const words = `no route of Fastify ${version} has a name, as only Fastify 5 is known`
    base.log.warn(`${words}: its requests are counted as unmatched, or by the patterns of SERVICE_ROUTES`)
  }
  /** Fastify says this of every instance it makes, before that has routes. */
  subscribe('fastify.initialization', (message) => {
    if (!isFastify(message)) return
    const { fastify } = message
    if (isFastifyWeKnow(fastify.version)) fastify.register(fastifyMetrics(base.http, { onError: base.errors?.capture }))
    else tellOnce(fastify.version)
  })

  // The last spans leave before a process that has nothing more to do.
  process.once('beforeExit', () => void base.close())
}

// A worker thread is no process: whatever goes wrong in it is told to the thread that started it.
if (isMainThread) instrument()
