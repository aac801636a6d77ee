import { setTimeout as delay } from 'node:timers/promises'
import Fastify from 'fastify'
import { sla } from '../../../../config/sla.ts'
import { createService } from '../../../../exporters/service/index.ts'

/** An API that takes bookings, in its own process. */
export interface ApiSettings {
  readonly port: number
  readonly metricsPort: number
}

/** What can go wrong in it: every so manieth booking fails, every so manieth answer is late; 0 is none. */
export interface Defects {
  readonly failing: number
  readonly late: number
}

const { port, metricsPort }: ApiSettings = JSON.parse(process.argv[2] ?? '')
const service = createService({
  metrics: { host: '127.0.0.1', port: metricsPort },
  log: { folder: false, console: true },
  http: { log: 'none' },
  ignore: ['/defects'],
})
const lateMilliseconds = sla.httpLatency.seconds * 1_000 + 100

const defects = { failing: 0, late: 0 }
/** Whether it is the turn of this one, of all that were counted. */
const turns = (defect: keyof Defects) => {
  let counted = 0
  return () => {
    counted += 1
    return defects[defect] > 0 && counted % defects[defect] === 0
  }
}
const [fails, isLate] = [turns('failing'), turns('late')]

const app = Fastify()
await app.register(service.fastify)
app.register(async (visitors) => {
  visitors.addHook('onRequest', async () => {
    if (isLate()) await delay(lateMilliseconds)
  })
  visitors.get('/tables', async () => ({ tables: [1, 2, 3] }))
  const onSend = async (_request: unknown, { statusCode }: { readonly statusCode: number }) =>
    service.reservation(statusCode < 500 ? 'confirmed' : 'failed')
  visitors.post('/reservations', { onSend }, async (_request, reply) => {
    if (fails()) throw new Error('this booking is lost')
    return reply.code(201).send({ table: 1 })
  })
})
app.post<{ Body: Partial<Defects> }>('/defects', async ({ body }) => Object.assign(defects, body))
await service.ready()
await app.listen({ host: '127.0.0.1', port })
