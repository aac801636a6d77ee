import { httpClientErrorsSurging, httpRefusalsSurging } from '../../../../alerts/http/clients.ts'
import { httpRequestsAbandoned, httpRouteFailing } from '../../../../alerts/http/errors.ts'
import { httpRouteSlow, routeP99 } from '../../../../alerts/http/latency.ts'
import { requestsWithin, service } from '../../../../alerts/http/requests.ts'
import { httpRequestsTotal } from '../../../../exporters/service/http/metrics.ts'
import { countOverTime, increase, sum } from '../../../../metrics/promql.ts'
import type { Line } from '../line.ts'
import type { Provocation, Watch } from '../provocation.ts'
import { lockOf, renaming } from '../service/database-faults.ts'
import { during } from '../service/traffic.ts'
import { known } from './habit.ts'

export interface RoutesStage {
  /** Of the service that is scraped as `guests`. */
  readonly origin: string
  readonly database: string
  /** The way to Redis. */
  readonly cache: Line
}

const instance = 'guests'
const of = (method: 'GET' | 'POST', route: string) => ({ instance, method, route })

/** Guests of the routes that go wrong, and of others, which are the most. They come all the time. */
export const usualGuests = ({ origin }: Pick<RoutesStage, 'origin'>) => [
  during(15, { url: `${origin}/tables` }),
  during(2, { url: `${origin}/menus` }),
  during(4, { url: `${origin}/bookings`, patience: 300 }),
  during(20, { url: `${origin}/prices` }),
  during(3, { url: `${origin}/reservations`, method: 'POST', body: { guests: 2 } }),
  during(2, { url: `${origin}/login`, method: 'POST', body: { password: 'opens' } }),
]

/** What a route usually does, it has to have done for a while. */
const inADay = (route: string) => sum(increase(httpRequestsTotal.where({ route }), '1d'), service)

const failing = ({ database }: RoutesStage): readonly Provocation[] => {
  const menus = renaming(database, 'menus')
  return [
    {
      fault: 'a table of one route was renamed',
      fires: [{ alert: httpRouteFailing, labels: of('GET', '/menus') }],
      bring: menus.away,
      end: menus.back,
    },
  ]
}

const abandoned = ({ database }: RoutesStage, watch: Watch): readonly Provocation[] => {
  const bookings = lockOf(database, 'bookings')
  return [
    {
      fault: 'a table is locked, and clients give up after 300 ms',
      fires: [{ alert: httpRequestsAbandoned, labels: of('GET', '/bookings') }],
      before: () => known(watch, inADay('/bookings'), instance, 150),
      bring: bookings.take,
      end: bookings.give,
    },
  ]
}

const wrong = ({ origin }: RoutesStage, watch: Watch): readonly Provocation[] => {
  const old = during(6, { url: `${origin}/reservations`, method: 'POST', body: { people: 2 } })
  return [
    {
      fault: 'the front end sends a form that the API does not know',
      fires: [{ alert: httpClientErrorsSurging, labels: of('POST', '/reservations') }],
      before: () => known(watch, inADay('/reservations'), instance, 150),
      bring: old.bring,
      end: old.end,
    },
  ]
}

const refused = ({ origin }: RoutesStage, watch: Watch): readonly Provocation[] => {
  const attack = during(18, { url: `${origin}/login`, method: 'POST', body: { password: 'guessed' } })
  return [
    {
      fault: 'somebody tries passwords, 18 a second',
      fires: [{ alert: httpRefusalsSurging, labels: of('POST', '/login') }],
      before: () => known(watch, requestsWithin('10m', '1d'), instance, 1),
      bring: attack.bring,
      end: attack.end,
    },
  ]
}

const slow = ({ cache }: RoutesStage, watch: Watch): readonly Provocation[] => [
  {
    fault: 'the way to Redis takes three seconds',
    fires: [{ alert: httpRouteSlow, labels: of('GET', '/prices') }],
    // The average of a day needs one to be compared with: longer than the slow stretch will be.
    before: () => known(watch, sum(countOverTime(routeP99.where({ route: '/prices' }), '1d'), service), instance, 60),
    bring: async () => cache.slow(3_000),
    end: async () => cache.slow(0),
  },
]

/** One service, of which one route after the other goes wrong while the others are well. */
export const routeLanes = (stage: RoutesStage, watch: Watch): readonly (readonly Provocation[])[] =>
  [failing, abandoned, wrong, refused, slow].map((lane) => lane(stage, watch))
