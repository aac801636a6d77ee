import fastify, { type FastifyInstance } from 'fastify'

/** Bounds of every histogram that is measured, in seconds. */
export const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const

/**
 * The service that every contestant for Fastify instruments: no log, no database, an answer of some 100 bytes. It
 * listens on the port that is its first argument.
 */
export const serveFastify = async (instrument: (app: FastifyInstance) => unknown = () => undefined) => {
  const app = fastify({ logger: false })
  await instrument(app)
  app.get('/health', async () => ({ status: 'ok' }))
  app.get<{ Params: { id: string } }>('/reservations/:id', async ({ params }) => ({
    id: params.id,
    guest: 'Ada Lovelace',
    covers: 4,
    status: 'confirmed',
    table: 'window',
  }))
  app.post<{ Body: { guest: string; covers: number } }>('/reservations', async ({ body }, reply) => {
    reply.code(201)
    return { id: '100001', guest: body.guest, covers: body.covers, status: 'confirmed' }
  })
  await app.listen({ host: '127.0.0.1', port: Number(process.argv[2]) })
  console.log('listening')
}
