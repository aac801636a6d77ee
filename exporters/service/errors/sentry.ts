import http, { type ClientRequest } from 'node:http'
import https from 'node:https'
import { createRequire } from 'node:module'
import type { Event, NodeOptions } from '@sentry/node'
import type { Report } from '../instruments/faults.ts'
import { isObject } from '../log/values.ts'
import { bareEvent, scrubbing } from './sentry-events.ts'
import type { Redact } from './thrown.ts'

export interface Trace {
  readonly traceId: string
  readonly spanId: string
}

export interface SentryOptions {
  readonly dsn: string
  /** Sentry's own default is `production`. */
  readonly environment?: string | undefined
  readonly release?: string | undefined
  /** A tag of every event. */
  readonly service: string
  /** Share of requests whose trace Sentry keeps, 0 to 1. Nothing where `otherTracer` is true. */
  readonly tracesSampleRate: number
  /** Share of processes that are profiled, 0 to 1: Sentry decides once, when a process starts. */
  readonly profilesSampleRate: number
  /** Whether another tracer runs in the process: Sentry gets errors and profiles then, and instruments nothing. */
  readonly otherTracer: boolean
  readonly traceOf?: (() => Trace | undefined) | undefined
  /** Runs what sends to Sentry so that the other tracer makes no span of it. */
  readonly untraced?: (<T>(send: () => T) => T) | undefined
  readonly redact: Redact
  readonly warn: (words: string, cause?: unknown) => void
  readonly report: Report
  /** How optional packages are loaded: at once, so that the service can start at once. */
  readonly require?: (name: string) => unknown
}

export interface How {
  /** False for what nobody caught. */
  readonly handled: boolean
  readonly fatal?: boolean
  readonly context?: Context | undefined
}
export interface Sentry {
  send(error: Error, how: How): void
  /** Resolves when all was sent, or after so many milliseconds. */
  flush(patience: number): Promise<unknown>
  close(patience: number): Promise<unknown>
}
export type Context = Readonly<Record<string, unknown>>

/**
 * These only, where Sentry traces nothing: they neither change a module nor open a socket. Not among them are lines of
 * source, local variables and what was printed, which hold secrets; and its handlers of what nobody caught, as ours are there.
 */
const lean = new Set(['EventFilters', 'FunctionToString', 'LinkedErrors', 'Dedupe', 'NodeSystemError', 'Context'])
/** Never, also where it traces: the same reasons. */
const never = new Set([
  'OnUncaughtException',
  'OnUnhandledRejection',
  'WorkerThreads',
  'ContextLines',
  'LocalVariablesAsync',
  'LocalVariables',
  'Console',
  'ProcessSession',
  'Modules',
])

const nothing: NonNullable<NodeOptions['dataCollection']> = {
  userInfo: false,
  cookies: false,
  httpHeaders: false,
  httpBodies: [],
  urlQueryParams: false,
  graphQL: { document: false, variables: false },
  genAI: { inputs: false, outputs: false },
  mcp: { inputs: false, outputs: false },
  databaseQueryData: false,
  queues: false,
  stackFrameVariables: false,
  frameContextLines: 0,
}

/**
 * Loads Sentry and starts it. Nothing of it is loaded before.
 * @throws Error where the package is not installed, or the DSN is none
 */
export const openSentry = (options: SentryOptions): Sentry => {
  const { require = createRequire(import.meta.url), service, traceOf } = options
  const sdk = loaded(require)
  const tracing = !options.otherTracer && options.tracesSampleRate > 0
  const profiler = options.profilesSampleRate > 0 ? profilerOf(require, options.warn) : undefined
  const wire = wireTo(options)
  const client = sdk.init({
    ...settings(options, tracing),
    transportOptions: { httpModule: wire },
    ...(profiler && {
      profileSessionSampleRate: options.profilesSampleRate,
      profileLifecycle: tracing ? 'trace' : 'manual',
    }),
    integrations: (known) => [
      ...known.filter(({ name }) => (tracing ? !never.has(name) : lean.has(name))),
      ...(profiler ? [profiler.nodeProfilingIntegration()] : []),
    ],
    initialScope: { tags: { service } },
  })
  if (!client?.getDsn())
    throw new Error('SENTRY_DSN is no DSN: write https://key@host/1, as the settings of the project show it')
  // Without traces to follow, the whole life of the process.
  if (profiler && !tracing) sdk.profiler.startProfiler()

  return {
    send: (error, { handled, fatal = false, context }) =>
      sdk.withScope((scope) => {
        follow(scope, traceOf?.())
        if (fatal) scope.setLevel('fatal')
        // Before Sentry looks at it: one value that throws would take the others with it.
        const safe = context && options.redact(context)
        if (isObject(safe)) scope.setExtras({ ...safe })
        sdk.captureException(error, { mechanism: { handled, type: 'generic' } })
      }),
    flush: (patience) => Promise.resolve(sdk.flush(patience)),
    close: async (patience) => {
      if (profiler && !tracing) sdk.profiler.stopProfiler()
      await sdk.close(patience)
      wire.cut()
    },
  }
}

