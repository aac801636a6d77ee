import { httpGroups } from '../../../../alerts/http/index.ts'
import { alertsOf } from '../../../../alerts/index.ts'
import { lineTo } from '../line.ts'
import type { Scene } from '../provocation.ts'
import { run, schema } from '../service/database-faults.ts'
import { services } from '../service/stand.ts'
import { routeLanes, usualGuests } from './routes.ts'
import { trafficLanes, visited } from './traffic.ts'

/** The same server, and another database of it. */
const databaseOf = (url: string, name: string) => new URL(`/${name}`, url).href

export const httpScene: Scene = {
  name: 'http',
  alerts: alertsOf(httpGroups),
  adjusted: [],
  unprovoked: {},
  open: async (shop) => {
    const [{ url: database }, cache] = await Promise.all([shop.postgres(), shop.redis()])
    const other = databaseOf(database, 'front')
    await run(database, 'create database front')
    for (const one of [database, other]) await run(one, schema)
    const line = await lineTo(Number(new URL(cache.url).port))
    const start = await services(shop)
    const main = await start('guests', { database, cache: `redis://127.0.0.1:${line.port}` })
    const house = visited(await start('house', { framework: 'express' }), 10)
    const front = visited(await start('front', { framework: 'http', database: other }), 5)
    const partner = visited(await start('partner'), 15)
    const usual = usualGuests(main)
    for (const one of usual) await one.bring()
    return {
      scraped: () => [main, house, front, partner].map(({ scraped }) => scraped),
      lanes: (watch) => [
        ...routeLanes({ origin: main.origin, database, cache: line }, watch),
        ...trafficLanes({ house, front, partner, database: other }, watch),
      ],
      end: async () => {
        for (const one of [...usual, ...[house, front, partner].map(({ guests }) => guests)]) await one.end()
        line.close()
      },
    }
  },
}
