import { createServer, type ServerResponse } from 'node:http'
import { basename } from 'node:path'
import Fastify from 'fastify'
import { Redis } from 'ioredis'
import { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startPostgres } from '../../compose/local/postgres.ts'
import type { Server } from '../../compose/local/process.ts'
import { ensurePrograms } from '../../compose/local/programs.ts'
import { startRedis } from '../../compose/local/servers.ts'
import { pause, processesOf, resume } from '../../demo/pause.ts'
import { printed } from '../../exporters/exposition.ts'
import { healthChecks } from '../../exporters/service/health/checks.ts'
import { answersOk, pingPostgres, pingRedis } from '../../exporters/service/health/dependencies.ts'
import { health, healthRoutes } from '../../exporters/service/health/health.ts'
import { instruments } from '../../exporters/service/instruments/instruments.ts'
import { poolsSource } from '../../exporters/service/runtime/pools.ts'
import { eventually, freePort, workshop } from './servers.ts'

const secret = 'sk_test_of_nobody'
const log = { error: () => undefined, info: () => undefined }

/** A payment provider that can be shut, and can leave whoever asks without an answer. */
const provider = async () => {
  const port = await freePort()
  const held = new Set<ServerResponse>()
  let hangs = false
  const server = createServer((request, response) => {
    if (hangs) held.add(response)
    else response.writeHead(request.headers.authorization === `Bearer ${secret}` ? 200 : 401).end('{}')
  })
  const open = () => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const close = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  await open()
  const hang = () => {
    hangs = true
    return async () => {
      hangs = false
      for (const response of held) response.end()
    }
  }
  return { url: `http://127.0.0.1:${port}/v1/charges?limit=1`, open, close, hang }
}

const shop = workshop()
const placeOf = ({ url, log: file }: Server) => ({
  port: Number(new URL(url).port),
  dataDir: file.replace(/\.log$/, ''),
  durable: false,
})

const begin = async () => {
  const servers = { database: await shop.postgres(), redis: await shop.redis() }
  const payments = await provider()
  const pool = new Pool({ connectionString: servers.database.url, application_name: 'probed', max: 4 })
  pool.on('error', () => undefined)
  const redis = new Redis(servers.redis.url)
  redis.on('error', () => undefined)
  const app = Fastify()
  const serve = (prefix: string, times: { readonly patience?: number; readonly keepFor?: number } = {}) => {
    const own = instruments({ report: () => undefined })
    const checks = {
      database: pingPostgres(pool),
      redis: pingRedis(redis),
      external_apis: answersOk(payments.url, { secret: () => secret }),
    }
    const checked = healthChecks({ checks, instruments: own, log, ...times })
    app.register(async (part) => part.register(healthRoutes, { health: health({ checks: checked }) }), { prefix })
  }
  serve('/soon', { patience: 400, keepFor: 1 })
  serve('/usual')
  await app.ready()
  const program = (await ensurePrograms(['redis-server']))['redis-server']
  const again = {
    database: () => startPostgres(placeOf(servers.database)),
    redis: () => startRedis({ ...placeOf(servers.redis), program }),
  }
  return { servers, again, payments, pool, redis, app }
}

let parts: Awaited<ReturnType<typeof begin>>
beforeAll(async () => {
  parts = await begin()
})
afterAll(async () => {
  const { pool, redis, app, payments } = parts
  redis.disconnect()
  await Promise.allSettled([app.close(), payments.close(), pool.end()])
  await shop.end()
})

const detailed = async (prefix = '/soon') => {
  const { statusCode, body } = await parts.app.inject(`${prefix}/health/detailed`)
  expect(body).not.toContain(secret)
  return { status: statusCode, checks: JSON.parse(body).checks }
}

type Name = 'database' | 'redis'
const hang = (name: Name) => {
  const pids = processesOf(basename(parts.servers[name].log, '.log'), shop.folder) ?? []
  expect(pids).not.toEqual([])
  pause(pids)
  return async () => resume(pids)
}
const stop = async (name: Name) => {
  await parts.servers[name].stop()
  return async () => {
    shop.keep(await parts.again[name]())
  }
}

