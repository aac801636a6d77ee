import type { FastifyInstance } from 'fastify'
import { Redis } from 'ioredis'
import { Pool } from 'pg'
import { pingPostgres, pingRedis, type ServiceOptions } from '../../../../exporters/service/index.ts'
import type { Setup } from './setup.ts'

/** Milliseconds that a health check has: a scrape, which waits for it, has one second. */
const patience = 800

/** One that outlives its server: what its requests need meanwhile fails. */
const poolOf = (url: string, max: number) => {
  const pool = new Pool({ connectionString: url, max, application_name: 'reservations', idleTimeoutMillis: 0 })
  pool.on('error', () => undefined)
  return pool
}

const clientOf = (url: string) => {
  const client = new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 0, retryStrategy: () => 200 })
  client.on('error', () => undefined)
  return client
}

/** A pool for each part of the service, so that one that is held up holds up no other. */
const databaseOf = (url: string) => ({
  /** Of the health check alone. */
  main: poolOf(url, 2),
  menus: poolOf(url, 10),
  bookings: poolOf(url, 4),
  reports: poolOf(url, 10),
})

/** The clients of the service, and the routes that need them. */
export const dependenciesOf = ({ database, cache, queue }: Setup) => {
  const pools = database === undefined ? undefined : databaseOf(database)
  const redis = cache === undefined ? undefined : clientOf(cache)
  const jobs = queue === undefined ? undefined : clientOf(queue)
  const checks: NonNullable<ServiceOptions['checks']> = {
    ...(pools && { database: { check: pingPostgres(pools.main), patience } }),
    ...(redis && { redis: { check: pingRedis(redis), patience } }),
  }
  const serve = (app: FastifyInstance) => {
    app.get('/menus', async () => (await pools?.menus.query('select name from menus'))?.rows)
    app.get('/reports', async () => (await pools?.reports.query('select pg_sleep(600)'))?.rows)
    app.get('/prices', async () => ({ price: await redis?.get('price') }))
  }
  return {
    checks,
    pools: { ...pools, ...(redis && { cache: redis }), ...(jobs && { queue: jobs }) },
    bookings: async () => (await pools?.bookings.query('select count(*) from bookings'))?.rows,
    serve,
  }
}
