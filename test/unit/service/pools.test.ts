import { Redis } from 'ioredis'
import { Pool } from 'pg'
import { expect, test } from 'vitest'
import { printed } from '../../../exporters/exposition.ts'
import { instruments } from '../../../exporters/service/instruments/instruments.ts'
import { type PoolClients, poolsSource } from '../../../exporters/service/runtime/pools.ts'

const stand = (clients: PoolClients) => {
  const own = instruments({ report: (_part, cause) => expect.unreachable(String(cause)) })
  own.addSource('pools', poolsSource(clients, own))
  return async () =>
    [...printed(await own.readings(), { open: false })].join('').match(/^(?:client_pool|redis_client)\S* \S+$/gm)
}

test('a pool is shown as it is at each scrape', async () => {
  const pool = { totalCount: 3, idleCount: 2, waitingCount: 0, options: { max: 4 } }
  const scrape = stand({ main: pool })
  expect(await scrape()).toEqual([
    'client_pool_connections{pool="main",state="idle"} 2',
    'client_pool_connections{pool="main",state="used"} 1',
    'client_pool_connections_max{pool="main"} 4',
    'client_pool_waiting_requests{pool="main"} 0',
  ])
  Object.assign(pool, { totalCount: 4, idleCount: 0, waitingCount: 7 })
  expect(await scrape()).toContain('client_pool_waiting_requests{pool="main"} 7')
})

test.each([
  { idle: 1, queued: 1, waiting: 0 },
  { idle: 1, queued: 3, waiting: 2 },
  { idle: 2, queued: 1, waiting: 0 },
])('of $queued in the queue, with $idle idle connections, $waiting wait', async ({ idle, queued, waiting }) => {
  const scrape = stand({ main: { totalCount: 4, idleCount: idle, waitingCount: queued, options: {} } })
  expect(await scrape()).toContain(`client_pool_waiting_requests{pool="main"} ${waiting}`)
})

test('the clients of pg and of ioredis have what is read of them', async () => {
  const pool = new Pool({ max: 7 })
  const redis = new Redis({ lazyConnect: true })
  expect(await stand({ main: pool, cache: redis })()).toEqual([
    'client_pool_connections{pool="main",state="idle"} 0',
    'client_pool_connections{pool="main",state="used"} 0',
    'client_pool_connections_max{pool="main"} 7',
    'client_pool_waiting_requests{pool="main"} 0',
    'redis_client_ready{client="cache"} 0',
    'redis_client_commands{client="cache",state="sent"} 0',
    'redis_client_commands{client="cache",state="waiting"} 0',
  ])
  redis.disconnect()
  await pool.end()
})

test('a client that keeps its queues elsewhere is told without them', async () => {
  expect(await stand({ cache: { status: 'ready' } })()).toEqual(['redis_client_ready{client="cache"} 1'])
})
