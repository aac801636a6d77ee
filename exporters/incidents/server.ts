import type { RequestListener, Server } from 'node:http'
import { Readable } from 'node:stream'
import Fastify, { type FastifyError, type FastifyInstance } from 'fastify'
import { admission, healthPath, refuse } from '../admission.ts'
import { formatFor } from '../exposition.ts'
import type { Guard } from '../guard.ts'
import type { Kept, Reading } from '../reading.ts'
import { acceptsGzip, limitTo, timeoutOf } from '../scrape-request.ts'
import { snapshotOf } from '../snapshot.ts'

/** What became of a notification, and the words for whoever sent it. */
export interface Answer {
  readonly status: 200 | 400 | 413 | 415 | 503
  readonly words: string
}

interface ServerOptions {
  /** Takes the body of a notification. */
  readonly take: (body: string) => Promise<Answer>
  /** Told of a notification that was refused before it was read, also as its sender may not. */
  readonly refused: (words: string) => void
  readonly metrics: () => Promise<readonly (Reading | Kept)[]>
  /** Undefined until the ledger could be read. */
  readonly incidents: () => object | undefined
  readonly health: () => object
  readonly guard?: Guard | undefined
  readonly createServer?: ((listener: RequestListener) => Server) | undefined
}

const webhook = '/alertmanager'
/** Bytes of a notification: a thousand alerts with long texts are a tenth of it. */
const bodyLimit = 8 * 1024 ** 2

/** `POST /alertmanager` takes notifications, `/metrics` and `/incidents` tell what came of them, `/health` that it runs. */
export const recorderServer = (options: ServerOptions): FastifyInstance => {
  const { take, refused, metrics, incidents, health, guard, createServer } = options
  const app = Fastify({ logger: false, bodyLimit, ...(createServer && { serverFactory: createServer }) })
  if (guard) {
    app.addHook('onRequest', admission(guard))
    app.addHook('onResponse', async ({ routeOptions }, { statusCode }) => {
      if (routeOptions.url === webhook && statusCode === 401) refused(guard.words.trim())
    })
  }
  // No page in a browser can send this type to another site unasked.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  app.setErrorHandler<FastifyError>(({ statusCode = 500, message, code }, { routeOptions }, reply) => {
    const words = `${wordsFor[code] ?? message}\n`
    if (routeOptions.url === webhook && statusCode < 500) refused(words.trim())
    return refuse(reply, statusCode, words)
  })

  app.post<{ Body: unknown }>(webhook, async ({ body }, reply) => {
    const { status, words } = await take(typeof body === 'string' ? body : '')
    return refuse(reply, status, `${words}\n`)
  })
  app.get(healthPath, async () => ({ status: 'healthy', ...(guard ? {} : health()) }))
  app.get('/incidents', async (_request, reply) => incidents() ?? refuse(reply, 503, `${unread}\n`))
  app.get('/metrics', async ({ headers }, reply) => {
    limitTo(reply.raw, timeoutOf(headers['x-prometheus-scrape-timeout-seconds']))
    const format = formatFor(headers.accept)
    const gzip = acceptsGzip(headers['accept-encoding'])
    if (gzip) reply.header('content-encoding', 'gzip')
    reply.header('vary', 'accept, accept-encoding').type(format.contentType)
    const body = snapshotOf(await metrics()).body(format, gzip)
    return reply.send(Readable.from(body, { objectMode: true, highWaterMark: 1 }))
  })
  return app
}

const unread = 'The incidents kept so far could not be read yet: ask again later.'

const wordsFor: Readonly<Record<string, string>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: `The notification is larger than ${bodyLimit} bytes: set max_alerts for this webhook in Alertmanager.`,
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "This is no JSON: POST Alertmanager's webhook here, as application/json.",
}
