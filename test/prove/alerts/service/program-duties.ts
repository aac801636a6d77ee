import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { getHeapStatistics } from 'node:v8'
import type { FastifyInstance } from 'fastify'
import type { Service } from '../../../../exporters/service/index.ts'
import { counter } from '../../../../metrics/metric.ts'

const guestsTotal = counter({ name: 'guests_total', help: 'Guests by where they come from', labels: ['town'] })
const turnoverTotal = counter({ name: 'turnover_euros_total', help: 'What guests have paid' })

/** Holds up the event loop as a computation does, and leaves the processor to others. */
const compute = (milliseconds: number) => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}

/** Computes in stretches, one after the other, until it is told to end. */
const computing = (stretch: number) => {
  let on = true
  const next = () => {
    compute(stretch)
    if (on) setImmediate(next)
  }
  setImmediate(next)
  return () => {
    on = false
  }
}

const page = () => Array.from({ length: 1_000 }, (_, i) => ({ seat: i }))
const fullness = () => {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics()
  return used / limit
}

const codeFaults = (app: FastifyInstance, service: Service) => {
  const guests = service.counter(guestsTotal)
  const turnover = service.counter(turnoverTotal)
  // Any town that a guest thinks of becomes a label.
  app.get<{ Params: { town: string } }>('/guests/:town', async ({ params }) => {
    guests.inc({ town: params.town })
    return 'welcome'
  })
  // A price that was written as a word is added all the same.
  app.get<{ Params: { euros: string } }>('/pay/:euros', async ({ params }) => {
    turnover.add(Number(params.euros))
    return 'thank you'
  })
  app.get('/mail', async () => {
    void Promise.reject(new Error('no mail server'))
    return 'you will have mail'
  })
  app.post('/notes', async ({ body }) => {
    service.log.info('a note of a guest', { note: body })
    return 'noted'
  })
  app.post('/reservations', {
    schema: { body: { type: 'object', required: ['guests'], properties: { guests: { type: 'integer' } } } },
    handler: async () => 'booked',
  })
  app.post<{ Body: { password: string } }>('/login', async ({ body }, reply) =>
    body.password === 'opens' ? 'come in' : reply.code(401).send('no'),
  )
}

const processFaults = (app: FastifyInstance) => {
  let endComputing: (() => void) | undefined
  app.post('/compute', async () => {
    endComputing ??= computing(300)
    return process.pid
  })
  app.delete('/compute', async () => {
    endComputing?.()
    endComputing = undefined
    return process.pid
  })
  // It never comes back from it, and has said so before.
  app.post('/hang', async (_request, reply) => {
    reply.raw.once('close', () => compute(Number.POSITIVE_INFINITY))
    return reply.header('connection', 'close').send(process.pid)
  })
  app.post('/fall', async () => {
    setImmediate(() => {
      throw new Error('a setting is missing')
    })
    return process.pid
  })
  const watched: Socket[] = []
  const remembered: Buffer[] = []
  // A connection of its own for each request, which nobody closes, and what came by it.
  app.post<{ Params: { port: string } }>('/watch/:port', async ({ params }) => {
    watched.push(connect({ port: Number(params.port), host: '127.0.0.1' }))
    remembered.push(Buffer.alloc(600_000, 'x'))
    return watched.length
  })
}

const memoryFaults = (app: FastifyInstance) => {
  let kept: object[] = []
  let wasting = false
  // A cache without a limit, which somebody fills up to this share of the heap.
  app.post<{ Params: { percent: string } }>('/heap/:percent', async ({ params }) => {
    while (fullness() < Number(params.percent) / 100) {
      kept.push(page())
      if (kept.length % 10 === 0) await delay(1)
    }
    return fullness()
  })
  app.delete('/heap', async () => {
    kept = []
    wasting = false
    return fullness()
  })
  /** Some garbage that is old enough when it is dropped to need the whole heap searched. */
  const waste = async () => {
    const lately: object[] = []
    while (wasting) {
      for (let pages = 0; pages < 25; pages += 1) lately.push(page())
      if (lately.length > 125) lately.splice(0, 25)
      await delay(10)
    }
  }
  app.post('/waste', async () => {
    if (!wasting) {
      wasting = true
      void waste()
    }
    return process.pid
  })
}

/** What guests ask for, and what can go wrong in the process itself. */
export const duties = (app: FastifyInstance, service: Service) => {
  codeFaults(app, service)
  processFaults(app)
  memoryFaults(app)
}
