import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { HealthChecks } from './checks.ts'

export const healthPaths = ['/health', '/health/detailed', '/health/live', '/health/ready'] as const
type HealthPath = (typeof healthPaths)[number]

const isHealthPath = (path: string): path is HealthPath => healthPaths.some((one) => one === path)

export interface HealthAnswer {
  readonly status: number
  readonly body: object
}

export interface Health {
  /** Undefined where the path is none of ours. Never rejects, and takes no longer than the checks' patience. */
  answer(path: string): Promise<HealthAnswer> | undefined
}

interface HealthOptions {
  readonly checks: HealthChecks
  /** Of the service. */
  readonly version?: string | undefined
  /** Whether the service finishes what it has begun and takes nothing new. */
  readonly stopping?: () => boolean
}

/**
 * The handbook's two health endpoints and the two that Kubernetes asks for. `/health` and `/health/live` say that the
 * process turns, whatever it depends on does: who restarts a service for a database that is down has two outages.
 */
export const health = ({ checks, version, stopping = () => false }: HealthOptions): Health => {
  const answers: Readonly<Record<HealthPath, () => Promise<HealthAnswer>>> = {
    '/health': async () => ({ status: 200, body: { status: 'healthy', ...now(), ...vitals(), version } }),
    '/health/detailed': async () => {
      const outcomes = await checks.run()
      const healthy = outcomes.every(({ ok }) => ok)
      const found = Object.fromEntries(outcomes.map(({ name, ok }) => [name, ok]))
      const body = { status: healthy ? 'healthy' : 'unhealthy', ...now(), checks: found, ...vitals() }
      return { status: healthy ? 200 : 503, body }
    },
    '/health/live': async () => ({ status: 200, body: { status: 'live', ...now() } }),
    '/health/ready': async () => {
      // Whoever sends requests here must learn it at once, not after a check that hangs.
      if (stopping()) return { status: 503, body: { status: 'stopping', ...now(), failing: [] } }
      const outcomes = await checks.run()
      const failing = outcomes.filter(({ ok, required }) => required && !ok).map(({ name }) => name)
      const ready = failing.length === 0
      return { status: ready ? 200 : 503, body: { status: ready ? 'ready' : 'not ready', ...now(), failing } }
    },
  }
  return { answer: (path) => (isHealthPath(path) ? answers[path]() : undefined) }
}

const now = () => ({ timestamp: new Date().toISOString() })
const vitals = () => ({ uptime: process.uptime(), memory: memory() })

/** Node reads it from a file, which it cannot where the process has opened all that it may. */
const memory = () => {
  try {
    return process.memoryUsage()
  } catch {
    return undefined
  }
}

const head = { 'cache-control': 'no-store', 'content-type': 'application/json; charset=utf-8' } as const

/** Routes for Fastify. Their requests are logged from `warn` up: probes would fill the log. */
export const healthRoutes = async (app: FastifyInstance, { health }: { readonly health: Health }) => {
  for (const url of healthPaths) {
    app.route({
      method: ['GET', 'HEAD'],
      url,
      logLevel: 'warn',
      handler: async (_request, reply) => {
        const { status = 404, body = {} } = (await health.answer(url)) ?? {}
        return reply.code(status).headers(head).send(body)
      },
    })
  }
}

type Handler = (request: IncomingMessage, response: ServerResponse, next?: (error?: unknown) => void) => void

/** For Express 4 and 5, and for a server of Node's own. What it does not answer goes on to `next`, or is not found. */
export const healthHandler =
  (health: Health): Handler =>
  (request, response, next) => {
    const [path = ''] = (request.url ?? '').split('?')
    const reads = request.method === 'GET' || request.method === 'HEAD'
    const answer = reads ? health.answer(path) : undefined
    if (answer) void answer.then((given) => send(response, given))
    else if (next) next()
    else send(response, { status: 404, body: { error: 'not found' } })
  }

/** Node leaves the body out of an answer to HEAD. */
const send = (response: ServerResponse, { status, body }: HealthAnswer) => {
  // Somebody's time limit may have answered meanwhile.
  if (response.headersSent || response.destroyed) return
  const text = JSON.stringify(body)
  response.writeHead(status, { ...head, 'content-length': Buffer.byteLength(text) }).end(text)
}
