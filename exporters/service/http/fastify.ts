import type { FastifyInstance, onRequestHookHandler } from 'fastify'
import plugin from 'fastify-plugin'
import type { HttpWatch } from './watch.ts'

const major = 5
/** Of other releases we know no hooks: a plugin that it refuses would keep the application from starting. */
export const isFastifyWeKnow = (version: unknown): boolean => String(version).startsWith(`${major}.`)

interface FastifyMetricsOptions {
  /** Adds routes of ours. */
  readonly routes?: (app: FastifyInstance) => Promise<void>
  /** Told of what a handler threw that was no refusal. */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** Counts the requests of a Fastify server under the patterns of its routes. Register it before plugins with routes. */
export const fastifyMetrics = (watch: HttpWatch, { routes, onError }: FastifyMetricsOptions = {}) =>
  plugin(
    async (app: FastifyInstance) => {
      watch.watch(app.server)
      // Asked to listen on localhost, Fastify binds a second address with a server it keeps to itself: its requests are
      // counted from here on, and all of them after the first from their beginning.
      app.addHook('onRequest', (request, reply, done) => {
        watch.ask(request.raw, reply.raw, request)
        done()
      })
      // To ask each request for its route would be the greatest part of what counting it costs: each route says its own.
      // A request that another hook ends before its route's turn is asked.
      app.addHook('onRoute', (route) => {
        const { url, onRequest = [] } = route
        const name: onRequestHookHandler = (request, reply, done) => {
          watch.name(request.raw, reply.raw, url)
          done()
        }
        route.onRequest = [name, ...[onRequest].flat()]
      })
      if (onError) {
        app.addHook('onError', (_request, _reply, error, done) => {
          if ((error.statusCode ?? 500) >= 500) onError(error)
          done()
        })
      }
      if (routes) await addRoutes(app, routes)
    },
    { name: 'techplus-http-metrics', fastify: `${major}.x` },
  )

/** Says what to do where the application has routes of its own at the same place, before ours or after. */
const addRoutes = async (app: FastifyInstance, add: NonNullable<FastifyMetricsOptions['routes']>) => {
  const ours = new Set<string>()
  let adding = true
  app.addHook('onRoute', ({ url, method, constraints }) => {
    if (adding) ours.add(url)
    else if (ours.has(url) && !constraints && [method].flat().some((one) => one === 'GET' || one === 'HEAD')) {
      throw taken(`the route ${url} is there already`)
    }
  })
  try {
    await add(app)
  } catch (cause) {
    throw taken(cause instanceof Error ? cause.message : String(cause), { cause })
  }
  adding = false
}

const taken = (words: string, options?: ErrorOptions) =>
  new Error(
    `${words}: the instrumentation answers the health endpoints. Leave that to your own by createService({ health: false }), or take yours out`,
    options,
  )
