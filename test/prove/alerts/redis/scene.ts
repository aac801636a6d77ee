import { alertsOf } from '../../../../alerts/index.ts'
import { redisGroups } from '../../../../alerts/redis/index.ts'
import { exporting } from '../exporter.ts'
import type { Scene } from '../provocation.ts'
import { openGone } from './availability.ts'
import { openClients } from './clients.ts'
import { openCluster } from './cluster.ts'
import { memoryAdjusted, openCache, openLarge } from './memory.ts'
import { openLoad, performanceAdjusted } from './performance.ts'
import { openSaved, persistenceAdjusted } from './persistence.ts'
import { openReplicas } from './replication.ts'

export const redisScene: Scene = {
  name: 'redis',
  alerts: alertsOf(redisGroups),
  adjusted: [...memoryAdjusted, ...performanceAdjusted, ...persistenceAdjusted],
  unprovoked: {},
  open: async (shop) => {
    const parts = await Promise.all([
      openGone(shop.folder),
      openCache(shop),
      openLarge(shop),
      openClients(shop),
      openLoad(shop),
      openSaved(shop),
      openReplicas(shop.folder),
      openCluster(shop),
    ])
    const watched = parts.flatMap(({ urls }) => Object.entries(urls))
    const { running, scraped } = await exporting(
      shop.folder,
      Object.fromEntries(watched.map(([name, url]) => [name, { kind: 'redis', url }])),
    )
    shop.keep(running)
    return {
      scraped: () => scraped,
      lanes: (watch) => parts.flatMap(({ lanes }) => lanes(watch)),
      end: async () => {
        for (const { end } of parts) await end()
      },
    }
  },
}
