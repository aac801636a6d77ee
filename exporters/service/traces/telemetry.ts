import { IncomingMessage } from 'node:http'
import { createRequire, register, syncBuiltinESMExports } from 'node:module'
import type { Report } from '../instruments/faults.ts'
import type { Source } from '../instruments/instruments.ts'
import { clientMetrics, statementKind } from './client-metrics.ts'
import { clientWatch } from './client-watch.ts'
import { openMeters } from './open-meters.ts'
import { type Libraries, loaded } from './opentelemetry.ts'
import { withholdSecrets } from './span-contents.ts'

export interface RequestTrace {
  readonly traceId: string
  readonly spanId: string
  /** Whether the trace is kept: an exemplar of one that is not leads nowhere. */
  readonly sampled: boolean
}

export interface TelemetryOptions {
  /** There is no telemetry, whatever endpoint there is. */
  readonly disabled?: boolean | undefined
  /** The root of an OTLP receiver, such as `http://host:4318`. Without it or `tracesEndpoint` there is no telemetry. */
  readonly endpoint?: string | undefined
  /** The full address that takes traces. */
  readonly tracesEndpoint?: string | undefined
  readonly service: string
  readonly version?: string | undefined
  /** Paths, without query, whose requests make no spans: those of probes and scrapes. */
  readonly ignore?: ((path: string) => boolean) | undefined
  /** Called for every incoming request before its handlers are, whatever framework they are of. */
  readonly onRequestSpan?: ((request: IncomingMessage, trace: RequestTrace) => void) | undefined
  readonly report: Report
}

export interface Telemetry {
  readonly on: boolean
  /** Of what runs now. */
  traceOf(): Omit<RequestTrace, 'sampled'> | undefined
  /** Does something of which no span is made. */
  untraced<T>(act: () => T): T
  /** What the clients of databases and of other services measured, and the service's own meters of OpenTelemetry. */
  readonly source: Source
  /** Sends what is waiting, for two seconds at most. Never throws. */
  close(): Promise<void>
}

const off: Telemetry = {
  on: false,
  traceOf: () => undefined,
  untraced: (act) => act(),
  source: () => [],
  close: async () => undefined,
}

/** What we measure ourselves. */
const ownMeter = 'techplus-observability'

/** Longer than a receiver needs that answers at all. */
const closesWithin = 2_000

/**
 * Traces every request through the frameworks and clients we know, and measures the clients. Nothing of OpenTelemetry is
 * loaded without an endpoint. Call it before anything that it shall trace is loaded; see `hookImports`. A receiver that
 * does not answer costs spans, never requests: at most 2048 wait, those after them are dropped.
 * @throws Error where OpenTelemetry is not installed
 */
export const telemetry = (options: TelemetryOptions): Telemetry => {
  const url = options.tracesEndpoint ?? (options.endpoint && `${options.endpoint.replace(/\/+$/, '')}/v1/traces`)
  return url && !options.disabled ? start(loaded(createRequire(import.meta.url)), url, options) : off
}

/** What is traced by being patched, and is not loaded by another of them. Node's own modules are patched in place. */
const hooked = ['express', 'ioredis', 'pg', 'pg-pool']

/**
 * Lets modules that are loaded by `import` be traced too. Only for programs that have not loaded theirs yet: what
 * `node --import` starts. No other module is touched.
 * @throws Error where OpenTelemetry is not installed
 */
export const hookImports = () => {
  // Node would only say that it finds no module of that name.
  loaded(createRequire(import.meta.url))
  register('@opentelemetry/instrumentation/hook.mjs', import.meta.url, { data: { include: hooked } })
}

const start = (libraries: Libraries, url: string, options: TelemetryOptions): Telemetry => {
  const { api, sdk, instrumentation } = libraries
  const { report } = options
  const tell = (...words: unknown[]) => report('telemetry', new Error(words.map(brief).join(' ')))
  const quiet = () => undefined
  api.diag.setLogger(
    { error: tell, warn: tell, info: quiet, debug: quiet, verbose: quiet },
    { logLevel: api.DiagLogLevel.WARN, suppressOverrideMessage: true },
  )
  const end = startSdk(libraries, url, options)
  const { provider, source } = openMeters(libraries, report)
  const metrics = clientMetrics(provider.getMeter(ownMeter))
  const instrumentations = [clientWatch(instrumentation, metrics, report), ...tracers(libraries, options)]
  instrumentation.registerInstrumentations({ instrumentations, meterProvider: provider })
  // A service that has a provider keeps it.
  const global = api.metrics.getMeter(ownMeter) === api.createNoopMeter()
  if (global) api.metrics.setGlobalMeterProvider(provider)
  patchNode()
  return {
    on: true,
    traceOf: () => {
      const context = api.trace.getActiveSpan()?.spanContext()
      return context && api.isSpanContextValid(context) ? context : undefined
    },
    untraced: (act) => api.context.with(sdk.core.suppressTracing(api.context.active()), act),
    source,
    close: async () => {
      for (const one of instrumentations) one.disable()
      await within(closesWithin, end()).catch((cause: unknown) =>
        report('telemetry', new Error('could not send the last traces', { cause })),
      )
      for (const one of [api.trace, api.context, api.propagation, api.diag]) one.disable()
      if (global) api.metrics.disable()
    },
  }
}