/** Sentry leaves requests that nobody answers open, and one of them would hold a process that has nothing else to do. */
const wireTo = ({ dsn, untraced = (send) => send() }: SentryOptions) => {
  const underway = new Set<ClientRequest>()
  const { request } = dsn.startsWith('https:') ? https : http
  return {
    request: (...[given, answered]: Parameters<HttpModule['request']>) => {
      const sent = untraced(() => request(given))
      if (answered) sent.once('response', answered)
      underway.add(sent)
      return sent.once('close', () => underway.delete(sent))
    },
    cut: () => {
      for (const sent of underway) sent.destroy()
    },
  }
}

const follow = (scope: Scope, trace: Trace | undefined) => {
  if (!trace) return
  const { traceId, spanId: propagationSpanId } = trace
  scope.setPropagationContext({ ...scope.getPropagationContext(), traceId, propagationSpanId })
}

const settings = (options: SentryOptions, tracing: boolean): NodeOptions => {
  const { dsn, environment, release, tracesSampleRate, redact, report } = options
  const scrubbed = scrubbing(redact)
  const guarded = <E extends Event, Else>(event: E, otherwise: (event: E) => Else): E | Else => {
    try {
      return scrubbed(event)
    } catch (cause) {
      report('sentry', cause)
      return otherwise(event)
    }
  }
  return {
    dsn,
    environment,
    release,
    ...(tracing && { tracesSampleRate }),
    // Whole transactions, which can be scrubbed as a whole, and which every version of the server knows.
    traceLifecycle: 'static',
    enableOpenTelemetrySetup: false,
    enableRuntimeChannelInjection: tracing,
    dataCollection: nothing,
    includeServerName: false,
    spotlight: false,
    maxValueLength: 4_096,
    // Who only looks whether the service is there.
    ignoreTransactions: [/ \/metrics$/, / \/health\b/],
    beforeSend: (event) => guarded(event, bareEvent),
    beforeSendTransaction: (event) => guarded(event, () => null),
  }
}

type Require = NonNullable<SentryOptions['require']>
type Sdk = typeof import('@sentry/node')
type HttpModule = NonNullable<NonNullable<NodeOptions['transportOptions']>['httpModule']>
type Scope = ReturnType<Sdk['getCurrentScope']>
type Profiler = { nodeProfilingIntegration(): ReturnType<Sdk['httpIntegration']> }

const has = <Name extends string>(loaded: unknown, name: Name): loaded is Record<Name, unknown> =>
  isObject(loaded) && name in loaded
const isSdk = (loaded: unknown): loaded is Sdk => has(loaded, 'captureException')
const isProfiler = (loaded: unknown): loaded is Profiler => has(loaded, 'nodeProfilingIntegration')
const isMissing = (cause: unknown) => has(cause, 'code') && cause.code === 'MODULE_NOT_FOUND'

const loaded = (require: Require): Sdk => {
  try {
    const sdk = require('@sentry/node')
    if (isSdk(sdk)) return sdk
    throw new Error('it has no captureException')
  } catch (cause) {
    const help = isMissing(cause)
      ? 'the package is not installed. Type: npm install @sentry/node@11 (or leave SENTRY_DSN unset)'
      : 'the package cannot be used. Type: npm install @sentry/node@11'
    throw new Error(`SENTRY_DSN is set, and could not load @sentry/node: ${help}`, { cause })
  }
}

const profilerOf = (require: Require, warn: SentryOptions['warn']): Profiler | undefined => {
  try {
    const profiler = require('@sentry/profiling-node')
    if (isProfiler(profiler)) return profiler
    throw new Error('it has no nodeProfilingIntegration')
  } catch (cause) {
    const words = 'no profiles are sent to Sentry: could not load @sentry/profiling-node.'
    const help = 'Type: npm install @sentry/profiling-node, or set SENTRY_PROFILES_SAMPLE_RATE=0'
    // Only whoever installed it wants to know what else went wrong.
    warn(`${words} ${help}`, isMissing(cause) ? undefined : cause)
    return undefined
  }
}
