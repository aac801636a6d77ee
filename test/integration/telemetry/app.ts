import { once } from 'node:events'
import { metrics } from '@opentelemetry/api'
import type Express from 'express'
import type Fastify from 'fastify'
import type Pg from 'pg'

interface Libraries {
  readonly express: typeof Express
  readonly fastify: typeof Fastify
  readonly Redis: typeof import('ioredis').Redis
  readonly pg: typeof Pg
}

const { API_PORT, ROOMS_PORT, DATABASE_URL, REDIS_URL = '' } = process.env
const host = '127.0.0.1'

/** An API that asks PostgreSQL, Redis and another service, which is served by the same process. */
export const serve = async ({ express, fastify, pg, Redis }: Libraries, get: typeof import('node:http').get) => {
  const pools = [
    new pg.Pool({ connectionString: DATABASE_URL, max: 7 }),
    new pg.Pool({ connectionString: DATABASE_URL }),
  ]
  const redis = new Redis(REDIS_URL)
  // Before there is a connection: it is sent again when there is one.
  const greeted = redis.echo('hidden-greeting')
  await express()
    .use(
      '/rooms',
      express.Router().get('/:id', (_request, response) => void response.json({ free: true })),
    )
    .use((_request, response) => void response.status(404).end())
    .listen(Number(ROOMS_PORT), host)
  const api = fastify()
  const booked = metrics.getMeter('app').createCounter('bookings')
  const book = async (secret: string) => {
    booked.add(1, { room: 'blue' })
    for (const pool of pools) await pool.query(`select\n'hidden-literal', $1::text`, [secret])
    await redis.set('hidden-key', secret)
    await redis.incr('hidden-key').catch(() => undefined)
    await fetch(`http://${host}:${ROOMS_PORT}/rooms/1?token=${secret}`, { headers: { authorization: secret } })
    await once(get(`http://${host}:${ROOMS_PORT}/rooms/2?token=${secret}`), 'response').then(([answer]) =>
      answer.resume(),
    )
  }
  api.get('/bookings/:id', async (request) => {
    await book(String(request.headers.authorization))
    return 'booked'
  })
  api.post('/bookings', async (request) => {
    await book(JSON.stringify(request.body))
    return 'booked'
  })
  api.get('/health', async () => (await pools[0]?.query('select 1')) && (await redis.ping()))
  api.get('/broken', async () => pools[0]?.query("select 'hidden-literal'::integer"))
  await greeted
  await api.listen({ port: Number(API_PORT), host })
}
