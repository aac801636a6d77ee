import { totalmem } from 'node:os'
import {
  redisEvicting,
  redisFragmented,
  redisMemoryNearHostLimit,
  redisMemoryNearLimit,
  redisOutOfMemory,
  redisSwappedOut,
} from '../../../../alerts/redis/memory.ts'
import { redisForkSlow } from '../../../../alerts/redis/persistence.ts'
import { clientOf, infoOf } from '../../../integration/redis-stand.ts'
import type { workshop } from '../../../integration/servers.ts'
import { again } from '../again.ts'
import type { Adjustment } from '../provocation.ts'
import { on, type Part } from './part.ts'
import { plugs } from './plugs.ts'

/** A cache that reaches its limit. */
export const openCache = async (shop: ReturnType<typeof workshop>): Promise<Part> => {
  const { url } = await shop.redis({ maxmemory: '32mb' })
  const client = clientOf(url)
  let number = 0
  const put = () => client.set(`page:${number++}`, 'x'.repeat(50_000))
  const fill = async (least: number) => {
    const share = async () => {
      const { used_memory, maxmemory } = await infoOf(client)
      return Number(used_memory) / Number(maxmemory)
    }
    while ((await share()) < least) await put()
  }
  const writing = again(40, put, { mayFail: true })
  return {
    urls: { cache: url },
    lanes: () => [
      [
        {
          fault: 'a cache nearly fills its maxmemory',
          fires: on('cache', redisMemoryNearLimit),
          bring: () => fill(0.94),
          end: () => client.flushall(),
        },
        {
          fault: 'a server that may not evict is full, and is written to',
          fires: on('cache', redisOutOfMemory),
          bring: async () => {
            await fill(0.98)
            await writing.begin()
          },
          end: async () => {
            await writing.end()
            await client.flushall()
          },
        },
        {
          fault: 'a full cache is written to, and each new key drives out an old one',
          fires: on('cache', redisEvicting),
          bring: async () => {
            await client.config('SET', 'maxmemory-policy', 'allkeys-lru')
            await fill(0.98)
            await writing.begin()
          },
          end: writing.end,
        },
      ],
    ],
    end: async () => client.disconnect(),
  }
}

/** They take some 400 MB. */
const many = 350_000
const thinning = `for i = 0, ${many - 1} do if i % 5 ~= 0 then redis.call('del', 'key:' .. i) end end`

/** A server without a limit that has much to hold, for a machine of tests. */
export const openLarge = async (shop: ReturnType<typeof workshop>): Promise<Part> => {
  const { url } = await shop.redis({ settings: { 'enable-debug-command': 'yes', rdbcompression: 'no' } })
  const client = clientOf(url)
  const populate = () => client.call('DEBUG', 'POPULATE', String(many), 'key', '1000')
  const empty = async () => {
    // A server that stands still for a second misses a scrape, and what it was told of is forgotten.
    await client.flushall('ASYNC')
    await client.call('MEMORY', 'PURGE')
  }
  const announced = plugs(url, 1)
  // The server takes back what it has allocated for a client that says nothing for two seconds.
  const trickling = again(500, () => announced.say('x'), { mayFail: true })
  return {
    urls: { large: url },
    lanes: () => [
      [
        {
          fault: 'a server without a limit takes much of the memory, and saves that',
          fires: on('large', redisMemoryNearHostLimit, redisForkSlow),
          bring: async () => {
            await populate()
            await client.bgsave()
          },
          end: empty,
        },
        {
          fault: 'of many keys four in five go, and leave holes',
          fires: on('large', redisFragmented),
          bring: async () => {
            await populate()
            await client.eval(thinning, 0)
          },
          end: empty,
        },
        {
          fault:
            'a client announces 400 MB and sends one byte at a time: they are allocated and, as what is swapped out, not there',
          fires: on('large', redisSwappedOut),
          bring: async () => {
            await announced.open('*3\r\n$3\r\nSET\r\n$5\r\nlarge\r\n$400000000\r\n')
            await trickling.begin()
          },
          end: async () => {
            await trickling.end()
            await announced.close()
          },
        },
      ],
    ],
    end: async () => client.disconnect(),
  }
}

const share = ((200 * 1024 ** 2) / totalmem()).toPrecision(2)

export const memoryAdjusted: readonly Adjustment[] = [
  { alert: redisMemoryNearHostLimit, numbers: { '> 0.8': `> ${share}` }, why: '200 MiB, on this machine' },
  { alert: redisForkSlow, numbers: { '> 0.5': '> 0.01' }, why: 'a fork of 400 MB, not of a hundred times as much' },
]