/** Node's modules are there already; who imported a function of them by name gets the patched one. */
const patchNode = () => {
  const require = createRequire(import.meta.url)
  for (const name of ['node:http', 'node:https']) require(name)
  syncBuiltinESMExports()
}

/** Samples as OTEL_TRACES_SAMPLER says, and waits and batches as OTEL_BSP_* do: the SDK reads them itself. Returns its end. */
const startSdk = ({ sdk, exporter }: Libraries, url: string, { service, version }: TelemetryOptions) => {
  const { defaultResource, envDetector, hostDetector, resourceFromAttributes } = sdk.resources
  const receiver = new exporter.OTLPTraceExporter({ url })
  let last: typeof receiver | undefined
  const receivers = () => [receiver, ...(last ? [last] : [])]
  const running = new sdk.NodeSDK({
    serviceName: service,
    resource: defaultResource().merge(
      resourceFromAttributes(version === undefined ? {} : { 'service.version': version }),
    ),
    // Not that of the process: its command line may hold a password.
    resourceDetectors: [envDetector, hostDetector],
    // Nothing but traces: logs and metrics have their own ways.
    metricReaders: [],
    logRecordProcessors: [],
    traceExporter: {
      export: (spans, done) => {
        for (const span of spans) if (ours.test(span.instrumentationScope.name)) withholdSecrets(span)
        const to = last ?? receiver
        to.export(spans, done)
      },
      forceFlush: async () => void (await Promise.all(receivers().map((one) => one.forceFlush()))),
      shutdown: async () => void (await Promise.all(receivers().map((one) => one.shutdown()))),
    },
  })
  running.start()
  return () => {
    // The other would go on trying for ten seconds, and keep the process.
    last = new exporter.OTLPTraceExporter({ url, timeoutMillis: closesWithin })
    return running.shutdown()
  }
}

/** Spans that a service makes itself hold what it wants them to. */
const ours = /^@(?:fastify\/otel$|opentelemetry\/instrumentation-)/

const tracers = ({ api, sdk, fastify, express, http, ioredis, pg, undici }: Libraries, options: TelemetryOptions) => {
  const { ignore = () => false, onRequestSpan = () => undefined, report } = options
  /** What sends the traces makes none, nor counts as a request to others. */
  const suppressed = () => sdk.core.isTracingSuppressed(api.context.active())
  const { MIDDLEWARE, ROUTER } = express.ExpressLayerType
  return [
    new http.HttpInstrumentation({
      ignoreIncomingRequestHook: ({ url = '' }) => ignore(url.replace(/\?.*$/s, '')),
      ignoreOutgoingRequestHook: suppressed,
      requestHook: (span, request) => {
        if (!(request instanceof IncomingMessage)) return
        const { traceId, spanId, traceFlags } = span.spanContext()
        try {
          onRequestSpan(request, { traceId, spanId, sampled: (traceFlags & api.TraceFlags.SAMPLED) !== 0 })
        } catch (cause) {
          report('telemetry', cause)
        }
      },
    }),
    new undici.UndiciInstrumentation({ ignoreRequestHook: suppressed }),
    // The handler has a span, or after a body nothing would be found below the route's; hooks would be too many.
    new fastify.FastifyOtelInstrumentation({ registerOnInitialization: true, instrumentHooks: false }),
    new express.ExpressInstrumentation({ ignoreLayersType: [MIDDLEWARE, ROUTER] }),
    new pg.PgInstrumentation({
      requestHook: (span, { query: { name, text }, connection: { database = '' } }) => {
        // What it takes for the first word may be all of the text.
        if (!name) span.updateName(`pg.query:${statementKind(text)} ${database}`)
      },
    }),
    new ioredis.IORedisInstrumentation({ dbStatementSerializer: (command) => command }),
  ]
}

/** An error comes as JSON, with its stack and with all that the receiver answered. */
const brief = (word: unknown) => {
  try {
    const { name, message } = JSON.parse(String(word))
    return `${name}: ${message}`
  } catch {
    return String(word)
  }
}

const within = async (milliseconds: number, work: Promise<void>) => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    const words = `the receiver of traces did not take the last ones within ${milliseconds} ms`
    timer = setTimeout(() => reject(new Error(words)), milliseconds)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
