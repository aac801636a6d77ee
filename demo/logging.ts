import type { FastifyServerOptions } from 'fastify'

export interface Logging {
  readonly logger?: NonNullable<FastifyServerOptions['logger']>
}
