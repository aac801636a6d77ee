import { join } from 'node:path'
import { aftermath, slowAftermaths } from '../../../../alerts/stack/aftermath.ts'
import { systemDown } from '../../../../alerts/stack/system.ts'
import type { workshop } from '../../../integration/servers.ts'
import { faultyPostgres, faultyRedis } from '../../faults/servers.ts'
import { exporting } from '../exporter.ts'
import type { Provocation } from '../provocation.ts'

/** A database and a cache that go down at once. No alert of their own is judged here: that they are down is seen by this one. */
export const openSystem = async (shop: ReturnType<typeof workshop>) => {
  const folder = join(shop.folder, 'system')
  const [database, cache] = [await faultyPostgres(folder, 'database', {}), await faultyRedis(folder, 'cache', {})]
  const { running, scraped } = await exporting(folder, {
    main: { kind: 'postgres', url: database.url },
    cache: { kind: 'redis', url: cache.url },
  })
  shop.keep(running)
  const both = [database, cache] as const
  const lane: readonly Provocation[] = [
    {
      fault: 'the database and the cache are killed at once (kill -9)',
      fires: [
        { alert: systemDown },
        ...[aftermath, ...slowAftermaths].map((alert) => ({ alert, labels: { cause: systemDown.alert } })),
      ],
      bring: () => Promise.all(both.map((server) => server.kill())),
      end: () => Promise.all(both.map((server) => server.start())),
      // Twelve hours are not quite three minutes.
      patience: 240,
    },
    {
      fault: 'the database and the cache hang at once (SIGSTOP)',
      fires: [{ alert: systemDown }],
      bring: async () => {
        for (const server of both) server.signal('SIGSTOP')
      },
      end: async () => {
        for (const server of both) server.signal('SIGCONT')
      },
    },
  ]
  return { scraped, lane, end: () => Promise.all(both.map((server) => server.end())) }
}
