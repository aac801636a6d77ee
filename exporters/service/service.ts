import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Kept } from '../reading.ts'
import type { ErrorTracking } from './errors/errors.ts'
import { type Foundation, foundation } from './foundation.ts'
import { healthChecks } from './health/checks.ts'
import { type Health, health, healthHandler, healthRoutes } from './health/health.ts'
import { fastifyMetrics } from './http/fastify.ts'
import type { Server } from './http/watch.ts'
import type { Instruments } from './instruments/instruments.ts'
import { registrySource } from './instruments/registered.ts'
import { type FastifyLog, fastifyLog } from './log/fastify.ts'
import type { ServiceLog } from './log/log.ts'
import { checkOptions, type ServiceOptions, settingsOf } from './options.ts'
import { takeFoundation } from './registration.ts'
import { type ReservationOutcome, reservationCounter } from './reservations.ts'
import { poolsSource } from './runtime/pools.ts'

/** A Fastify of any release of 5: its own type would bind the service to the release that we have. */
export interface FastifyApp {
  readonly server: object
  addHook(...given: never[]): unknown
}

/** What a Node service runs in its own process. */
export interface Service extends Pick<Instruments, 'counter' | 'gauge' | 'histogram'> {
  readonly name: string
  /** A plugin for Fastify 5: counts requests under the patterns of its routes and answers the health endpoints. */
  fastify(app: FastifyApp): Promise<void>
  /** A middleware for Express 4 and 5, used before the routes: the same for them. */
  readonly express: (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void
  /** A middleware for errors, used after the routes: sends what a handler threw to Sentry, where there is one, and passes it on. */
  readonly expressErrors: (
    error: unknown,
    request: IncomingMessage,
    response: ServerResponse,
    next: (error?: unknown) => void,
  ) => void
  /** Counts the requests of a server of Node's own. */
  watch(server: Server): void
  /** Leaves a server uncounted, where `--import` has every server of the process counted. */
  leaveOut(server: Server): void
  /** Answers the health endpoints of such a server; false for any other path. */
  answersHealth(request: IncomingMessage, response: ServerResponse): boolean
  /** Names the route of a request by its pattern, where the server has no router that we know. */
  route(request: IncomingMessage, response: ServerResponse, pattern: string): void
  /** Counts how a reservation ended. */
  readonly reservation: (outcome: ReservationOutcome) => void
  readonly health: Health
  readonly log: ServiceLog
  /** The log as Fastify takes it: `loggerInstance`. */
  readonly fastifyLog: FastifyLog
  /** Sends an error that was caught to Sentry, where there is one. */
  captureError(error: unknown, context?: Parameters<ErrorTracking['capture']>[1]): void
  readings(): Promise<readonly Kept[]>
  /** Resolves with the address of /metrics. @throws Error where its port cannot be had */
  ready(): Promise<string | undefined>
  /** From now on /health/ready says 503: no new requests are to come. */
  stop(): void
  /** Ends all of it: what was logged is on disk, what was traced and what was caught is sent. */
  close(): Promise<void>
}

/**
 * Instruments this process. Options come before the environment; both are checked at once.
 * @throws Error naming every option or variable that is wrong, and what it may be
 */
export const createService = (given: ServiceOptions = {}): Service => {
  const options = checkOptions(given)
  const base = takeFoundation(options) ?? foundation(settingsOf(options))
  base.start()
  return serviceOn(base, options)
}

/** What Express answers with a status below 500 is the client's fault. */
const isRefusal = (error: unknown) =>
  typeof error === 'object' && error !== null && 'status' in error && Number(error.status) < 500

const serviceOn = (
  base: Foundation,
  { checks = {}, health: inApp = true, pools, registry, ignore = [], version }: ServiceOptions,
): Service => {
  const { settings, instruments: kept, http, log, errors } = base
  const checked = healthChecks({ checks, instruments: kept, log })
  let stopping = false
  const probes = health({ checks: checked, version: version ?? settings.version, stopping: () => stopping })
  base.probe(probes)
  http.ignore(ignore)
  kept.addSource('health checks', checked.source)
  if (pools) kept.addSource('pools', poolsSource(pools, kept))
  if (registry) kept.addSource('registry', registrySource(registry))
  const probe = healthHandler(probes)
  /** Whether it was asked for. No router of theirs names the route: unnamed, probes would count as visitors. */
  const answersHealth = (request: IncomingMessage, response: ServerResponse) => {
    if (!inApp) return false
    let answers = true
    probe(request, response, () => {
      answers = false
    })
    if (answers) http.name(request, response, request.url?.split('?', 1)[0])
    return answers
  }
  let reservation: ((outcome: ReservationOutcome) => void) | undefined
  return {
    name: settings.name,
    counter: kept.counter,
    gauge: kept.gauge,
    histogram: kept.histogram,
    fastify: fastifyMetrics(http, {
      ...(inApp && { routes: (app) => healthRoutes(app, { health: probes }) }),
      onError: errors?.capture,
    }),
    express: (request, response, next) => {
      http.name(request, response, undefined)
      if (!answersHealth(request, response)) next()
    },
    expressErrors: (error, _request, _response, next) => {
      if (!isRefusal(error)) errors?.capture(error)
      next(error)
    },
    watch: http.watch,
    leaveOut: http.leaveOut,
    answersHealth,
    route: http.name,
    get reservation() {
      // Only a service that takes reservations shows that it has had none.
      reservation ??= reservationCounter(kept)
      return reservation
    },
    health: probes,
    log,
    fastifyLog: fastifyLog(log),
    captureError: (error, context) => errors?.capture(error, context),
    readings: base.readings,
    ready: base.ready,
    stop: () => {
      stopping = true
    },
    close: base.close,
  }
}
