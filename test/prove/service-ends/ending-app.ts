import { createServer } from 'node:http'
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises'
import express from 'express'
import Fastify from 'fastify'
import { createService } from '../../../exporters/service/index.ts'
import { listening } from '../listening.ts'

export interface Settings {
  readonly framework: 'Fastify 5' | 'Express 5'
  /** The same application, with us and without. */
  readonly instrumented: boolean
  /** Whether it closes on SIGTERM, or has no handler of it. */
  readonly graceful: boolean
  /** Whether it goes on by itself after a rejection that nobody handles. */
  readonly goesOn: boolean
  readonly folder: string
}
/** The line that the process prints when it serves. */
export interface Started {
  readonly port: number
  readonly metrics: string | undefined
}
export interface State {
  /** Bytes after the garbage was collected. */
  readonly held: number
  /** Rejections that the application itself was told of. */
  readonly rejected: number
}

interface App {
  readonly listen: () => Promise<number>
  readonly close: () => Promise<void>
}
type Answers = Readonly<Record<string, (what: string) => Promise<string>>>

const settings: Settings = JSON.parse(process.argv[2] ?? '')
const service = settings.instrumented
  ? createService({
      metrics: { port: 0 },
      log: { folder: settings.folder, console: false },
      http: { log: 'none' },
    })
  : undefined

let rejected = 0
if (settings.goesOn) {
  process.on('unhandledRejection', () => {
    rejected += 1
  })
}

/** In one turn of the event loop. */
const atOnce = 100
const storm = async (many: number) => {
  for (let number = 0; number < many; number += 1) {
    void Promise.reject(new Error(`nobody handles ${number}`))
    if (number % atOnce === 0) await turn()
  }
}

const answers: Answers = {
  work: async (number) => {
    service?.log.info('a request', { sequence: Number(number) })
    await delay(Number(number) % 8)
    return `done ${number}`
  },
  storm: async (many) => {
    void storm(Number(many))
    return 'it begins'
  },
  explode: async () => {
    setImmediate(() => {
      throw new Error('nobody catches it')
    })
    return 'soon'
  },
  state: async () => {
    for (let time = 0; time < 4; time += 1) {
      globalThis.gc?.()
      await turn()
    }
    const { heapUsed, external } = process.memoryUsage()
    return JSON.stringify({ held: heapUsed + external, rejected } satisfies State)
  },
}

const fastify = async (): Promise<App> => {
  const app = Fastify()
  if (service) await app.register(service.fastify)
  for (const [name, answer] of Object.entries(answers)) {
    app.get<{ Params: { what: string } }>(`/${name}/:what`, ({ params }) => answer(params.what))
  }
  const listen = async () => {
    await app.listen({ host: '127.0.0.1', port: 0 })
    const address = app.server.address()
    return typeof address === 'object' && address ? address.port : 0
  }
  return { listen, close: () => app.close() }
}

const overExpress = (): App => {
  const app = express()
  let closing = false
  if (service) app.use(service.express)
  for (const [name, answer] of Object.entries(answers)) {
    app.get(`/${name}/:what`, async (request, response) => {
      const text = await answer(request.params.what)
      // Express leaves it to the application: a client that keeps its connection would keep the process.
      if (closing) response.setHeader('connection', 'close')
      response.send(text)
    })
  }
  const server = createServer(app)
  return {
    listen: () => listening(server),
    close: () =>
      new Promise((resolve) => {
        closing = true
        server.close(() => resolve())
      }),
  }
}

const app = settings.framework === 'Fastify 5' ? await fastify() : overExpress()
if (settings.graceful) {
  process.once('SIGTERM', async () => {
    service?.stop()
    await app.close()
    await service?.close()
  })
}
const metrics = await service?.ready()
console.log(JSON.stringify({ port: await app.listen(), metrics: metrics && `${metrics}/metrics` } satisfies Started))
