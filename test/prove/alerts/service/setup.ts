/** What a service is started with: which of our ways it is instrumented in, and what it needs. */
export interface Setup {
  readonly port: number
  readonly framework: 'fastify' | 'express' | 'http'
  /** URLs. */
  readonly database?: string
  readonly cache?: string
  /** Redis again, for a client of its own. */
  readonly queue?: string
  /** Series that one metric may have. */
  readonly maxSeries?: number
  /** Worker processes; it is one process where there are none. */
  readonly workers?: number
}
