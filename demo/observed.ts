import {
  answersOk,
  createService,
  pingPostgres,
  pingRedis,
  type Service,
  type ServiceOptions,
} from '../exporters/service/index.ts'
import type { Cache } from './cache.ts'
import type { Database } from './database.ts'

interface ObservedOptions extends ServiceOptions {
  readonly database: Database
  readonly cache: Cache
  readonly paymentsUrl: string
}

/** What the demo's API is watched by: everything that a service can have, and nothing else. */
export const observed = ({ database, cache, paymentsUrl, ...options }: ObservedOptions): Service =>
  createService({
    ...options,
    checks: {
      database: pingPostgres(database.pool),
      redis: pingRedis(cache.client),
      // Guests can book without it.
      external_apis: { check: answersOk(`${paymentsUrl}/v1/charges?limit=1`), required: false },
    },
    pools: { main: database.pool, cache: cache.client },
    // The demo's own controls are not the visitors' traffic.
    ignore: ['/faults', '/faults/:name'],
  })
