import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createConnection, type Socket } from 'node:net'
import { pipeline } from 'node:stream'
import Fastify, { type FastifyInstance, type InjectOptions } from 'fastify'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { sla } from '../../../config/sla.ts'
import { httpRequestDuration } from '../../../exporters/service/http/metrics.ts'
import { createService, type Service, type ServiceOptions } from '../../../exporters/service/index.ts'
import { linesOf } from './kept.ts'

const ending: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ending.splice(0).toReversed()) await end()
})

/** Nothing but what is counted: no port, no file, no handler of the process. */
const quiet = { metrics: false, errors: false, log: { folder: false, console: false } } as const
const serviceOf = (options: ServiceOptions) => {
  const service = createService({ ...quiet, ...options })
  ending.push(() => service.close())
  return service
}

const serve = async (options: ServiceOptions = {}) => {
  const service = serviceOf(options)
  const app = Fastify({ forceCloseConnections: true })
  ending.push(() => app.close())
  app.register(service.fastify)
  app.get('/reservations/:id', async () => ({}))
  app.post('/reservations', { schema: { body: { type: 'object', required: ['date'] } } }, async (_request, reply) =>
    reply.code(201).send({}),
  )
  app.get('/broken', async () => {
    throw new Error('broken')
  })
  // Never answers: its client has to leave.
  app.get('/endless', (_request, reply) => {
    reply.hijack()
  })
  return { app, service, port: await listen(app) }
}

const listen = async (app: FastifyInstance) => Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port)

