import type { IncomingMessage } from 'node:http'
import type { Kept } from '../reading.ts'
import { type ErrorTracking, errorTracking } from './errors/errors.ts'
import type { HealthChecks } from './health/checks.ts'
import { type Health, health, healthPaths } from './health/health.ts'
import { httpRequestDuration } from './http/metrics.ts'
import { requestLog } from './http/request-log.ts'
import { routeFinder } from './http/routes.ts'
import { type HttpWatch, httpWatch, type Server } from './http/watch.ts'
import type { Report } from './instruments/faults.ts'
import type { Instruments } from './instruments/instruments.ts'
import { usualSeries } from './instruments/series-store.ts'
import type { ServiceLog } from './log/log.ts'
import type { Settings } from './options.ts'
import { runtimeSource } from './runtime/runtime.ts'
import { serve } from './serving/serve.ts'
import { type Telemetry, telemetry } from './traces/telemetry.ts'
import { type Voice, voiceOf } from './voice.ts'

/** What a process has once: its metrics and their port, its log, its errors, its traces. */
export interface Foundation {
  readonly settings: Settings
  readonly instruments: Instruments
  readonly http: HttpWatch
  readonly log: ServiceLog
  readonly errors: ErrorTracking | undefined
  /** All metrics, of every worker where this is the primary of a cluster. */
  readings(): Promise<readonly Kept[]>
  /** Whether a server is our own: its requests are no visitors'. */
  isOurs(server: Server): boolean
  /** Has the metrics port answer the health endpoints too. */
  probe(health: Health): void
  /** Opens the port and the log, where they wait for it. Any number of times. */
  start(): void
  /** The address of /metrics; undefined where it is served nowhere, or by the primary of a cluster. */
  ready(): Promise<string | undefined>
  /** Any number of times: all wait for the same end. */
  close(): Promise<void>
}

/**
 * Who has set it up: code of the service, or `node --import`, beside any program, which may be no service at all. There
 * nothing is opened before `start`, and the process ends, or goes on, as it would without us.
 */
type By = 'code' | 'import'

/** @throws Error naming what of the settings cannot be had */
export const foundation = (settings: Settings, by: By = 'code'): Foundation => {
  const voice = voiceOf(settings, by === 'import')
  const { kept, log, report } = voice
  const traces = tracesOf(settings, report, (request, traceId) => http.trace(request, traceId))
  voice.traceOf = traces.traceOf
  const http = httpOf(settings, voice)
  kept.addSource('http', http.kept)
  kept.addSource('runtime', runtimeSource())
  kept.addSource('client metrics', traces.source)
  const { served, probe } = servedOf(settings, voice, by)
  const errors = errorsOf(settings, voice, traces, { farewell: served.farewell, by })
  const close = async () => {
    http.close()
    await served.close()
    await errors?.close()
    await traces.close()
    await log.close()
  }
  let closing: Promise<void> | undefined
  return {
    settings,
    instruments: kept,
    http,
    log,
    errors,
    readings: served.readings,
    isOurs: served.isOurs,
    ready: served.ready,
    probe,
    start: () => {
      voice.begin()
      served.start()
    },
    close: () => {
      closing ??= close()
      return closing
    },
  }
}

const servedOf = (settings: Settings, { kept, report, log }: Voice, by: By) => {
  let probes = health({ checks: unchecked, version: settings.version })
  const served = serve(settings, {
    kept,
    report,
    warn: (words) => log.warn(words),
    health: (path) => probes.answer(path),
    when: by === 'import' ? 'asked' : 'now',
  })
  const probe = (given: Health) => {
    probes = given
  }
  return { served, probe }
}

/** Until somebody names a check. */
const unchecked: HealthChecks = { run: async () => [], source: () => [] }

const tracesOf = (
  { name, version, options, env }: Settings,
  report: Report,
  onTrace: (request: IncomingMessage, traceId: string) => void,
) =>
  telemetry({
    disabled: env.OTEL_SDK_DISABLED,
    endpoint: options.traces?.endpoint ?? env.OTEL_EXPORTER_OTLP_ENDPOINT,
    tracesEndpoint: options.traces?.endpoint ? undefined : env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,
    service: name,
    version,
    ignore: (path) => path === '/metrics' || healthPaths.some((one) => one === path),
    // An exemplar of a trace that was not kept leads nowhere.
    onRequestSpan: (request, { traceId, sampled }) => sampled && onTrace(request, traceId),
    report,
  })

const httpOf = ({ options, env }: Settings, { kept, report, log }: Voice): HttpWatch => {
  const {
    routes = env.SERVICE_ROUTES ?? [],
    latencies = [],
    log: wanted = env.SERVICE_LOG_REQUESTS,
  } = options.http ?? {}
  const buckets = [...new Set([...httpRequestDuration.buckets, ...latencies])].sort((one, other) => one - other)
  return httpWatch({
    report,
    maxSeries: options.maxSeries ?? usualSeries,
    onLimit: () => kept.limited(httpRequestDuration.name),
    duration: { ...httpRequestDuration, buckets },
    ignore: healthPaths,
    findRoute: routeFinder(routes),
    onEnd: requestLog(wanted, log),
  })
}

const errorsOf = (
  { name, version, options, env }: Settings,
  { kept, report, log }: Voice,
  traces: Telemetry,
  { farewell, by }: { readonly farewell: () => Promise<void>; readonly by: By },
): ErrorTracking | undefined => {
  const given = options.errors ?? (env.SERVICE_ERRORS === 'on' && {})
  if (given === false) return undefined
  return errorTracking({
    dsn: given.dsn ?? env.SENTRY_DSN,
    environment: given.environment ?? env.SENTRY_ENVIRONMENT ?? env.NODE_ENV,
    release: version,
    service: name,
    tracesSampleRate: given.tracesSampleRate ?? env.SENTRY_TRACES_SAMPLE_RATE,
    profilesSampleRate: given.profilesSampleRate ?? env.SENTRY_PROFILES_SAMPLE_RATE,
    exitOnUnhandledRejection: given.exitOnUnhandledRejection ?? env.SERVICE_EXIT_ON_REJECTION,
    asNode: by === 'import',
    otherTracer: traces.on,
    traceOf: traces.traceOf,
    untraced: traces.untraced,
    log,
    // What a worker counted since the last scrape would be lost with it.
    flushLog: () => Promise.all([log.flush(), farewell()]),
    redact: log.redacted,
    instruments: kept,
    report,
  })
}
