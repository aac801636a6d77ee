import { alertsOf } from '../../../../alerts/index.ts'
import { serviceGroups } from '../../../../alerts/service/index.ts'
import { logErrorsSurging } from '../../../../alerts/service/instrumentation.ts'
import { handlesLeaking, memoryGrowing, serviceRestarting } from '../../../../alerts/service/process.ts'
import { portOf } from '../../../integration/servers.ts'
import { lineTo } from '../line.ts'
import type { Scene } from '../provocation.ts'
import { codeFaultLanes } from './code.ts'
import { run, schema } from './database-faults.ts'
import { dependencyLanes } from './dependencies.ts'
import { runtimeLanes } from './runtime.ts'
import { services } from './stand.ts'

const through = (url: string, port: number) => {
  const other = new URL(url)
  other.port = String(port)
  return other.href
}

export const serviceScene: Scene = {
  name: 'service',
  alerts: alertsOf(serviceGroups),
  adjusted: [
    {
      alert: logErrorsSurging,
      numbers: { '/ 144': '/ 21.4' },
      why: 'a compressed day has no 144 times ten compressed minutes',
    },
    {
      alert: serviceRestarting,
      threshold: '1',
      why: 'a compressed quarter of an hour is not much longer than a few starts of a process take',
    },
    ...[memoryGrowing, handlesLeaking].map((alert) => ({
      alert,
      numbers: { '* 0.25': '* 0.1' },
      why: 'the halves of a compressed day are not alike: noon is less than a minute from its beginning',
    })),
  ],
  unprovoked: {},
  open: async (shop) => {
    const [database, cache] = await Promise.all([shop.postgres(), shop.redis()])
    await run(database.url, schema)
    const lines = { database: await lineTo(portOf(database.url)), queue: await lineTo(portOf(cache.url)) }
    const start = await services(shop)
    const api = await start('api', {
      database: through(database.url, lines.database.port),
      cache: cache.url,
      queue: through(cache.url, lines.queue.port),
      maxSeries: 60,
    })
    const [loop, heap, workers, restarting, leaking] = [
      // A scrape takes several turns of a loop each of whose turns takes 300 ms.
      await start('loop', { every: '2s', wrap: ['prlimit', '--nofile=200'] }),
      await start('heap', { flags: ['--max-old-space-size=128', '--max-semi-space-size=1'] }),
      // A primary waits three seconds for a worker that is silent.
      await start('workers', { every: '4s', workers: 2 }),
      await start('restarting'),
      await start('leaking'),
    ]
    return {
      scraped: () => [api, loop, heap, workers, restarting, leaking].map(({ scraped }) => scraped),
      lanes: (watch) => [
        ...dependencyLanes({ origin: api.origin, database: database.url, cachePid: cache.pid, lines }),
        ...runtimeLanes({ loop, heap, workers }),
        ...codeFaultLanes(
          {
            api,
            database: database.url,
            restarting,
            start: (again) => start(again.scraped.instance, { again }),
            leaking,
            leakPort: portOf(cache.url),
          },
          watch,
        ),
      ],
      end: async () => {
        for (const line of Object.values(lines)) line.close()
      },
    }
  },
}
