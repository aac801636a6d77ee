import { createHash, randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { ReservationOutcome } from '../exporters/service/reservations.ts'
import type { Database } from './database.ts'
import { refusal } from './sittings.ts'

interface Wish {
  readonly date: string
  readonly partySize: number
  readonly name: string
  readonly email: string
}

interface Reservation {
  readonly id: string
  readonly date: Date
  readonly partySize: number
  readonly status: string
  readonly table: number
}

interface ReservationOptions {
  readonly database: Database
  readonly count: (outcome: ReservationOutcome) => void
}

const wishSchema = {
  body: {
    type: 'object',
    required: ['date', 'partySize', 'name', 'email'],
    properties: {
      date: { type: 'string', format: 'date-time' },
      partySize: { type: 'integer', minimum: 1, maximum: 20 },
      name: { type: 'string', minLength: 1, maxLength: 100 },
      email: { type: 'string', format: 'email', maxLength: 254 },
    },
  },
} as const
const params = { type: 'object', properties: { id: { type: 'string', format: 'uuid' } } } as const
const token = { type: 'string', minLength: 1, maxLength: 100 } as const
const cancelSchema = { params, querystring: { type: 'object', required: ['token'], properties: { token } } } as const

/** The smallest free table that seats the party. Of two guests who want the last one, the database refuses the later. */
const book = `
  with guest as (
    insert into users (email, name) values ($1, $2) on conflict (email) do update set name = excluded.name returning id
  ), free as (
    select id, number from tables t
    where seats >= $4 and not exists (
      select from reservations r where r.table_id = t.id and r.date = $3 and r.status in ('PENDING', 'CONFIRMED'))
    order by seats, number limit 1
  ), booked as (
    insert into reservations (user_id, table_id, date, party_size, status, management_token, token_expires_at)
    select guest.id, free.id, $3, $4, 'CONFIRMED', $5, $3 from guest, free on conflict do nothing returning *
  )
  select booked.id, date, party_size as "partySize", status, number as "table" from booked, free`
const view = `
  select r.id, date, party_size as "partySize", status, number as "table"
  from reservations r join tables t on t.id = table_id where r.id = $1`
const cancel = `
  update reservations set status = 'CANCELLED', cancelled_at = now(), management_token = null, token_expires_at = null
  where id = $1 and management_token = $2 and token_expires_at > now() and status in ('PENDING', 'CONFIRMED')
  returning id`

const digest = (text: string) => createHash('sha256').update(text).digest('hex')

/** An attempt by the status of its answer: 4xx tells the guest what to change, anything else was our fault. */
const outcomeOf = (status: number): ReservationOutcome =>
  status < 300 ? 'confirmed' : status >= 400 && status < 500 ? 'rejected' : 'failed'

/** To book a table, look at the reservation, and cancel it with the token its guest was given. */
export const reservationRoutes = async (app: FastifyInstance, { database, count }: ReservationOptions) => {
  // When the answer is ready, not when it is sent: the guest who did not wait for it has a reservation all the same.
  const onSend = async (_request: unknown, { statusCode }: { readonly statusCode: number }) => {
    count(outcomeOf(statusCode))
  }
  app.post<{ Body: Wish }>('/reservations', { schema: wishSchema, onSend }, async ({ body }, reply) => {
    const date = new Date(body.date)
    const reason = refusal(date)
    if (reason) return reply.code(422).send({ error: reason })
    const secret = randomBytes(24).toString('base64url')
    const values = [body.email, body.name, date, body.partySize, digest(secret)]
    const [reservation] = await database.rows<Reservation>(book, values)
    if (!reservation) return reply.code(409).send({ error: 'no table is free then: choose another sitting' })
    return reply.code(201).send({ ...reservation, token: secret })
  })

  app.get<{ Params: { id: string } }>(
    '/reservations/:id',
    { schema: { params } },
    async ({ params: { id } }, reply) => {
      const [reservation] = await database.rows<Reservation>(view, [id])
      return reservation ?? reply.code(404).send({ error: 'there is no such reservation' })
    },
  )

  app.delete<{ Params: { id: string }; Querystring: { token: string } }>(
    '/reservations/:id',
    { schema: cancelSchema },
    async ({ params: { id }, query }, reply) => {
      const [cancelled] = await database.rows(cancel, [id, digest(query.token)])
      if (!cancelled) return reply.code(404).send({ error: 'there is no such reservation to cancel with this token' })
      count('cancelled')
      return { id, status: 'CANCELLED' }
    },
  )
}
