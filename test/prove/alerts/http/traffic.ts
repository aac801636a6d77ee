import { httpUnknownPathsSurging } from '../../../../alerts/http/clients.ts'
import { requestsWithin } from '../../../../alerts/http/requests.ts'
import { httpRequestsPilingUp, httpTrafficDropped, httpTrafficGone } from '../../../../alerts/http/traffic.ts'
import type { Provocation, Watch } from '../provocation.ts'
import { lockOf } from '../service/database-faults.ts'
import type { Started } from '../service/stand.ts'
import { crowd, during, type Traffic } from '../service/traffic.ts'
import { known } from './habit.ts'

/** A service, and guests who come at a steady pace once they are brought. */
export const visited = (service: Started, perSecond: number) => ({
  ...service,
  instance: service.scraped.instance,
  guests: during(perSecond, { url: `${service.origin}/tables` }),
})

type Visited = ReturnType<typeof visited>

const strangers = (house: Visited, watch: Watch): readonly Provocation[] => {
  const { instance, guests } = house
  const lost = during(25, { url: `${house.origin}/menu-of-last-year` })
  return [
    {
      fault: 'an old app asks for a path that there is no more',
      fires: [{ alert: httpUnknownPathsSurging, labels: { instance } }],
      before: async () => {
        await guests.bring()
        // Enough of a day to compare with.
        await known(watch, requestsWithin('1d'), instance, 600)
      },
      bring: lost.bring,
      end: async () => lost.end(),
    },
  ]
}

const silence = (front: Visited, database: string, watch: Watch): readonly Provocation[] => {
  const { instance, guests } = front
  const bookings = lockOf(database, 'bookings')
  let waiting: Traffic | undefined
  return [
    {
      fault: 'no guest asks any more',
      fires: [{ alert: httpTrafficGone, labels: { instance } }],
      before: async () => {
        await guests.bring()
        await known(watch, requestsWithin('1h'), instance, 150)
      },
      bring: guests.end,
      end: guests.bring,
    },
    {
      fault: 'a table is locked, and a hundred requests wait for it',
      fires: [{ alert: httpRequestsPilingUp, labels: { instance } }],
      bring: async () => {
        await bookings.take()
        waiting = crowd(100, { url: `${front.origin}/bookings` })
      },
      end: async () => {
        await bookings.give()
        waiting?.end()
      },
    },
  ]
}

const fewer = ({ instance, origin, guests: many }: Visited, watch: Watch): readonly Provocation[] => {
  const few = during(2, { url: `${origin}/tables` })
  return [
    {
      fault: 'of fifteen requests a second two are left, a week later',
      fires: [{ alert: httpTrafficDropped, labels: { instance } }],
      before: async () => {
        await many.bring()
        // When the drop has lasted for an hour it has been a week.
        await known(watch, requestsWithin('1h', '5d'), instance, 600)
      },
      bring: async () => {
        await many.end()
        await few.bring()
      },
      end: async () => {
        await few.end()
        await many.bring()
      },
      patience: 180,
    },
  ]
}

export interface TrafficStage {
  readonly house: Visited
  readonly front: Visited
  readonly partner: Visited
  /** Of the front alone. */
  readonly database: string
}

/** Services whose guests come otherwise than usual, each in a lane of its own. */
export const trafficLanes = (
  { house, front, partner, database }: TrafficStage,
  watch: Watch,
): readonly (readonly Provocation[])[] => [
  fewer(partner, watch),
  strangers(house, watch),
  silence(front, database, watch),
]
