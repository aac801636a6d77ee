import Fastify, { type FastifyInstance } from 'fastify'
import type { Scraped } from './collector.ts'
import { expose, type Registry } from './exposition.ts'
import { type Log, type Scrape, scraper } from './scrape.ts'

interface ServerOptions {
  readonly scraped: readonly Scraped[]
  /** The exporter's own metrics, served at `/metrics`. */
  readonly registry: Registry
  /** Names of targets that are configured but have no URL, and the variable that would give it. */
  readonly unset?: Readonly<Record<string, string>>
  readonly log?: boolean
}

/** What Prometheus waits for at most when it does not say: its own default of 10 s. */
const usualTimeout = 10
/** Left for the way back, so that an answer at the deadline still arrives. */
const margin = 0.5

/**
 * `/metrics/:kind/:target` scrapes one source, `/metrics` tells of the exporter itself, `/health` that it runs.
 * Closing the server lets answers under way finish and closes every source.
 */
export const exporterServer = ({ scraped, registry, unset = {}, log = true }: ServerOptions): FastifyInstance => {
  const app = Fastify({ logger: log ? { level: 'info', base: null } : false })
  const logger: Log = {
    info: (context, message) => app.log.info(context, message),
    warn: (context, message) => app.log.warn(context, message),
  }
  const scrapes = new Map<string, Scrape>(scraped.map((one) => [`${one.kind}/${one.name}`, scraper(one, logger)]))

  // Scrapes come every few seconds: what is worth a line is what fails.
  const quiet = { logLevel: 'warn' } as const
  app.get('/health', quiet, async () => ({ status: 'healthy', uptime: process.uptime(), targets: [...scrapes.keys()] }))
  app.get('/metrics', quiet, async (_request, reply) => {
    reply.type(registry.contentType)
    return registry.metrics()
  })
  app.get<{ Params: { kind: string; target: string } }>('/metrics/:kind/:target', quiet, async (request, reply) => {
    const { kind, target } = request.params
    const scrape = scrapes.get(`${kind}/${target}`)
    if (!scrape)
      return reply
        .code(404)
        .type('text/plain; charset=utf-8')
        .send(unknown(kind, target, scrapes, unset))
    const { contentType, body } = expose(
      await scrape(budget(request.headers['x-prometheus-scrape-timeout-seconds'])),
      request.headers.accept,
    )
    return reply.type(contentType).send(body)
  })
  app.addHook('onClose', async () => {
    await Promise.allSettled(scraped.map(({ source }) => source.close()))
  })
  return app
}

const unknown = (
  kind: string,
  target: string,
  known: ReadonlyMap<string, unknown>,
  unset: Readonly<Record<string, string>>,
) => {
  const variable = Object.entries(unset).find(([name]) => name === target)?.[1]
  const why = variable ? `${target} has no URL: set ${variable}. ` : `There is no target ${kind}/${target}. `
  return `${why}Known: ${[...known.keys()].map((name) => `/metrics/${name}`).join(', ')}\n`
}

/** Nobody waits longer, and a timer of Node's takes at most 24 days. */
const longestTimeout = 3600

const budget = (asked: string | string[] | undefined) => {
  const seconds = Number(asked)
  const timeout = seconds > 0 ? Math.min(seconds, longestTimeout) : usualTimeout
  return 1000 * Math.max(timeout - margin, timeout / 2)
}
