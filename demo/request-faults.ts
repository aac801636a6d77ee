import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyRequest } from 'fastify'
import type { Starter } from './fault-control.ts'

type Switch = 'slow' | 'errors' | 'booking-failures' | 'payments-down'

export interface RequestFaults {
  readonly starters: Readonly<Record<Switch, Starter>>
  /** What a visitor's request meets: nothing, while no fault is on. */
  disturb(request: FastifyRequest): Promise<void>
  /** Whether the payment provider is out of order. */
  paymentsDown(): boolean
}

interface RequestFaultsOptions {
  /** Of a payment provider that is another program, and not ours to break. */
  readonly paymentsUrl?: string | undefined
}

export const requestFaults = ({ paymentsUrl }: RequestFaultsOptions = {}): RequestFaults => {
  const on = new Set<Switch>()
  let requests = 0
  const starter =
    (name: Switch): Starter =>
    async () => {
      on.add(name)
      return async () => {
        on.delete(name)
      }
    }
  return {
    starters: {
      slow: starter('slow'),
      errors: starter('errors'),
      'booking-failures': starter('booking-failures'),
      'payments-down': paymentsUrl === undefined ? starter('payments-down') : refused(paymentsUrl),
    },
    paymentsDown: () => on.has('payments-down'),
    disturb: async ({ method, routeOptions }) => {
      requests += 1
      if (on.has('slow')) await delay(700 + Math.random() * 700)
      if (on.has('errors') && requests % 2 === 0) throw new Error('the fault `errors` is on')
      const books = method === 'POST' && routeOptions.url === '/reservations'
      if (on.has('booking-failures') && books) throw new Error('the fault `booking-failures` is on')
    },
  }
}

const refused = (url: string) => async (): Promise<never> => {
  throw new Error(
    `the payment provider is ${new URL(url).origin}, another program: start the demo without PAYMENTS_URL`,
  )
}
