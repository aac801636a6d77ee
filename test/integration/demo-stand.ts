import { Redis } from 'ioredis'
import { Client } from 'pg'
import { startPostgres } from '../../compose/local/postgres.ts'
import type { Server } from '../../compose/local/process.ts'
import { ensurePrograms } from '../../compose/local/programs.ts'
import { startRedis } from '../../compose/local/servers.ts'
import { buildApi } from '../../demo/api.ts'
import { cache } from '../../demo/cache.ts'
import { database } from '../../demo/database.ts'
import { databaseFaults } from '../../demo/database-faults.ts'
import { faultControl, faultRoutes } from '../../demo/fault-control.ts'
import { memoryFault } from '../../demo/memory-fault.ts'
import { observed } from '../../demo/observed.ts'
import { buildPayments } from '../../demo/payments.ts'
import { requestFaults } from '../../demo/request-faults.ts'
import { demoLogins, setupDemo, urlFor } from '../../demo/setup.ts'
import { sitting } from '../../demo/sittings.ts'
import { printed } from '../../exporters/exposition.ts'
import type { Service } from '../../exporters/service/index.ts'
import { eventually, workshop } from './servers.ts'

export const passwords = { api: 'an-api-password', exporter: 'an-exporter-password' } as const
const settings = { max_connections: '40' }
const maxmemory = '32mb'

/** Free tables at one of tomorrow's sittings, 0 to 3. */
export const tomorrow = (hour: number) => `/tables?date=${sitting(1, hour).toISOString()}&partySize=2`

/** The demo in this process, between real servers of its own. */
export const demoStand = () => {
  const shop = workshop()
  let parts: Awaited<ReturnType<typeof open>> | undefined
  const started = () => {
    if (!parts) throw new Error('the demo was not started')
    return parts
  }
  const book = (more: object = {}) => {
    const date = sitting(30, 2).toISOString()
    const payload = { date, partySize: 2, name: 'Guest', email: 'guest@example.com', ...more }
    return started().api.inject({ method: 'POST', url: '/reservations', payload })
  }
  return {
    folder: shop.folder,
    keep: shop.keep,
    start: async () => {
      parts = await open(shop)
    },
    end: async () => {
      await parts?.close()
      await shop.end()
    },
    get servers() {
      return started().servers
    },
    get api() {
      return started().api
    },
    get payments() {
      return started().payments
    },
    /** The API's metrics as they are served. */
    metrics: () => metricsOf(started().service),
    get control() {
      return started().control
    },
    get redis() {
      return started().redis
    },
    get adminUrl() {
      return started().servers.database.server.url
    },
    get urls() {
      return started().urls
    },
    book,
    /** The first row, as the superuser sees it. */
    one: <Row extends object>(sql: string, url = urlFor(started().servers.database.server.url, {})) =>
      firstRow<Row>(url, sql),
    /** The reservation outcomes counted while `work` went on. */
    outcomes: async (work: () => Promise<unknown>) => {
      const read = async () => {
        const text = await metricsOf(started().service)
        return [...text.matchAll(/^reservations_total\{status="(\w+)"} (\d+)/gm)]
      }
      const before = await read()
      await work()
      const risen = (await read()).map(([, status = '', value], at) => [
        status,
        Number(value) - Number(before[at]?.[2]),
      ])
      return Object.fromEntries(risen.filter(([, more]) => more !== 0))
    },
    /** Ends one of the servers; what it returns starts it again, with its data. */
    stopServer: async (name: 'database' | 'redis') => {
      await started().servers[name].server.stop()
      return async () => {
        shop.keep(await started().servers[name].again())
      }
    },
  }
}

const metricsOf = async (service: Service) => [...printed(await service.readings(), { open: false })].join('')

const firstRow = async <Row extends object>(url: string, sql: string) => {
  const client = new Client(url)
  await client.connect()
  try {
    return (await client.query<Row>(sql)).rows[0]
  } finally {
    await client.end()
  }
}

const startServers = async (shop: ReturnType<typeof workshop>) => {
  const postgres = await shop.postgres({ settings })
  const redis = await shop.redis({ maxmemory })
  const program = (await ensurePrograms(['redis-server']))['redis-server']
  const place = ({ url, log }: Server) => ({ port: Number(new URL(url).port), dataDir: log.replace(/\.log$/, '') })
  return {
    database: { server: postgres, again: () => startPostgres({ ...place(postgres), settings, durable: false }) },
    redis: { server: redis, again: () => startRedis({ ...place(redis), program, maxmemory }) },
  }
}

const open = async (shop: ReturnType<typeof workshop>) => {
  const servers = await startServers(shop)
  const adminUrl = servers.database.server.url
  await setupDemo({ adminUrl, passwords })
  const urls = {
    database: urlFor(adminUrl, { login: demoLogins.api, password: passwords.api }),
    redis: servers.redis.server.url,
  }
  const redis = new Redis(urls.redis)
  redis.on('error', () => undefined)
  // Longer than health may take: it must not wait as long as a request.
  const patience = 3_500
  const stores = { database: database(urls.database, { patience }), cache: cache(urls.redis, { patience }) }
  const { starters, disturb, paymentsDown } = requestFaults()
  const payments = buildPayments({ isDown: paymentsDown })
  const paymentsUrl = await payments.listen({ host: '127.0.0.1', port: 0 })
  const quiet = { metrics: false, errors: false, log: { folder: false, console: false } } as const
  const service = observed({ ...stores, ...quiet, paymentsUrl, version: '1.2.3' })
  const api = buildApi({ ...stores, service, paymentsUrl, disturb })
  const faults = { ...starters, ...databaseFaults(stores.database), memory: memoryFault(stores.cache) }
  const control = faultControl(faults)
  api.register(faultRoutes, { control })
  await eventually(
    () => api.inject('/health/detailed'),
    ({ statusCode }) => statusCode === 200,
  )
  const close = async () => {
    await control.clearAll()
    await Promise.allSettled([api.close(), payments.close(), stores.database.close(), stores.cache.close()])
    await service.close()
    redis.disconnect()
  }
  return { servers, urls, redis, payments, service, api, control, close }
}
