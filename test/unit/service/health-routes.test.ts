import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import Fastify from 'fastify'
import { afterEach, describe, expect, test } from 'vitest'
import { createService, type ServiceOptions } from '../../../exporters/service/index.ts'

const ending: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ending.splice(0).toReversed()) await end()
})

const serviceOf = (options: ServiceOptions = {}) => {
  const service = createService({ metrics: false, errors: false, log: { folder: false, console: false }, ...options })
  ending.push(() => service.close())
  return service
}
const fastifyOf = () => {
  const app = Fastify()
  ending.push(() => app.close())
  return app
}

describe('a service that answers /health itself', () => {
  test.each(['before ours', 'after ours'])('is told what to do where its route is added %s', async (when) => {
    const app = fastifyOf()
    app.register(serviceOf().fastify)
    const own = async () => ({})
    if (when === 'before ours') app.get('/health', own)
    else app.register(async (part) => part.get('/health', own))
    await expect(app.ready()).rejects.toThrow('Leave that to your own by createService({ health: false })')
  })

  test('may have one for another host beside ours', async () => {
    const app = fastifyOf()
    app.register(serviceOf().fastify)
    app.register(async (part) => part.get('/health', { constraints: { host: 'rooms' } }, async () => 'their own'))
    expect((await app.inject({ url: '/health', headers: { host: 'rooms' } })).body).toBe('their own')
    expect((await app.inject('/health')).json()).toMatchObject({ status: 'healthy' })
  })

  test('does so with Fastify, where ours are left out', async () => {
    const app = fastifyOf()
    app.register(serviceOf({ health: false }).fastify)
    app.get('/health', async () => 'their own')
    expect((await app.inject('/health')).body).toBe('their own')
    expect((await app.inject('/health/ready')).statusCode).toBe(404)
  })

  test('does so with Express, where ours are left out', async () => {
    const app = express()
    app.use(serviceOf({ health: false }).express)
    app.get('/health', (_request, response) => {
      response.send('their own')
    })
    const server = createServer(app).listen(0, '127.0.0.1')
    ending.push(() => server.close())
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    expect(await (await fetch(`http://127.0.0.1:${port}/health`)).text()).toBe('their own')
  })
})
