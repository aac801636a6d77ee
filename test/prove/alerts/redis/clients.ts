import {
  redisBlockedClientsSurging,
  redisClientBuffersLarge,
  redisClientsDropped,
  redisClientsNearLimit,
  redisConnectionsRejected,
} from '../../../../alerts/redis/clients.ts'
import { redisKeysWithoutExpiry } from '../../../../alerts/redis/keyspace.ts'
import { clientOf } from '../../../integration/redis-stand.ts'
import { eventually, type workshop } from '../../../integration/servers.ts'
import { again } from '../again.ts'
import type { Provocation, Watch } from '../provocation.ts'
import { on, type Part } from './part.ts'
import { plugs } from './plugs.ts'

const most = 60

/** Until the server has been scraped so many times, once a second. */
const scraped = (watch: Watch, times: number) =>
  eventually(
    async () => Number((await watch.query('count_over_time(redis_up{instance="clients"}[1h])'))[0]?.value[1] ?? 0),
    (seen) => seen >= times,
    { within: 300_000, every: 1000 },
  )

/** More than a day may bring. */
const sessions = Array.from({ length: 10_500 }, (_, i) => [`session:${i}`, 'guest']).flat()

type Client = ReturnType<typeof clientOf>

const leaked = (client: Client, watch: Watch): Provocation => ({
  fault: 'keys that never expire are left behind',
  fires: on('clients', redisKeysWithoutExpiry),
  // Of the day before there must be as much as the alert looks back to while the new keys are still young.
  before: () => scraped(watch, 100),
  bring: () => client.mset(sessions),
  end: () => client.del(sessions.filter((_, i) => i % 2 === 0)),
  patience: 280,
})

/** Of a release that counts all clients it drops. */
export const openClients = async (shop: ReturnType<typeof workshop>): Promise<Part> => {
  const { url } = await shop.redis({ flavour: 'redis-8', settings: { maxclients: String(most) } })
  const [client, other] = [clientOf(url), clientOf(`${url}/5`)]
  await client.set('large', Buffer.alloc(8 * 1024 ** 2))
  await other.set('kept', '1')
  const [crowd, waiting, reader, slow] = [plugs(url, most), plugs(url, 40), plugs(url, 1), plugs(url, 1)]
  const reading = again(400, () => slow.open('GET large\r\n'), { mayFail: true })
  return {
    urls: { clients: url },
    lanes: (watch) => [
      [
        {
          fault: 'more clients come than maxclients lets in',
          fires: on('clients', redisClientsNearLimit, redisConnectionsRejected),
          bring: () => crowd.open(''),
          end: crowd.close,
        },
        {
          fault: 'a client asks for 128 MiB and does not take them',
          fires: on('clients', redisClientBuffersLarge),
          bring: () => reader.open('GET large\r\n'.repeat(16)),
          end: reader.close,
        },
        {
          fault: 'a client takes its replies too slowly, and comes back each time that it is dropped',
          fires: on('clients', redisClientsDropped),
          bring: async () => {
            await client.config('SET', 'client-output-buffer-limit', 'normal 1mb 0 0')
            await reading.begin()
          },
          end: async () => {
            await reading.end()
            await slow.close()
            await client.config('SET', 'client-output-buffer-limit', 'normal 0 0 0')
          },
        },
        {
          fault: 'nothing fills the list that many clients wait for',
          fires: on('clients', redisBlockedClientsSurging),
          // As a time when none waited.
          before: () => scraped(watch, 60),
          bring: () => waiting.open('BLPOP orders 0\r\n'),
          end: waiting.close,
        },
      ],
      [leaked(other, watch)],
    ],
    end: async () => {
      client.disconnect()
      other.disconnect()
    },
  }
}
