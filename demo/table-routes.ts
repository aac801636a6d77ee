import type { FastifyInstance } from 'fastify'
import type { Cache } from './cache.ts'
import type { Database } from './database.ts'

interface Wish {
  readonly date: string
  readonly partySize: number
}

const schema = {
  querystring: {
    type: 'object',
    required: ['date', 'partySize'],
    properties: {
      date: { type: 'string', format: 'date-time' },
      partySize: { type: 'integer', minimum: 1, maximum: 20 },
    },
  },
} as const

/** Short: a table that was just taken may be offered this long, and is refused when it is booked. */
const availabilitySeconds = 15

const freeTables = `
  select number, seats from tables t
  where seats >= $2 and not exists (
    select from reservations r where r.table_id = t.id and r.date = $1 and r.status in ('PENDING', 'CONFIRMED'))
  order by seats, number`

/** Which tables are free. */
export const tableRoutes = async (
  app: FastifyInstance,
  { database, cache }: { readonly database: Database; readonly cache: Cache },
) => {
  app.get<{ Querystring: Wish }>('/tables', { schema }, async ({ query: { date, partySize } }, reply) => {
    const moment = new Date(date).toISOString()
    const key = `availability:${moment}:${partySize}`
    const known = await cache.get(key)
    reply.type('application/json; charset=utf-8')
    if (known !== null) return known
    const tables = await database.rows<{ number: number; seats: number }>(freeTables, [moment, partySize])
    const answer = JSON.stringify({ date: moment, partySize, tables })
    await cache.set(key, answer, availabilitySeconds)
    return answer
  })
}
