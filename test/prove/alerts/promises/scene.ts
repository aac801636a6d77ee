import { alertsOf } from '../../../../alerts/index.ts'
import { promiseGroups } from '../../../../alerts/promises.ts'
import { services } from '../../../../config/targets.ts'
import { burnAlert, exhausted } from '../../../promtool/promise-names.ts'
import { countedPromises } from '../../../promtool/promises.ts'
import { blackboxIn } from '../blackbox.ts'
import type { Adjustment, Scene } from '../provocation.ts'
import { during } from '../service/traffic.ts'
import { bookingFaults, latencyFaults, reachFaults } from './faults.ts'
import { apisIn } from './stand.ts'

/** Requests a second: one in five is a booking. */
const [looks, bookings] = [72, 18] as const
const patience = 2_000

const sameFloor =
  'the window is shorter, so that a rate times its seconds is what happened in it: ten bad events are asked for'

/** Rates are counted times the seconds of their window, which is an hour, six, or the time between two scrapes. */
const countedAlike: readonly Adjustment[] = countedPromises.flatMap((promise): readonly Adjustment[] => [
  { alert: burnAlert(promise, '1h'), numbers: { '* 3600': '* 60' }, why: sameFloor },
  { alert: burnAlert(promise, '6h'), numbers: { '* 21600': '* 123' }, why: sameFloor },
  ...[burnAlert(promise, '1d'), burnAlert(promise, '3d'), exhausted(promise)].map((alert) => ({
    alert,
    numbers: { '* 15': '* 1' },
    why: sameFloor,
  })),
])

/** Each probe is seen in five seconds, and is recorded as a 300th of an event a second. */
const probesAlike = { '* 15': '* 60' } as const
const reachedAlike: readonly Adjustment[] = [
  ...[burnAlert('apiReachable', '1d'), burnAlert('apiReachable', '3d'), exhausted('apiReachable')].map((alert) => ({
    alert,
    numbers: probesAlike,
    why: sameFloor,
  })),
]

export const promisesScene: Scene = {
  name: 'promises',
  alerts: alertsOf(promiseGroups()),
  adjusted: [...countedAlike, ...reachedAlike],
  unprovoked: {},
  open: async (shop) => {
    const start = await apisIn(shop)
    const [api, reached, blackbox] = await Promise.all([start('api'), start('reached'), blackboxIn(shop)])
    const guests = [
      during(looks, { url: `${api.origin}/tables`, patience }),
      during(bookings, { url: `${api.origin}/reservations`, method: 'POST', body: { partySize: 2 }, patience }),
    ]
    for (const one of guests) await one.bring()
    const target = encodeURIComponent(`${reached.origin}${services.api.health}`)
    return {
      scraped: () => [
        api.scraped,
        { job: 'probe', instance: 'api', url: `${blackbox.url}/probe?module=http_2xx&target=${target}` },
      ],
      lanes: (watch) => [bookingFaults(api, watch), latencyFaults(api, watch), reachFaults(reached, blackbox, watch)],
      end: async () => {
        for (const one of guests) await one.end()
      },
    }
  },
}
