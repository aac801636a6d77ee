import cluster from 'node:cluster'
import { createServer } from 'node:http'
import express from 'express'
import Fastify from 'fastify'
import { loggingTo } from '../../../../demo/logging.ts'
import { createService, type Service } from '../../../../exporters/service/index.ts'
import { dependenciesOf } from './program-dependencies.ts'
import { duties } from './program-duties.ts'
import type { Setup } from './setup.ts'

// A reservation service in miniature, in which whatever goes wrong does so because somebody asked for it.

const setup: Setup = JSON.parse(process.argv[2] ?? '')

/** What any server of it answers. */
const answersOf = (needs: ReturnType<typeof dependenciesOf>): Readonly<Record<string, () => Promise<unknown>>> => ({
  '/tables': async () => [{ seats: 2 }, { seats: 4 }],
  '/bookings': needs.bookings,
})

type Answers = ReturnType<typeof answersOf>

const withFastify = async (service: Service, answers: Answers, needs: ReturnType<typeof dependenciesOf>) => {
  const app = Fastify({ ...loggingTo(service.fastifyLog), bodyLimit: 4 * 2 ** 20 })
  await app.register(service.fastify)
  for (const [route, answer] of Object.entries(answers)) app.get(route, answer)
  needs.serve(app)
  duties(app, service)
  await app.listen({ port: setup.port, host: '127.0.0.1' })
}

const withExpress = async (service: Service, answers: Answers) => {
  const app = express()
  app.use(service.express)
  for (const [route, answer] of Object.entries(answers)) {
    app.get(route, async (_request, response) => {
      response.json(await answer())
    })
  }
  app.listen(setup.port, '127.0.0.1')
}

const withHttp = async (service: Service, answers: Answers) => {
  const server = createServer(async (request, response) => {
    if (service.answersHealth(request, response)) return
    const path = request.url ?? ''
    const answer = answers[path]
    if (answer) service.route(request, response, path)
    else response.statusCode = 404
    response.end(JSON.stringify(await answer?.()) ?? '')
  })
  service.watch(server)
  server.listen(setup.port, '127.0.0.1')
}

const listening = { fastify: withFastify, express: withExpress, http: withHttp } as const

const serve = async () => {
  const needs = dependenciesOf(setup)
  const service = createService({
    checks: needs.checks,
    pools: needs.pools,
    ...(setup.maxSeries !== undefined && { maxSeries: setup.maxSeries }),
  })
  await listening[setup.framework](service, answersOf(needs), needs)
}

if (setup.workers !== undefined && cluster.isPrimary) {
  createService()
  for (let worker = 0; worker < setup.workers; worker += 1) cluster.fork()
  cluster.on('exit', () => cluster.fork())
} else await serve()
