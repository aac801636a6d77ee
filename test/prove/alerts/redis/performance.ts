import { redisAccessDenied, redisLoginsRefused } from '../../../../alerts/redis/access.ts'
import { redisHitRatioLow } from '../../../../alerts/redis/keyspace.ts'
import {
  redisCommandSlow,
  redisCpuSaturated,
  redisErrorsSurging,
  redisSlowlogGrowing,
} from '../../../../alerts/redis/performance.ts'
import { clientOf } from '../../../integration/redis-stand.ts'
import type { workshop } from '../../../integration/servers.ts'
import { again } from '../again.ts'
import type { Adjustment, Provocation } from '../provocation.ts'
import { on, type Part } from './part.ts'

type Client = ReturnType<typeof clientOf>

/** Something that clients do all the time. */
const ongoing = (
  told: Pick<Provocation, 'fault' | 'fires'>,
  milliseconds: number,
  act: () => Promise<unknown>,
): Provocation => {
  const { begin: bring, end } = again(milliseconds, act, { mayFail: true })
  return { ...told, bring, end }
}

const keys = 250_000
const long = 400_000
const absent = Array.from({ length: 15 }, (_, i) => `page:${i}`)

const settings = { 'enable-debug-command': 'yes', 'slowlog-log-slower-than': '1500' } as const

const load = (client: Client): readonly Provocation[] => [
  ongoing(
    {
      fault: 'KEYS of a server that has many, again and again',
      fires: on('load', redisCommandSlow, redisCpuSaturated),
    },
    10,
    () => client.keys('absent:*'),
  ),
  ongoing(
    {
      fault: 'a command that is fast for most keys is called for a large one',
      fires: on('load', redisSlowlogGrowing),
    },
    40,
    () =>
      Promise.all([client.lpos('long', 'absent'), ...Array.from({ length: 20 }, () => client.lpos('short', 'absent'))]),
  ),
  ongoing(
    {
      fault: 'a release uses a key as if it were of another type',
      fires: [{ ...on('load', redisErrorsSurging)[0], labels: { instance: 'load', err: 'WRONGTYPE' } }],
    },
    50,
    () => client.incr('long'),
  ),
  ongoing({ fault: 'most keys that are asked for are not there', fires: on('load', redisHitRatioLow) }, 400, () =>
    client.mget('key:1', 'key:2', ...absent),
  ),
]

/** Who is not let in, and who may not do what it does. */
const access = (client: Client, kitchen: Client): readonly Provocation[] => [
  ongoing(
    { fault: 'a service logs in with a password that is no longer right', fires: on('load', redisLoginsRefused) },
    80,
    () => client.call('AUTH', 'kitchen', 'former'),
  ),
  ongoing({ fault: 'a login uses a command that it has no right to', fires: on('load', redisAccessDenied) }, 80, () =>
    kitchen.set('orders:1', 'soup'),
  ),
]

/** A server that is asked for too much. */
export const openLoad = async (shop: ReturnType<typeof workshop>): Promise<Part> => {
  const { url } = await shop.redis({
    settings: { ...settings, user: ['kitchen', 'on', '>bread', '~orders:*', '+get'] },
  })
  const client = clientOf(url)
  const kitchen = clientOf(url.replace('//', '//kitchen:bread@'))
  await client.call('DEBUG', 'POPULATE', String(keys), 'key', '8')
  await client.eval(`for i = 1, ${long} do redis.call('rpush', 'long', i) end redis.call('rpush', 'short', 1)`, 0)
  return {
    urls: { load: url },
    lanes: () => [[...load(client), ...access(client, kitchen)]],
    end: async () => {
      client.disconnect()
      kitchen.disconnect()
    },
  }
}

export const performanceAdjusted: readonly Adjustment[] = [
  { alert: redisCpuSaturated, numbers: { '> 0.8': '> 0.1' }, why: 'the processors of a machine for tests are shared' },
]
