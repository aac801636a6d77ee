import { alertsOf } from '../../../../alerts/index.ts'
import { redisDown } from '../../../../alerts/redis/availability.ts'
import { redisGroups } from '../../../../alerts/redis/index.ts'
import { redisMemoryNearLimit } from '../../../../alerts/redis/memory.ts'
import { clientOf } from '../../../integration/redis-stand.ts'
import { exporting } from '../exporter.ts'
import type { Scene } from '../provocation.ts'

export const redisScene: Scene = {
  name: 'redis',
  alerts: alertsOf(redisGroups),
  adjusted: [],
  unprovoked: {},
  open: async (shop) => {
    const [cache, gone] = await Promise.all([shop.redis({ maxmemory: '32mb' }), shop.redis()])
    const { running, scraped } = await exporting(shop.folder, {
      cache: { kind: 'redis', url: cache.url },
      gone: { kind: 'redis', url: gone.url },
    })
    shop.keep(running)
    const client = clientOf(cache.url)
    return {
      scraped: () => scraped,
      lanes: () => [
        [
          {
            fault: 'a cache that nearly fills its maxmemory',
            fires: [{ alert: redisMemoryNearLimit, labels: { instance: 'cache' } }],
            bring: () => client.set('filling', 'x'.repeat(30 * 2 ** 20)),
            end: () => client.del('filling'),
          },
        ],
        [
          {
            fault: 'the server is stopped (SIGSTOP)',
            fires: [{ alert: redisDown, labels: { instance: 'gone' } }],
            bring: async () => process.kill(gone.pid, 'SIGSTOP'),
            end: async () => process.kill(gone.pid, 'SIGCONT'),
          },
        ],
      ],
      end: async () => client.disconnect(),
    }
  },
}
