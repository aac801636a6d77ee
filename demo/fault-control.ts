import type { FastifyInstance } from 'fastify'
import { type ApiFault, apiFaults } from './faults.ts'

export type Undo = () => Promise<void>
/** Brings a fault about; it will be undone after so many seconds at the latest. */
export type Starter = (seconds: number) => Promise<Undo>

export interface FaultControl {
  /** What is under way, and until when. */
  active(): readonly { readonly name: ApiFault; readonly until: string }[]
  start(name: ApiFault, seconds: number): Promise<void>
  clear(name: ApiFault): Promise<void>
  clearAll(): Promise<void>
}

interface Active {
  readonly until: string
  readonly undo: Promise<Undo>
  readonly timer: NodeJS.Timeout
}

/** Keeps the time of every fault, so that each ends even when whoever started it is gone. */
export const faultControl = (
  starters: Readonly<Record<ApiFault, Starter>>,
  report: (failure: unknown, message: string) => void = () => undefined,
): FaultControl => {
  const running = new Map<ApiFault, Active>()
  const clear = async (name: ApiFault) => {
    const found = running.get(name)
    if (!found) return
    running.delete(name)
    clearTimeout(found.timer)
    const undo = await found.undo
    await undo()
  }
  const clearReporting = (name: ApiFault) =>
    clear(name).catch((failure: unknown) => report(failure, `could not undo the fault ${name}`))
  return {
    active: () => [...running].map(([name, { until }]) => ({ name, until })),
    clear,
    clearAll: async () => {
      await Promise.all([...running.keys()].map(clearReporting))
    },
    start: async (name, seconds) => {
      await clear(name)
      const timer = setTimeout(() => void clearReporting(name), seconds * 1_000)
      timer.unref()
      const until = new Date(Date.now() + seconds * 1_000).toISOString()
      const started = { until, undo: starters[name](seconds), timer }
      running.set(name, started)
      try {
        await started.undo
      } catch (cause) {
        clearTimeout(timer)
        if (running.get(name) === started) running.delete(name)
        throw cause
      }
    },
  }
}

interface Wish {
  readonly name: ApiFault
  readonly seconds: number
}

/** A timer can't be set for longer: 2^31 milliseconds. */
export const longestSeconds = 2_147_483
const names = Object.keys(apiFaults)
const name = { type: 'string', enum: names } as const
const seconds = { type: 'integer', minimum: 1, maximum: longestSeconds } as const
const startSchema = { body: { type: 'object', required: ['name', 'seconds'], properties: { name, seconds } } } as const
const clearSchema = { params: { type: 'object', properties: { name } } } as const
const loopback = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1'])

/** The switch for whoever sits at the machine. It needs neither the database nor Redis. */
export const faultRoutes = async (app: FastifyInstance, { control }: { readonly control: FaultControl }) => {
  app.addHook('onRequest', async ({ socket }, reply) => {
    if (loopback.has(socket.remoteAddress ?? '')) return
    return reply.code(403).send({ error: 'faults are switched from this machine only' })
  })
  app.get('/faults', async () => control.active())
  app.post<{ Body: Wish }>('/faults', { schema: startSchema }, async ({ body }, reply) => {
    try {
      await control.start(body.name, body.seconds)
    } catch (failure) {
      return reply.code(503).send({ error: `could not start ${body.name}: ${reason(failure)}` })
    }
    return reply.code(201).send(control.active().find(({ name }) => name === body.name))
  })
  app.delete<{ Params: { name: ApiFault } }>('/faults/:name', { schema: clearSchema }, async ({ params }, reply) => {
    try {
      await control.clear(params.name)
    } catch (failure) {
      return reply.code(503).send({ error: `could not undo ${params.name}: ${reason(failure)}` })
    }
    return reply.code(204).send()
  })
}

/** An error that stands for several addresses has a code and no message. */
const reason = (failure: unknown) => {
  if (!(failure instanceof Error)) return String(failure)
  return failure.message || ('code' in failure ? String(failure.code) : failure.name)
}