const open = async (port: number) => {
  const socket = createConnection({ port, host: '127.0.0.1' })
  ending.push(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

const ask = async (socket: Socket, path: string) => {
  socket.write(`GET ${path} HTTP/1.1\r\nhost: api\r\n\r\n`)
  await once(socket, 'data')
}

const counted = async (service: Service) => {
  const lines = await linesOf(service, 'http_requests_total')
  return lines.map((line) => line.replace(/^.*method="(.*)",route="(.*)",status_code="(.*)"} /, '$1 $2 $3: '))
}

const connections = async (service: Service) => (await linesOf(service, 'active_connections'))[0]?.split(' ')[1]

describe('the requests of a Fastify server', () => {
  const cases: readonly [string, InjectOptions, string][] = [
    ['by the pattern of their route', { url: '/reservations/17?token=secret' }, 'GET /reservations/:id 200: 1'],
    ['by their method', { method: 'HEAD', url: '/reservations/17' }, 'HEAD /reservations/:id 200: 1'],
    [
      'by the status they got',
      { method: 'POST', url: '/reservations', payload: { date: '' } },
      'POST /reservations 201: 1',
    ],
    [
      'when they are refused as invalid',
      { method: 'POST', url: '/reservations', payload: {} },
      'POST /reservations 400: 1',
    ],
    ['when their handler throws', { url: '/broken' }, 'GET /broken 500: 1'],
    ['as unmatched when no route is theirs', { url: '/wp-login.php' }, 'GET unmatched 404: 1'],
    [
      'as unmatched when the route has not that method',
      { method: 'DELETE', url: '/broken' },
      'DELETE unmatched 404: 1',
    ],
  ]
  test.each(cases)('are counted %s', async (_words, request, expected) => {
    const { app, service } = await serve()
    await app.inject(request)
    expect(await counted(service)).toEqual([expected])
  })

  test('share one method when theirs is unusual', async () => {
    const { service, port } = await serve()
    for (const method of ['PROPFIND', 'MKCOL', 'LOCK']) {
      const socket = await open(port)
      socket.write(`${method} /x HTTP/1.1\r\nhost: api\r\n\r\n`)
      await once(socket, 'data')
    }
    await vi.waitFor(async () => expect(await counted(service)).toEqual(['OTHER unmatched 404: 3']))
  })

  test('are counted as 499 when the client leaves before the answer', async () => {
    const { app, service, port } = await serve()
    const arrived = new Promise((resolve) => app.server.once('request', resolve))
    const socket = await open(port)
    socket.write('GET /endless HTTP/1.1\r\nhost: api\r\n\r\n')
    await arrived
    socket.destroy()
    await vi.waitFor(async () => expect(await counted(service)).toEqual(['GET /endless 499: 1']))
  })

  test('are counted each once when one connection carries several', async () => {
    const { service, port } = await serve()
    const socket = await open(port)
    for (const id of [1, 2, 3]) await ask(socket, `/reservations/${id}`)
    await vi.waitFor(async () => expect(await counted(service)).toEqual(['GET /reservations/:id 200: 3']))
  })

  test('are timed under the same labels as they are counted', async () => {
    const { app, service } = await serve()
    await app.inject('/reservations/1')
    const labels = 'method="GET",route="/reservations/:id",status_code="200"'
    expect(await linesOf(service, 'http_request_duration_seconds_count')).toEqual([
      `http_request_duration_seconds_count{${labels}} 1`,
    ])
    const [sum = ''] = await linesOf(service, 'http_request_duration_seconds_sum')
    expect(Number(sum.split(' ').at(-1))).toBeGreaterThan(0)
    expect(Number(sum.split(' ').at(-1))).toBeLessThan(5)
  })

  test('are left out when they are scrapes or probes', async () => {
    const { app, service } = await serve()
    for (const url of ['/health', '/health?probe=1', '/health/ready'])
      expect((await app.inject(url)).statusCode).toBe(200)
    expect(await counted(service)).toEqual([])
  })

  test('are left out when they are probes that a server without routes of ours answers', async () => {
    const service = serviceOf({})
    const asked = [
      createServer((request, response) => {
        if (!service.answersHealth(request, response)) response.end()
      }),
      createServer((request, response) => service.express(request, response, () => response.end())),
    ]
    for (const server of asked) {
      service.watch(server)
      await once(server.listen(0, '127.0.0.1'), 'listening')
      ending.push(() => server.close())
      const address = server.address()
      const socket = await open(typeof address === 'object' && address ? address.port : 0)
      for (const path of ['/health', '/health/ready?from=kubelet', '/rooms']) await ask(socket, path)
    }
    expect(await counted(service)).toEqual(['GET unmatched 200: 2'])
  })
  test('are left out when their route is to be ignored, and only then', async () => {
    const { app, service } = await serve({ ignore: ['/broken'] })
    for (const url of ['/broken', '/reservations/1']) await app.inject(url)
    expect(await counted(service)).toEqual(['GET /reservations/:id 200: 1'])
  })
})

test('every latency that is promised is a bucket of the histogram', () => {
  expect(httpRequestDuration.buckets).toContain(sla.httpLatency.seconds)
})

test('a latency that a service names is one too, in its place', async () => {
  const { app, service } = await serve({ http: { latencies: [0.3] } })
  await app.inject('/reservations/1')
  const lines = await linesOf(service, 'http_request_duration_seconds_bucket')
  expect(lines.map((line) => /le="(.*)"/.exec(line)?.[1]).slice(4, 8)).toEqual(['0.1', '0.25', '0.3', '0.5'])
})

describe('active connections', () => {
  test('rise and fall with the sockets, idle ones included', async () => {
    const { service, port } = await serve()
    const [idle, busy] = [await open(port), await open(port)]
    await ask(busy, '/reservations/1')
    await ask(busy, '/reservations/2')
    await vi.waitFor(async () => expect(await connections(service)).toBe('2'))
    idle.destroy()
    await vi.waitFor(async () => expect(await connections(service)).toBe('1'))
    busy.destroy()
    await vi.waitFor(async () => expect(await connections(service)).toBe('0'))
  })

  test('include those of a second server, from their first request on', async () => {
    const { app, service } = await serve()
    const second = createServer((request, response) => app.routing(request, response)).listen(0, '127.0.0.1')
    ending.push(() => second.close())
    await once(second, 'listening')
    const address = second.address()
    const socket = await open(typeof address === 'object' && address ? address.port : 0)
    await ask(socket, '/reservations/1')
    await ask(socket, '/reservations/2')
    expect(await connections(service)).toBe('1')
    socket.destroy()
    await vi.waitFor(async () => expect(await connections(service)).toBe('0'))
  })
})

describe('a server of Node’s own', () => {
  const bare = async (listener: RequestListener) => {
    const service = serviceOf({ http: { log: 'none', routes: ['/a'] } })
    const server = createServer(listener)
    service.watch(server)
    const start = async () => {
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      const address = server.address()
      return typeof address === 'object' && address ? address.port : 0
    }
    ending.push(() => server.close())
    return { service, server, start }
  }
  const aborted = async (service: Service) =>
    (await linesOf(service, 'http_requests_aborted_total')).map((line) => line.split(' ')[1])

  test.each<[string, RequestListener]>([
    ['the handler destroys with an error', (_request, response) => void response.destroy(new Error('a fault of ours'))],
    ['the handler destroys', (_request, response) => void response.destroy()],
    [
      'the handler destroys in the middle',
      (_request, response) => void response.write('half', () => response.destroy()),
    ],
    [
      'a stream fails on our side',
      (_request, response) => {
        const failing = async function* () {
          yield 'half'
          throw new Error('a fault of ours')
        }
        pipeline(failing, response, () => undefined)
      },
    ],
  ])('an answer that is cut off because %s is an error of ours, and nobody left', async (_words, listener) => {
    const { service, start } = await bare(listener)
    const socket = await open(await start())
    socket.on('error', () => undefined).resume()
    socket.write('GET /a HTTP/1.1\r\nhost: api\r\n\r\n')
    await vi.waitFor(async () => expect(await counted(service)).toEqual(['GET /a 500: 1']))
    expect(await aborted(service)).toEqual(['0'])
  })

  test.each<[string, (socket: Socket) => void]>([
    ['closes', (socket) => socket.destroy()],
    ['resets', (socket) => socket.resetAndDestroy()],
  ])('a client that %s before the answer has left', async (_words, leave) => {
    let arrive: () => void = () => undefined
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve
    })
    const { service, start } = await bare(() => arrive())
    const socket = await open(await start())
    socket.write('GET /a HTTP/1.1\r\nhost: api\r\n\r\n')
    await arrived
    leave(socket)
    await vi.waitFor(async () => expect(await counted(service)).toEqual(['GET /a 499: 1']))
    expect(await aborted(service)).toEqual(['1'])
  })

  test('is counted again when it listens again', async () => {
    const { service, server, start } = await bare((_request, response) => void response.end('x'))
    for (let times = 0; times < 2; times += 1) {
      const socket = await open(await start())
      await ask(socket, '/a')
      socket.destroy()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    }
    await vi.waitFor(async () => expect(await counted(service)).toEqual(['GET /a 200: 2']))
  })
})
