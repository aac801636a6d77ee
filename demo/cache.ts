import { Redis } from 'ioredis'

export interface Cache {
  get(key: string): Promise<string | null>
  set(key: string, value: string | Buffer, seconds: number): Promise<void>
  /** For whoever watches it. */
  readonly client: Redis
  /** Bytes in use, and the most it may use; 0 where no limit is set. */
  memory(): Promise<{ readonly used: number; readonly max: number }>
  /** Removes every key that begins so. */
  removeAll(prefix: string): Promise<void>
  close(): Promise<void>
}

interface CacheOptions {
  /** Milliseconds that a request waits for an answer. */
  readonly patience?: number
  /** Told when the connection fails; it is tried again until it is back. */
  readonly onLost?: (error: Error) => void
}

/** A connection that outlives its server: while that is gone every command fails at once, and later they succeed again. */
export const cache = (url: string, { patience = 1_000, onLost = () => undefined }: CacheOptions = {}): Cache => {
  const redis = new Redis(url, {
    connectionName: 'techplus-api',
    connectTimeout: patience,
    commandTimeout: patience,
    // A request that waits for a reconnection would be answered too late to be of use.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(attempt * 100, 1_000),
  })
  redis.on('error', onLost)
  return {
    get: (key) => redis.get(key),
    set: async (key, value, seconds) => {
      await redis.set(key, value, 'EX', seconds)
    },
    client: redis,
    memory: async () => {
      const info = await redis.info('memory')
      const field = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0)
      return { used: field('used_memory'), max: field('maxmemory') }
    },
    removeAll: async (prefix) => {
      for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 500 })) {
        if (keys.length > 0) await redis.unlink(keys)
      }
    },
    close: async () => redis.disconnect(),
  }
}
