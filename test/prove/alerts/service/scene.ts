import { alertsOf } from '../../../../alerts/index.ts'
import { serviceGroups } from '../../../../alerts/service/index.ts'
import { logErrorsSurging } from '../../../../alerts/service/instrumentation.ts'
import { handlesLeaking, memoryGrowing, serviceRestarting } from '../../../../alerts/service/process.ts'
import type { Scene } from '../provocation.ts'
import { codeFaultLanes } from './code.ts'
import { run, schema } from './database-faults.ts'
import { dependencyLanes } from './dependencies.ts'
import { lineTo } from './line.ts'
import { runtimeLanes } from './runtime.ts'
import { services } from './stand.ts'

const portOf = (url: string) => Number(new URL(url).port)
const through = (url: string, port: number) => {
  const other = new URL(url)
  other.port = String(port)
  return other.href
}

/** Of a compressed day the halves are not alike: noon is less than a minute from its beginning. */
const halves = { '* 0.25': '* 0.1' }

export const serviceScene: Scene = {
  name: 'service',
  alerts: alertsOf(serviceGroups),
  adjusted: [
    {
      alert: serviceRestarting,
      threshold: '1',
      why: 'fifteen minutes are as many seconds here, and a start takes some of them',
    },
    {
      alert: logErrorsSurging,
      numbers: { '/ 144': '/ 21.4' },
      why: 'a compressed day has no 144 times ten compressed minutes',
    },
    {
      alert: memoryGrowing,
      threshold: '5 %',
      numbers: { ...halves, '67108864': '8388608' },
      why: 'a day is three minutes and a half, in which a small process has not leaked 64 MiB; its halves are not alike',
    },
    { alert: handlesLeaking, threshold: '50', numbers: halves, why: 'one leaks a second, and halves are not alike' },
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