test('whoever gets an idle connection is not among those that wait', async () => {
  const { pool } = parts
  const own = instruments({ report: (_part, cause) => expect.unreachable(String(cause)) })
  own.addSource('pools', poolsSource({ main: pool }, own))
  const waiting = async () =>
    [...printed(await own.readings(), { open: false })].join('').match(/^client_pool_waiting_requests\S* (\d+)$/m)?.[1]
  await pool.query('select 1')
  const few = pool.query('select 1')
  expect(pool.waitingCount).toBe(1)
  const seen = waiting()
  expect(await seen).toBe('0')
  await few
  const many = Array.from({ length: 6 }, () => pool.query('select pg_sleep(0.2)'))
  await eventually(waiting, (count) => count === '2')
  await Promise.all(many)
  expect(await waiting()).toBe('0')
})

describe('/health/detailed', () => {
  const losses = {
    'the database hangs': ['database', () => hang('database')],
    'the database is gone': ['database', () => stop('database')],
    'Redis hangs': ['redis', () => hang('redis')],
    'Redis is gone': ['redis', () => stop('redis')],
    'the payment provider hangs': ['external_apis', () => parts.payments.hang()],
    'the payment provider is gone': [
      'external_apis',
      async () => {
        await parts.payments.close()
        return parts.payments.open
      },
    ],
  } as const
  const healthy = { status: 200, checks: { database: true, redis: true, external_apis: true } }

  test.each(Object.entries(losses))('names what fails while %s, and recovers', async (_words, [name, lose]) => {
    expect(await eventually(detailed, ({ status }) => status === 200)).toEqual(healthy)
    const restore = await lose()
    try {
      // Each answer within this time, however long the server hangs.
      const limit = AbortSignal.timeout(3_000)
      const found = await eventually(detailed, ({ status }) => status === 503 || limit.aborted)
      expect(limit.aborted).toBe(false)
      expect(found).toEqual({ status: 503, checks: { ...healthy.checks, [name]: false } })
    } finally {
      await restore()
    }
    expect(await eventually(detailed, ({ status }) => status === 200)).toEqual(healthy)
  })

  test('of 2,000 who ask at once asks each server once a second at most, whether it answers or hangs', async () => {
    const { pool, redis } = parts
    const connections = async () => [
      (await pool.query(`select 1 from pg_stat_activity where application_name = 'probed'`)).rowCount,
      /^connected_clients:(\d+)/m.exec(await redis.info('clients'))?.[1],
    ]
    const runs = async () => {
      const { rows } = await pool.query(
        `select sum(calls)::int as calls from pg_stat_statements where query = 'select $1'`,
      )
      return [rows[0].calls, Number(/^cmdstat_ping:calls=(\d+)/m.exec(await redis.info('commandstats'))?.[1])]
    }
    const storm = async (prefix: string) => {
      const start = performance.now()
      const first = await Promise.all(Array.from({ length: 2_000 }, () => detailed(prefix)))
      const later = []
      for (let times = 0; times < 20; times += 1) later.push(await detailed(prefix))
      const statuses = new Set([...first, ...later].map(({ status }) => status))
      return { statuses: [...statuses], most: Math.floor((performance.now() - start) / 1_000) + 1 }
    }
    await pool.query('create extension if not exists pg_stat_statements')
    const before = { connections: await connections(), runs: await runs() }
    const { statuses, most } = await storm('/usual')
    expect(statuses).toEqual([200])
    const after = await runs()
    for (const at of [0, 1]) expect(after[at] - before.runs[at]).toBeLessThanOrEqual(most)

    const restores = [hang('database'), hang('redis')]
    try {
      expect((await storm('/soon')).statuses).toEqual([503])
      // The one that hung; nobody waits behind it.
      expect([pool.totalCount, pool.waitingCount]).toEqual([1, 0])
    } finally {
      for (const restore of restores) await restore()
    }
    await eventually(
      () => detailed('/soon'),
      ({ status }) => status === 200,
    )
    expect(await connections()).toEqual(before.connections)
  })
})
