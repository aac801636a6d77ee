import { randomUUID } from 'node:crypto'
import Fastify from 'fastify'
import { type Logging, loggingTo } from './logging.ts'

/** The card number that is declined, as the real provider's test cards are. */
export const declinedSource = 'tok_declined'

const chargeSchema = {
  body: {
    type: 'object',
    required: ['amount', 'currency', 'source'],
    properties: {
      amount: { type: 'integer', minimum: 1 },
      currency: { type: 'string', enum: ['eur'] },
      source: { type: 'string', minLength: 1, maxLength: 100 },
    },
  },
} as const

interface Charge {
  readonly amount: number
  readonly currency: string
  readonly source: string
}

interface PaymentsOptions extends Logging {
  /** Whether it answers nothing but that it is out of order. */
  readonly isDown?: () => boolean
}

/** Stands for the external payment provider: the two calls of it that the API makes. */
export const buildPayments = ({ log, isDown = () => false }: PaymentsOptions = {}) => {
  const app = Fastify({ ...loggingTo(log), forceCloseConnections: true })
  app.addHook('onRequest', async (_request, reply) => {
    if (isDown()) return reply.code(503).send({ error: { type: 'api_error' } })
  })
  app.get('/v1/charges', async () => ({ object: 'list', data: [] }))
  app.post<{ Body: Charge }>('/v1/charges', { schema: chargeSchema }, async ({ body }, reply) => {
    if (body.source === declinedSource) {
      return reply.code(402).send({ error: { type: 'card_error', code: 'card_declined' } })
    }
    const { amount, currency } = body
    return reply.code(201).send({ id: `ch_${randomUUID()}`, object: 'charge', amount, currency, status: 'succeeded' })
  })
  return app
}
