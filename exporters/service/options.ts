import { z } from 'zod'
import { readServiceEnv, type ServiceEnv } from '../../config/env.ts'
import { url } from '../../config/env-shapes.ts'
import { logLevels, requestLogs } from '../../config/service-variables.ts'
import type { Ask, Check } from './health/checks.ts'
import type { PrintedRegistry } from './instruments/registered.ts'
import { isObject } from './log/values.ts'
import type { Pool, RedisClient } from './runtime/pools.ts'

const routes = z.array(z.string().regex(/^\//, 'is no route: it begins with /')).readonly()
const shareWords = 'is no share: write a number from 0 to 1'
const share = z.number(shareWords).min(0, shareWords).max(1, shareWords)
const portWords = 'is no port: write a whole number from 0 to 65535'
const nameWords = 'is no name: write one character or more'
const seriesWords = 'is no number of series: write 1 or more'
const latencyWords = 'is no latency: write seconds, more than 0'
const bytesWords = 'is no size: write bytes, 1 or more'
const filesWords = 'is no number of files: write 1 or more'
const checkWords = 'is no check: write a function that rejects where the dependency is down'
const patienceWords = 'is no patience: write milliseconds, more than 0'
const poolWords = 'is no pool: give a Pool of pg or a client of ioredis'
const hostWords = 'is no address: write one such as 127.0.0.1'
const flagWords = 'is neither true nor false'
const isFunction = (value: unknown) => typeof value === 'function'
const flag = z.boolean(flagWords).optional()

const detailedCheck = z.strictObject(
  {
    check: z.custom(isFunction, checkWords),
    patience: z.number(patienceWords).positive(patienceWords).optional(),
    required: flag,
  },
  checkWords,
)
const check = z.custom<Check | Ask>().superRefine((one, context) => {
  const parsed = isFunction(one) ? undefined : detailedCheck.safeParse(one)
  for (const issue of parsed?.error?.issues ?? []) context.addIssue({ ...issue })
})
const pool = z.custom<Pool | RedisClient>(
  (one) => isObject(one) && (('totalCount' in one && 'options' in one) || 'status' in one),
  poolWords,
)

const metrics = z.strictObject({
  host: z.string(hostWords).min(1, hostWords).optional(),
  port: z.int(portWords).min(0, portWords).max(65535, portWords).optional(),
})
const errors = z.strictObject({
  /** Else SENTRY_DSN. Nothing is sent without one. */
  dsn: url(['http:', 'https:'], 'https://key@host/1'),
  environment: z.string().optional(),
  tracesSampleRate: share.optional(),
  profilesSampleRate: share.optional(),
  /**
   * Whether an unhandled rejection ends the process, as an uncaught exception does. Else SERVICE_EXIT_ON_REJECTION; the
   * handbook goes on where nothing is said.
   */
  exitOnUnhandledRejection: flag,
})
/** `false` switches the part off. */
const orOff = <Shape extends z.ZodRawShape>(part: z.ZodObject<Shape>) => z.union([z.literal(false), part]).optional()

const schema = z.strictObject({
  /** In every log line and trace. Else SERVICE_NAME, else `service`. */
  name: z.string().min(1, nameWords).optional(),
  /** Told by /health. Else SERVICE_VERSION, else the version of the package that npm started. */
  version: z.string().optional(),
  /** Where /metrics is served; `false` serves it nowhere. Else METRICS_HOST and METRICS_PORT. */
  metrics: orOff(metrics),
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
      latencies: z.array(z.number(latencyWords).positive(latencyWords)).readonly().optional(),
      /** Which requests are logged: none, those that failed or were left by their client, or all. Else SERVICE_LOG_REQUESTS. */
      log: z.enum(requestLogs, `is none of ${requestLogs.join(', ')}`).optional(),
    })
    .optional(),
  /** Series that one metric may have; 10,000 where nothing is said. What is beyond shares one. */
  maxSeries: z.int(seriesWords).positive(seriesWords).optional(),
  /** Health checks by name: functions that reject where a dependency is down. */
  checks: z.record(z.string(), check, 'are no checks: write { name: check }').optional(),
  /** `false` leaves the health endpoints out of the service's own routes; they stay on the metrics port. */
  health: flag,
  /** Client pools by name, whose state is shown. */
  pools: z.record(z.string(), pool, 'are no pools: write { name: pool }').optional(),
  log: z
    .strictObject({
      level: z.enum(logLevels, `is no level: write ${logLevels.join(', ')}`).optional(),
      /** The folder of error.log and combined.log; `false` writes none. Else LOG_DIR, else `logs`. */
      folder: z.union([z.literal(false), z.string().min(1)], 'is no folder: write its path, or false').optional(),
      /** Bytes that a file may have, and how many files of each kind are kept. The handbook's 5 MB and 5 where nothing is said. */
      size: z.int(bytesWords).positive(bytesWords).optional(),
      keep: z.int(filesWords).positive(filesWords).optional(),
      /** On the console as well; where nothing is said, unless NODE_ENV is `production`. */
      console: flag,
      /** Names of keys whose values are hidden besides the usual ones. */
      redact: z.array(z.string()).readonly().optional(),
    })
    .optional(),
  /** `false` leaves uncaught exceptions to others, as SERVICE_ERRORS=off does. */
  errors: orOff(errors),
  /** Where traces are sent, by OTLP over HTTP. Else OTEL_EXPORTER_OTLP_ENDPOINT. Nothing is traced without one. */
  traces: z.strictObject({ endpoint: url(['http:', 'https:'], 'http://host:4318') }).optional(),
  /** A registry of prom-client whose metrics are served beside ours. */
  registry: z
    .custom<PrintedRegistry>(
      (one) => isObject(one) && 'metrics' in one && isFunction(one.metrics),
      'is no registry of prom-client',
    )
    .optional(),
})

export type ServiceOptions = z.input<typeof schema>
/** What belongs to a service, and can still be said when its process is instrumented already. */
export const laterOptions = [
  'checks',
  'health',
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
  const faults = parsed.error.issues.flatMap((issue) => faultsOf(issue))
  throw new Error(`the options of the service have faults:\n${faults.map((fault) => `  ${fault}`).join('\n')}`)
}

const known: Readonly<Record<string, object>> = {
  '': schema.shape,
  metrics: metrics.shape,
  errors: errors.shape,
  http: schema.shape.http.unwrap().shape,
  log: schema.shape.log.unwrap().shape,
  traces: schema.shape.traces.unwrap().shape,
}

const faultsOf = (issue: z.core.$ZodIssue, above: readonly PropertyKey[] = []): readonly string[] => {
  const path = [...above, ...issue.path]
  const at = path.join('.')
  if (issue.code === 'unrecognized_keys') {
    const names = Object.keys(known[at] ?? detailedCheck.shape).join(', ')
    return issue.keys.map((key) => `${[...path, key].join('.')} is no option: known are ${names}`)
  }
  // Of the choices, the last is the one that somebody who writes more than `false` has meant.
  const meant = issue.code === 'invalid_union' ? issue.errors.at(-1) : undefined
  if (meant && issue.message === 'Invalid input') return meant.flatMap((one) => faultsOf(one, path))
  return [at === '' ? 'the options are no object' : `${at}: ${issue.message}`]
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
