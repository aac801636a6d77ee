import type { FastifyInstance } from 'fastify'
import type { Database } from './database.ts'

interface Deposit {
  readonly reservationId: string
  readonly amountCents: number
  readonly source: string
}

interface PaymentOptions {
  readonly database: Database
  readonly paymentsUrl: string
  /** Milliseconds that a guest waits for the provider. */
  readonly patience?: number
}

const schema = {
  body: {
    type: 'object',
    required: ['reservationId', 'amountCents', 'source'],
    properties: {
      reservationId: { type: 'string', format: 'uuid' },
      amountCents: { type: 'integer', minimum: 1, maximum: 1_000_000 },
      source: { type: 'string', minLength: 1, maxLength: 100 },
    },
  },
} as const

/** Those that came to nothing are kept as well: what guests are told, the restaurant can see. */
const attempt = 'insert into payments (reservation_id, amount_cents, status, charge_id) values ($1, $2, $3, $4)'

/** Deposits for reservations, taken by the payment provider. */
export const paymentRoutes = async (
  app: FastifyInstance,
  { database, paymentsUrl, patience = 2_000 }: PaymentOptions,
) => {
  app.post<{ Body: Deposit }>('/payments', { schema }, async ({ body, log }, reply) => {
    const { reservationId, amountCents, source } = body
    const [reservation] = await database.rows(
      `select id from reservations where id = $1 and status in ('PENDING', 'CONFIRMED')`,
      [reservationId],
    )
    if (!reservation) return reply.code(404).send({ error: 'there is no such reservation to pay for' })
    const charged = await charge(`${paymentsUrl}/v1/charges`, { amount: amountCents, source }, patience).catch(
      (cause: unknown) => {
        log.error({ err: cause }, 'could not reach the payment provider')
        return 'failed' as const
      },
    )
    const [status, chargeId] = typeof charged === 'string' ? [charged, null] : ['succeeded', charged.id]
    await database.rows(attempt, [reservationId, amountCents, status, chargeId])
    if (charged === 'failed') {
      return reply.code(502).send({ error: 'the payment provider does not answer: try again later' })
    }
    if (charged === 'declined') return reply.code(402).send({ error: 'the card was declined: use another one' })
    return reply.code(201).send({ chargeId: charged.id, amountCents })
  })
}

const charge = async (url: string, wish: { amount: number; source: string }, patience: number) => {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...wish, currency: 'eur' }),
    signal: AbortSignal.timeout(patience),
  })
  const body: unknown = await answer.json()
  if (answer.status === 402) return 'declined'
  if (answer.ok && isCharge(body)) return body
  throw new Error(`${url} answered ${answer.status}`)
}

const isCharge = (body: unknown): body is { readonly id: string } =>
  typeof body === 'object' && body !== null && 'id' in body && typeof body.id === 'string'
