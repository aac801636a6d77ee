import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyRequest } from 'fastify'
import type { Starter } from './fault-control.ts'

type Switch = 'slow' | 'errors' | 'booking-failures'

export interface RequestFaults {
  readonly starters: Readonly<Record<Switch, Starter>>
  /** What a visitor's request meets: nothing, while no fault is on. */
  disturb(request: FastifyRequest): Promise<void>
}

export const requestFaults = (): RequestFaults => {
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
    starters: { slow: starter('slow'), errors: starter('errors'), 'booking-failures': starter('booking-failures') },
    disturb: async ({ method, routeOptions }) => {
      requests += 1
      if (on.has('slow')) await delay(700 + Math.random() * 700)
      if (on.has('errors') && requests % 2 === 0) throw new Error('the fault `errors` is on')
      const books = method === 'POST' && routeOptions.url === '/reservations'
      if (on.has('booking-failures') && books) throw new Error('the fault `booking-failures` is on')
    },
  }
}
