import { z } from 'zod'
import { readServiceEnv, type ServiceEnv } from '../../config/env.ts'
import { logLevels, requestLogs } from '../../config/service-variables.ts'
import type { Ask, Check } from './checks.ts'
import type { PoolClients } from './pools.ts'
import type { PrintedRegistry } from './registered.ts'

const routes = z.array(z.string().regex(/^\//, 'is no route: it begins with /')).readonly()
const share = z.number('is no share: write a number from 0 to 1').min(0).max(1)
const named = <T>() =>
  z.record(
    z.string(),
    z.custom<T>((value) => typeof value === 'object' || typeof value === 'function'),
  )

const schema = z.strictObject({
  /** In every log line and trace. Else SERVICE_NAME, else `service`. */
  name: z.string().min(1).optional(),
  /** Told by /health. Else SERVICE_VERSION, else the version of the package that npm started. */
  version: z.string().optional(),
  /** Where /metrics is served; `false` serves it nowhere. Else METRICS_HOST and METRICS_PORT. */
  metrics: z
    .union([
      z.literal(false),
      z.strictObject({ host: z.string().optional(), port: z.int().min(0).max(65535).optional() }),
    ])
    .optional(),
  /**
   * Routes, as patterns, that are not counted besides the health endpoints. Probes ask for them, not users, and at a steady
   * rate: they would dilute every promise about users' requests.
   */
  ignore: routes.optional(),
  http: z
    .strictObject({
      /** Patterns of the routes of a server without a router that we know. Else SERVICE_ROUTES. */
      routes: routes.optional(),
      /** Seconds that are bounds of the latency histogram besides the usual ones. Those of config/sla.ts always are. */
      latencies: z.array(z.number().positive()).readonly().optional(),
      /** Which requests are logged: none, those that failed or were left by their client, or all. Else SERVICE_LOG_REQUESTS. */
      log: z.enum(requestLogs).optional(),
    })
    .optional(),
  /** Series that one metric may have; 10,000 where nothing is said. What is beyond shares one. */
  maxSeries: z.int().positive().optional(),
  /** Health checks by name: functions that reject where a dependency is down. */
  checks: named<Check | Ask>().optional(),
  /** Client pools by name, whose state is shown. */
  pools: z.custom<PoolClients>((value) => typeof value === 'object' && value !== null).optional(),
  log: z
    .strictObject({
      level: z.enum(logLevels).optional(),
      /** The folder of error.log and combined.log; `false` writes none. Else LOG_DIR, else `logs`. */
      folder: z.union([z.string().min(1), z.literal(false)]).optional(),
      /** On the console as well; where nothing is said, unless NODE_ENV is `production`. */
      console: z.boolean().optional(),
      /** Names of keys whose values are hidden besides the usual ones. */
      redact: z.array(z.string()).readonly().optional(),
    })
    .optional(),
  /** `false` leaves uncaught exceptions to others. */
  errors: z
    .union([
      z.literal(false),
      z.strictObject({
        /** Else SENTRY_DSN. Nothing is sent without one. */
        dsn: z.url().optional(),
        environment: z.string().optional(),
        tracesSampleRate: share.optional(),
        profilesSampleRate: share.optional(),
        /** Whether an unhandled rejection ends the process, as an uncaught exception does. The handbook goes on. */
        exitOnUnhandledRejection: z.boolean().optional(),
      }),
    ])
    .optional(),
  /** Where traces are sent, by OTLP over HTTP. Else OTEL_EXPORTER_OTLP_ENDPOINT. Nothing is traced without one. */
  traces: z.strictObject({ endpoint: z.url().optional() }).optional(),
  /** A registry of prom-client whose metrics are served beside ours. */
  registry: z
    .custom<PrintedRegistry>((value) => typeof value === 'object' && value !== null && 'metrics' in value)
    .optional(),
})

export type ServiceOptions = z.input<typeof schema>
/** What belongs to a service, and can still be said when its process is instrumented already. */
export const laterOptions = [
  'checks',
  'ignore',
  'pools',
  'registry',
  'version',
] as const satisfies (keyof ServiceOptions)[]

/**
 * The options as they were given.
 * @throws Error naming every option that is wrong, and what it may be
 */
export const checkOptions = (options: unknown): ServiceOptions => {
  const parsed = schema.safeParse(options)
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.flatMap((issue) => faultOf(issue))
  throw new Error(`the options of the service have faults:\n${faults.map((fault) => `  ${fault}`).join('\n')}`)
}

const faultOf = (issue: z.core.$ZodIssue): readonly string[] => {
  const at = issue.path.join('.')
  if (issue.code === 'unrecognized_keys') {
    const known = at === '' ? Object.keys(schema.shape).join(', ') : 'what docs/instrument-your-service.md lists'
    return issue.keys.map((key) => `${at === '' ? key : `${at}.${key}`} is no option: known are ${known}`)
  }
  if (issue.code === 'invalid_union')
    return [
      `${at}: ${issue.errors
        .flat()
        .map(({ message }) => message)
        .join(', or ')}`,
    ]
  return [`${at}: ${issue.message}`]
}

/** Everything that is needed to start, with nothing left open. */
export interface Settings {
  readonly name: string
  readonly version: string | undefined
  readonly development: boolean
  readonly metrics: { readonly host: string; readonly port: number } | undefined
  readonly options: ServiceOptions
  readonly env: ServiceEnv
}

/** @throws Error as `checkOptions` and `readServiceEnv` do */
export const settingsOf = (given: unknown, env: ServiceEnv = readServiceEnv()): Settings => {
  const options = checkOptions(given)
  const { metrics = {} } = options
  return {
    name: options.name ?? env.SERVICE_NAME ?? env.OTEL_SERVICE_NAME ?? 'service',
    version: options.version ?? env.SERVICE_VERSION ?? env.npm_package_version,
    development: env.NODE_ENV !== 'production',
    metrics:
      metrics === false
        ? undefined
        : { host: metrics.host ?? env.METRICS_HOST, port: metrics.port ?? env.METRICS_PORT },
    options,
    env,
  }
}
