import { gauge } from '../../../metrics/metric.ts'
import type { Instruments, Source } from '../instruments/instruments.ts'

export const clientPoolConnections = gauge({
  name: 'client_pool_connections',
  counts: 'connections',
  help: 'Connections of a client pool, those that are being opened among the used ones',
  labels: ['pool', 'state'],
})
export const clientPoolConnectionsMax = gauge({
  name: 'client_pool_connections_max',
  counts: 'connections',
  help: 'Connections that a client pool may have',
  labels: ['pool'],
})
export const clientPoolWaitingRequests = gauge({
  name: 'client_pool_waiting_requests',
  counts: 'requests',
  help: 'Requests that wait for a connection of a client pool, because all are in use',
  labels: ['pool'],
})
export const redisClientReady = gauge({
  name: 'redis_client_ready',
  counts: 'clients that are ready',
  help: 'Whether the client of this service is connected to Redis and may send commands (1) or not (0)',
  labels: ['client'],
})
export const redisClientCommands = gauge({
  name: 'redis_client_commands',
  counts: 'commands',
  help: 'Commands that a client of Redis has not had an answer to: sent ones, and those that wait for a connection',
  labels: ['client', 'state'],
})

/** A Pool of pg. */
export interface Pool {
  readonly totalCount: number
  readonly idleCount: number
  readonly waitingCount: number
  readonly options: { readonly max?: number | undefined }
}
/** A client of ioredis. */
export interface RedisClient {
  readonly status: string
}
/** By the name that the labels `pool` and `client` have. */
export type PoolClients = Readonly<Record<string, Pool | RedisClient>>

/** The state of the clients, as it is when somebody scrapes. */
export const poolsSource = (clients: PoolClients, instruments: Pick<Instruments, 'gauge'>): Source => {
  const showPool = poolGauges(instruments)
  const showRedis = redisGauges(instruments)
  return () => {
    for (const [name, client] of Object.entries(clients)) {
      if ('totalCount' in client) showPool(name, client)
      else showRedis(name, client)
    }
    return []
  }
}

const poolGauges = (instruments: Pick<Instruments, 'gauge'>) => {
  const connections = instruments.gauge(clientPoolConnections)
  const max = instruments.gauge(clientPoolConnectionsMax)
  const waiting = instruments.gauge(clientPoolWaitingRequests)
  return (pool: string, { totalCount, idleCount, waitingCount, options }: Pool) => {
    connections.set(idleCount, { pool, state: 'idle' })
    connections.set(totalCount - idleCount, { pool, state: 'used' })
    if (options.max !== undefined) max.set(options.max, { pool })
    // pg hands over an idle connection in the next turn: whoever gets one does not wait.
    waiting.set(Math.max(0, waitingCount - idleCount), { pool })
  }
}

/** ioredis keeps them to itself: where another version names them otherwise, they are not told. */
const queues = { sent: 'commandQueue', waiting: 'offlineQueue' } as const

const redisGauges = (instruments: Pick<Instruments, 'gauge'>) => {
  // Of several processes one that has lost Redis is enough to know of.
  const ready = instruments.gauge(redisClientReady, 'min')
  const commands = instruments.gauge(redisClientCommands)
  return (client: string, redis: RedisClient) => {
    ready.set(redis.status === 'ready' ? 1 : 0, { client })
    for (const [state, queue] of Object.entries(queues)) {
      const length = lengthOf(Reflect.get(redis, queue))
      if (length !== undefined) commands.set(length, { client, state })
    }
  }
}

const lengthOf = (queue: unknown) =>
  typeof queue === 'object' && queue !== null && 'length' in queue && typeof queue.length === 'number'
    ? queue.length
    : undefined
