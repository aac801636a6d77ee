import { redisClusterDown, redisClusterSlotsUnserved } from '../../../../alerts/redis/cluster.ts'
import { clientOf } from '../../../integration/redis-stand.ts'
import { eventually, freePort, type workshop } from '../../../integration/servers.ts'
import { on, type Part } from './part.ts'

const slots = 16_384
const count = 3

/** A cluster of three masters, one of which is watched and another is stopped. */
export const openCluster = async (shop: ReturnType<typeof workshop>): Promise<Part> => {
  const nodes = await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const bus = String(await freePort())
      const settings = { 'cluster-enabled': 'yes', 'cluster-port': bus, 'cluster-node-timeout': '2000' }
      const { url, pid } = await shop.redis({ settings })
      const client = clientOf(url)
      const [from, to] = [i, i + 1].map((part) => Math.round((slots / count) * part))
      await client.call('CLUSTER', 'ADDSLOTSRANGE', String(from), String(Number(to) - 1))
      return { url, pid, client, bus }
    }),
  )
  const [seen, ...others] = nodes
  const stopped = others.at(-1)
  if (!seen || !stopped) throw new Error('a cluster has several nodes')
  for (const { url, bus } of others) await seen.client.call('CLUSTER', 'MEET', '127.0.0.1', new URL(url).port, bus)
  for (const { client } of nodes) {
    await eventually(
      async () => String(await client.call('CLUSTER', 'INFO')),
      (text) => text.includes('cluster_state:ok') && text.includes(`cluster_known_nodes:${count}`),
    )
  }
  const stop = async () => process.kill(stopped.pid, 'SIGSTOP')
  const end = async () => process.kill(stopped.pid, 'SIGCONT')
  return {
    urls: { node: seen.url },
    lanes: () => [
      [
        {
          fault: 'one of three masters hangs (SIGSTOP), and has no replica',
          fires: on('node', redisClusterDown),
          bring: stop,
          end,
        },
        {
          fault: 'the same where a cluster may serve what is left',
          fires: on('node', redisClusterSlotsUnserved),
          bring: async () => {
            await seen.client.config('SET', 'cluster-require-full-coverage', 'no')
            await stop()
          },
          end,
        },
      ],
    ],
    end: async () => {
      for (const { client } of nodes) client.disconnect()
    },
  }
}
