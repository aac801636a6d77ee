import { type FastifyBaseLogger, type FastifyServerOptions, LogController } from 'fastify'

export interface Logging {
  readonly log?: FastifyBaseLogger
}

/** What Fastify is told of where it logs: nowhere, unless somebody says so, and no line for each request. */
export const loggingTo = (log: FastifyBaseLogger | undefined): FastifyServerOptions =>
  log ? { loggerInstance: log, logController: new LogController({ disableRequestLogging: true }) } : { logger: false }
