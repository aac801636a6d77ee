import { existsSync, readFileSync } from 'node:fs'
import { type Env, readEnv } from '../config/env.ts'
import { buildApi } from './api.ts'
import { cache } from './cache.ts'
import { database } from './database.ts'
import { databaseFaults } from './database-faults.ts'
import { faultControl, faultRoutes } from './fault-control.ts'
import { memoryFault } from './memory-fault.ts'
import { observed } from './observed.ts'
import { buildPager } from './pager.ts'
import { buildPayments } from './payments.ts'
import { requestFaults } from './request-faults.ts'
import { startTraffic } from './traffic.ts'

const grace = 10_000
const loopback = '127.0.0.1'

/** The API, its payment provider, its visitors and the on-call's pager in one process, each on a port of its own. */
const start = async (env: Env) => {
  const { DATABASE_URL, REDIS_URL, API_HOST, API_PORT, PAYMENTS_PORT, PAGER_PORT } = env
  if (!DATABASE_URL || !REDIS_URL) throw new Error('set DATABASE_URL and REDIS_URL: the demo needs both servers')
  const paymentsUrl = env.PAYMENTS_URL ?? `http://${loopback}:${PAYMENTS_PORT}`
  const onLost = reportOnce((words) => service.log.warn(words))
  const db = database(DATABASE_URL, { onLost })
  const redis = cache(REDIS_URL, { onLost })
  const disturbance = requestFaults({ paymentsUrl: env.PAYMENTS_URL })
  const stores = { database: db, cache: redis, paymentsUrl }
  const service = observed({ ...stores, version: packageVersion() })
  const api = buildApi({ ...stores, service, disturb: disturbance.disturb })
  const control = faultControl(
    { ...disturbance.starters, ...databaseFaults(db), memory: memoryFault(redis) },
    (err, message) => api.log.warn({ err }, message),
  )
  api.register(faultRoutes, { control })
  const log = service.fastifyLog
  const pager = buildPager({ log })
  const payments = env.PAYMENTS_URL ? undefined : buildPayments({ log, isDown: disturbance.paymentsDown })
  // Two other programs, that only share the process.
  for (const other of [pager, payments]) if (other) service.leaveOut(other.server)

  await service.ready()
  await pager.listen({ host: API_HOST, port: PAGER_PORT })
  await payments?.listen({ host: loopback, port: PAYMENTS_PORT })
  await api.listen({ host: API_HOST, port: API_PORT })
  const traffic = startTraffic({ url: `http://${reachable(API_HOST)}:${API_PORT}`, rate: env.TRAFFIC_RATE })

  return async () => {
    service.stop()
    await traffic.stop()
    await control.clearAll()
    // In the order in which they need each other, so that what is under way ends well.
    await api.close()
    await Promise.allSettled([pager.close(), payments?.close(), db.close(), redis.close()])
    await service.close()
  }
}

const reachable = (host: string) => {
  if (host === '0.0.0.0') return loopback
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}

/** Says that a server was lost when it happens, and not at every attempt to reach it again. */
const reportOnce = (tell: (words: string) => void) => {
  let last = ''
  let at = 0
  return (error: Error) => {
    const message = error.message || error.name
    if (message === last && Date.now() - at < 60_000) return
    last = message
    at = Date.now()
    tell(`lost a connection: ${message}`)
  }
}

/** From the sources and from dist/ alike. */
const packageVersion = () => {
  const file = ['../package.json', '../../package.json']
    .map((path) => new URL(path, import.meta.url))
    .find((url) => existsSync(url))
  const found: unknown = file && JSON.parse(readFileSync(file, 'utf8'))
  return typeof found === 'object' && found !== null && 'version' in found ? String(found.version) : 'unknown'
}

const run = async () => {
  const stop = await start(readEnv())
  let stopping = false
  const end = async () => {
    // Asked twice, somebody is in a hurry.
    if (stopping) process.exit(1)
    stopping = true
    setTimeout(() => process.exit(1), grace).unref()
    await stop()
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end())
}

run().catch((error: unknown) => {
  console.error(`demo: ${error instanceof Error ? error.message : String(error)}`)
  process.exit(1)
})
