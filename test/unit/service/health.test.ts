import { once } from 'node:events'
import { createServer, request } from 'node:http'
import { createRequire } from 'node:module'
import express from 'express'
import Fastify from 'fastify'
import { afterEach, describe, expect, test } from 'vitest'
import type { Outcome } from '../../../exporters/service/health/checks.ts'
import {
  type Health,
  health,
  healthHandler,
  healthPaths,
  healthRoutes,
} from '../../../exporters/service/health/health.ts'

/** The same in Express 4, which comes without types. */
const express4: typeof express = createRequire(import.meta.url)('express-4')

const ending: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ending.splice(0)) await end()
})

const outcome = (name: string, ok: boolean, required = true): Outcome => ({ name, ok, required })
const source = async () => []
const healthOf = (outcomes: readonly Outcome[], stopping = false) =>
  health({ checks: { run: async () => outcomes, source }, version: '1.2.3', stopping: () => stopping })

const timestamp = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/)
const vitals = {
  timestamp,
  uptime: expect.any(Number),
  memory: expect.objectContaining({ rss: expect.any(Number), heapUsed: expect.any(Number) }),
}
const well = [outcome('database', true), outcome('redis', true), outcome('external_apis', true, false)]
const unpaid = [...well.slice(0, 2), outcome('external_apis', false, false)]
const lost = [outcome('database', false), ...well.slice(1)]

describe('what is answered', () => {
  test.each<[string, string, readonly Outcome[], number, object]>([
    ['in the handbook’s shape', '/health', well, 200, { status: 'healthy', ...vitals, version: '1.2.3' }],
    ['as long as the process turns', '/health', lost, 200, { status: 'healthy', ...vitals, version: '1.2.3' }],
    [
      'in the handbook’s shape',
      '/health/detailed',
      well,
      200,
      { status: 'healthy', ...vitals, checks: { database: true, redis: true, external_apis: true } },
    ],
    [
      'with each check by its name',
      '/health/detailed',
      unpaid,
      503,
      { status: 'unhealthy', ...vitals, checks: { database: true, redis: true, external_apis: false } },
    ],
    ['as long as the process turns', '/health/live', lost, 200, { status: 'live', timestamp }],
    ['without what is not required', '/health/ready', unpaid, 200, { status: 'ready', timestamp, failing: [] }],
    ['naming what fails', '/health/ready', lost, 503, { status: 'not ready', timestamp, failing: ['database'] }],
  ])('is, %s, at %s', async (_words, path, outcomes, status, body) => {
    expect(await healthOf(outcomes).answer(path)).toEqual({ status, body })
  })

  test('is that the service stops, at once, and still that it lives', async () => {
    const checks = { run: () => new Promise<never>(() => undefined), source }
    const stopping = health({ checks, stopping: () => true })
    expect(await stopping.answer('/health/ready')).toMatchObject({ status: 503, body: { status: 'stopping' } })
    expect(await stopping.answer('/health/live')).toMatchObject({ status: 200 })
  })

  test.each(['/', '/healthy', '/health/', '/health/toString'])('is nothing at %s', (path) => {
    expect(healthOf(well).answer(path)).toBeUndefined()
  })
})

const listening = async (server: ReturnType<typeof createServer>) => {
  ending.push(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}

const serverOf = (handler: Parameters<typeof createServer>[1]) => listening(createServer(handler))

/** The whole answer, or undefined where the connection was closed without one. */
const headTo = (url: string) =>
  new Promise<string>((resolve, reject) => {
    const asked = request(url, { method: 'HEAD' }, (response) => {
      response.resume().on('end', () => resolve(`${response.statusCode} ${response.headers['content-length']}`))
    })
    asked.on('error', reject).end()
  })

const frameworks: Readonly<Record<string, (own: Health) => Promise<string>>> = {
  Fastify: async (own) => {
    const app = Fastify()
    ending.push(() => app.close())
    app.register(healthRoutes, { health: own })
    return app.listen({ host: '127.0.0.1', port: 0 })
  },
  'Express 5': async (own) => serverOf(express().use(healthHandler(own))),
  'Express 4': async (own) => serverOf(express4().use(healthHandler(own))),
  'node:http': async (own) => serverOf((asked, answer) => healthHandler(own)(asked, answer)),
}

describe.each(Object.entries(frameworks))('in %s', (_name, serve) => {
  test('every path is answered, is kept by nobody, and needs no body', async () => {
    const url = await serve(healthOf(lost))
    const statuses: number[] = []
    for (const path of healthPaths) {
      const answer = await fetch(`${url}${path}?from=probe`)
      const text = await answer.text()
      statuses.push(answer.status)
      expect(JSON.parse(text)).toHaveProperty('timestamp', timestamp)
      expect(answer.headers.get('cache-control')).toBe('no-store')
      expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
    }
    expect(statuses).toEqual([200, 503, 200, 503])
    expect(await headTo(`${url}/health/ready`)).toMatch(/^503 \d\d+$/)
  })

  test('nothing else is answered', async () => {
    const url = await serve(healthOf(well))
    expect((await fetch(`${url}/healthy`)).status).toBe(404)
    expect((await fetch(`${url}/health`, { method: 'POST' })).status).toBe(404)
  })
})

test('an answer that somebody else gave meanwhile stands', async () => {
  const own = healthOf(well)
  const url = await serverOf((asked, answer) => {
    healthHandler(own)(asked, answer)
    answer.writeHead(504).end()
  })
  expect((await fetch(`${url}/health`)).status).toBe(504)
  expect((await fetch(`${url}/health`)).status).toBe(504)
})
