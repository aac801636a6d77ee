import type { FastifyInstance } from 'fastify'
import type { Cache } from './cache.ts'
import type { Database } from './database.ts'

interface HealthOptions {
  readonly database: Database
  readonly cache: Cache
  readonly paymentsUrl: string
  readonly version: string
  /** Milliseconds after which a dependency that does not answer counts as down. */
  readonly patience?: number
}

/** The handbook's two health endpoints. `/health` says that the process lives, whatever it depends on does. */
export const healthRoutes = async (
  app: FastifyInstance,
  { database, cache, paymentsUrl, version, patience = 1_000 }: HealthOptions,
) => {
  const vitals = () => ({ uptime: process.uptime(), memory: process.memoryUsage() })
  app.get('/health', async () => ({ status: 'healthy', timestamp: new Date().toISOString(), ...vitals(), version }))

  app.get('/health/detailed', async (request, reply) => {
    const check = async (name: string, work: Promise<unknown>) => {
      const failure = await failureOf(work, patience)
      if (failure) request.log.warn({ err: failure }, `${name} health check failed`)
      return failure === undefined
    }
    // Side by side, so that the answer takes as long as the slowest and not as all of them.
    const [db, redis, external] = await Promise.all([
      check('database', database.rows('select 1')),
      check('redis', cache.ping()),
      check('external_apis', assertAnswers(`${paymentsUrl}/v1/charges?limit=1`, patience)),
    ])
    const checks = { database: db, redis, external_apis: external }
    const healthy = Object.values(checks).every(Boolean)
    return reply.code(healthy ? 200 : 503).send({
      status: healthy ? 'healthy' : 'unhealthy',
      timestamp: new Date().toISOString(),
      checks,
      ...vitals(),
    })
  })
}

const assertAnswers = async (url: string, patience: number) => {
  const { ok, status } = await fetch(url, { signal: AbortSignal.timeout(patience) })
  if (!ok) throw new Error(`${url} answered ${status}`)
}

/** What went wrong, or that it took too long; undefined where all is well. */
const failureOf = async (work: Promise<unknown>, patience: number): Promise<unknown> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Error>((resolve) => {
    timer = setTimeout(() => resolve(new Error(`no answer within ${patience} ms`)), patience)
  })
  const done = work.then(
    () => undefined,
    (failure: unknown) => failure ?? new Error('failed'),
  )
  return Promise.race([done, late]).finally(() => clearTimeout(timer))
}
