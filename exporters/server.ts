import type { RequestListener, Server } from 'node:http'
import { Readable } from 'node:stream'
import Fastify, { type FastifyInstance } from 'fastify'
import { admission, healthPath, refuse } from './admission.ts'
import type { Scraped } from './collector.ts'
import { formatFor } from './exposition.ts'
import type { Guard } from './guard.ts'
import type { Registry } from './registry.ts'
import { type Log, type Scrape, scraper } from './scrape.ts'
import { acceptsGzip, limitTo, timeoutOf } from './scrape-request.ts'

interface ServerOptions {
  readonly scraped: readonly Scraped[]
  /** The exporter's own metrics, served at `/metrics`. */
  readonly registry: Registry
  /** Names of targets that are configured but have no URL, and the variable that would give it. */
  readonly unset?: Readonly<Record<string, string>>
  readonly log?: boolean
  /** Who may see more than that it runs; everybody where it is left out. */
  readonly guard?: Guard | undefined
  /** Makes the server where it is not plain HTTP. */
  readonly createServer?: ((listener: RequestListener) => Server) | undefined
}

/** Left for the way back, so that an answer at the deadline still arrives, also where the machine is busy with the same outage. */
const margin = 1000

/**
 * `/metrics/:kind/:target` scrapes one source, `/metrics` tells of the exporter itself, `/health` that it runs.
 * Closing the server lets answers under way finish and closes every source.
 */
export const exporterServer = (options: ServerOptions): FastifyInstance => {
  const { scraped, registry, unset = {}, log = true, guard, createServer } = options
  const app = Fastify({
    logger: log ? { level: 'info', base: null } : false,
    ...(createServer && { serverFactory: createServer }),
  })
  if (guard) app.addHook('onRequest', admission(guard))
  const logger: Log = {
    info: (context, message) => app.log.info(context, message),
    warn: (context, message) => app.log.warn(context, message),
  }
  const open = new Map<string, Open>(
    scraped.map((one) => [`${one.kind}/${one.name}`, { scrape: scraper(one, logger), names: namesOf(one) }]),
  )

  // Scrapes come every few seconds: what is worth a line is what fails.
  const quiet = { logLevel: 'warn' } as const
  const details = () => ({ uptime: process.uptime(), targets: [...open.keys()] })
  app.get(healthPath, quiet, async () => ({ status: 'healthy', ...(guard ? {} : details()) }))
  app.get('/metrics', quiet, async (_request, reply) => {
    reply.type(registry.contentType)
    return registry.metrics()
  })
  app.get<{ Params: { kind: string; target: string }; Querystring: { 'collect[]'?: string | string[] } }>(
    '/metrics/:kind/:target',
    quiet,
    async ({ params: { kind, target }, query, headers }, reply) => {
      const found = open.get(`${kind}/${target}`)
      if (!found) return refuse(reply, 404, unknown(kind, target, open, unset))
      const names = query['collect[]'] === undefined ? undefined : [query['collect[]']].flat()
      const stranger = names?.find((name) => !found.names.includes(name))
      if (stranger !== undefined) {
        return refuse(reply, 400, `${kind} has no collector ${stranger}. Known: ${found.names.join(', ')}\n`)
      }
      const timeout = timeoutOf(headers['x-prometheus-scrape-timeout-seconds'])
      limitTo(reply.raw, timeout)
      const snapshot = await found.scrape(budgetOf(timeout), names)
      const format = formatFor(headers.accept)
      const gzip = acceptsGzip(headers['accept-encoding'])
      if (gzip) reply.header('content-encoding', 'gzip')
      reply.header('vary', 'accept, accept-encoding').type(format.contentType)
      return reply.send(Readable.from(snapshot.body(format, gzip), { objectMode: true, highWaterMark: 1 }))
    },
  )
  app.addHook('onClose', async () => {
    await Promise.allSettled(scraped.map(({ source }) => source.close()))
  })
  return app
}

interface Open {
  readonly scrape: Scrape
  readonly names: readonly string[]
}

const namesOf = ({ collectors }: Scraped) => collectors.map(({ name }) => name)

const unknown = (
  kind: string,
  target: string,
  known: ReadonlyMap<string, Open>,
  unset: Readonly<Record<string, string>>,
) => {
  const variable = Object.entries(unset).find(([name]) => name === target)?.[1]
  const why = variable ? `${target} has no URL: set ${variable}. ` : `There is no target ${kind}/${target}. `
  return `${why}Known: ${[...known.keys()].map((name) => `/metrics/${name}`).join(', ')}\n`
}

const budgetOf = (timeout: number) => Math.max(timeout - margin, timeout / 2)
