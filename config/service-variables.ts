import { z } from 'zod'
import { flag, path, port, share, url } from './env-shapes.ts'

/** The handbook's levels, from the gravest. */
export const logLevels = ['error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof logLevels)[number]

/** What other programs call their levels, pino, winston and syslog among them, and the nearest of ours. */
const nearest: ReadonlyMap<string, LogLevel | 'silent'> = new Map([
  ...logLevels.map((level) => [level, level] as const),
  ...(['emerg', 'alert', 'crit', 'fatal'] as const).map((level) => [level, 'error'] as const),
  ['warning', 'warn'],
  ...(['notice', 'http'] as const).map((level) => [level, 'info'] as const),
  ...(['verbose', 'silly', 'trace'] as const).map((level) => [level, 'debug'] as const),
  ['silent', 'silent'],
])
/** An application that reads the same variable may have set it for a logger of its own. */
const level = z.string().transform((text, context) => {
  const known = nearest.get(text.toLowerCase())
  if (known === undefined) context.addIssue(`is no level: write ${logLevels.join(', ')}`)
  return known ?? z.NEVER
})

/** What is sent, and how: traces as Protocol Buffers over HTTP. */
const protocol = z.literal('http/protobuf', 'is not supported: write http/protobuf, or leave it out').optional()

export const requestLogs = ['none', 'failed', 'all'] as const
/** Which requests have a line in the log. */
export type RequestLog = (typeof requestLogs)[number]

const pattern = /^\/[^\s?#]*$/

/** What a service reads of the environment in its own process. Options given in code come before them. */
export const serviceVariables = {
  /** In every log line and trace. OTEL_SERVICE_NAME says the same to OpenTelemetry. */
  SERVICE_NAME: z.string().optional(),
  OTEL_SERVICE_NAME: z.string().optional(),
  SERVICE_VERSION: z.string().optional(),
  /** npm sets it for what it starts. */
  npm_package_version: z.string().optional(),
  NODE_ENV: z.string().optional(),
  /** Where /metrics and the health endpoints are served besides the service's own port. Loopback unless asked. */
  METRICS_HOST: z.string().default('127.0.0.1'),
  METRICS_PORT: port(9465),
  /** Patterns of the routes of a server without a router that we know, separated by commas. */
  SERVICE_ROUTES: z
    .string()
    .transform((text) => text.split(',').map((one) => one.trim()))
    .refine((routes) => routes.every((one) => pattern.test(one)), 'is no list of routes: write /one,/two/:id')
    .optional(),
  /** Which requests have a line in the log: none, those that failed or were left by their client, or all. */
  SERVICE_LOG_REQUESTS: z.enum(requestLogs, `is none of ${requestLogs.join(', ')}`).default('failed'),
  /** `silent` logs nothing at all. */
  LOG_LEVEL: level.default('info'),
  /** The folder of error.log and combined.log. */
  LOG_DIR: path,
  /** Whether what nobody caught is ours to deal with. */
  SERVICE_ERRORS: z.enum(['on', 'off'], 'is neither on nor off').default('on'),
  /** Whether a rejection that nobody handles ends the process. */
  SERVICE_EXIT_ON_REJECTION: flag.optional(),
  /** Where errors are sent; nothing is sent without it. */
  SENTRY_DSN: url(['http:', 'https:'], 'https://key@host/1'),
  SENTRY_ENVIRONMENT: z.string().optional(),
  /** Shares of requests that are traced, and of those that are profiled. The handbook has 1 for both. */
  SENTRY_TRACES_SAMPLE_RATE: share(1),
  SENTRY_PROFILES_SAMPLE_RATE: share(1),
  /** Where traces are sent; nothing is traced without one of them. */
  OTEL_EXPORTER_OTLP_ENDPOINT: url(['http:', 'https:'], 'http://host:4318'),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url(['http:', 'https:'], 'http://host:4318/v1/traces'),
  OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: protocol,
  /** Nothing is traced, whatever endpoint there is. */
  OTEL_SDK_DISABLED: flag.default(false),
} as const
