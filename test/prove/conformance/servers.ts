import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import express, { type Express, type NextFunction, type Request, type Response } from 'express'
import Fastify, { type FastifyInstance } from 'fastify'
import type { Service } from '../../../exporters/service/index.ts'
import { listening } from '../listening.ts'
import { answerBy, begunWith, gaveUp, type Route, routes, streamOf, wordsOf } from './routes.ts'

/** Express 4 has types of its own, which would quarrel with those of 5. */
const express4: typeof express = createRequire(import.meta.url)('express-4')

/** A server with every route, whose requests are counted. */
export interface Counted {
  readonly server: Server
  /** Resolves with its port. */
  listen(): Promise<number>
  close(): Promise<void>
}

const bodyOf = async (request: AsyncIterable<Buffer>) => {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts).toString()
}

const plain = (server: Server): Counted => ({
  server,
  listen: () => listening(server),
  close: () =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    }),
})

const fastify = async (service: Service): Promise<Counted> => {
  const app = Fastify({ forceCloseConnections: true })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  await app.register(service.fastify)
  const add = (to: FastifyInstance, route: Route, url: string) =>
    to.route({
      method: route.method,
      url,
      exposeHeadRoute: true,
      handler: async (request, reply) => {
        const { does } = route
        if (does === 'throw' || does === 'reject') throw new Error('the handler failed')
        if (does === 'hang' || does === 'destroy') {
          reply.hijack()
          if (does === 'destroy') reply.raw.destroy(gaveUp())
          return reply
        }
        return reply.code(begunWith(route)).send(streamOf(route) ?? wordsOf(route, String(request.body ?? '')))
      },
    })
  for (const route of routes) if (!isNested(route)) add(app, route, route.pattern)
  await app.register(
    async (guests) => {
      for (const route of routes) if (isNested(route)) add(guests, route, route.pattern.slice(nest.length))
    },
    { prefix: nest },
  )
  await app.ready()
  return { ...plain(app.server), close: () => app.close() }
}

/** In Express these stand in a router of their own, mounted under a parameter. */
const nest = '/guests/:guest'
const isNested = ({ pattern }: Route) => pattern.startsWith(`${nest}/`)

const verbs = { GET: 'get', POST: 'post', PUT: 'put', PATCH: 'patch', DELETE: 'delete', OPTIONS: 'options' } as const
const verbOf = ({ method }: Route) => verbs[method]

const expressServer = (make: typeof express) => (service: Service) => {
  const app: Express = make()
  app.set('env', 'test')
  app.use(service.express)
  const guests = make.Router()
  for (const route of routes) {
    const [to, path] = isNested(route) ? [guests, route.pattern.slice(nest.length)] : [app, route.pattern]
    to[verbOf(route)](path, (request: Request, response: Response, next: NextFunction) => {
      if (route.does === 'throw') throw new Error('the handler failed')
      // Express 4 does not wait for promises.
      bodyOf(request)
        .then((body) => answerBy(route, response, body))
        .catch(next)
    })
  }
  app.use(nest, guests)
  return plain(createServer(app))
}

const bare = (service: Service): Counted => {
  const listener: RequestListener = (request: IncomingMessage, response: ServerResponse) => {
    const wanted = request.method === 'HEAD' ? 'GET' : request.method
    const route = routes.find(({ method, pattern }) => method === wanted && fits(pattern, request.url ?? ''))
    const fail = () => response.writeHead(500).end('failed')
    if (!route) return void response.writeHead(404).end('not found')
    bodyOf(request)
      .then((body) => answerBy(route, response, body))
      .catch(fail)
  }
  const server = createServer(listener)
  service.watch(server)
  return plain(server)
}

const fits = (pattern: string, url: string) =>
  new RegExp(`^${pattern.replaceAll(/:\w+/g, '[^/]+')}$`).test(url.split('?', 1)[0] ?? '')

/** The one without a router, whose routes are found by the path alone. */
export const bareServer = 'node:http'

/** Patterns that a server of Node's own has no router for, and is told. */
export const patterns: readonly string[] = [...new Set(routes.map(({ pattern }) => pattern))]

export const servers: Readonly<Record<string, (service: Service) => Counted | Promise<Counted>>> = {
  'Fastify 5': fastify,
  'Express 5': expressServer(express),
  'Express 4': expressServer(express4),
  [bareServer]: bare,
}
