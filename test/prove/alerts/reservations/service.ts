import { reservationsRejected, reservationsStopped } from '../../../../alerts/reservations/bookings.ts'
import type { Connection } from '../../../../demo/database.ts'
import type { Duration } from '../../../../metrics/promql.ts'
import { eventually } from '../../../integration/servers.ts'
import { compressedExpr } from '../compress.ts'
import type { Provocation, Watch } from '../provocation.ts'
import type { Guests } from './guests.ts'

/** What the alert asks for too, where times pass faster. */
const attempts = (window: Duration, offset?: Duration) =>
  compressedExpr(
    `sum(increase(reservations_total{status!="cancelled"}[${window}]${offset ? ` offset ${offset}` : ''}))`,
  )

const labels = { job: 'api', instance: 'api' } as const
const stopped = { alert: reservationsStopped, labels } as const

/** Faults of the service, one after the other: each needs what went before. */
export const serviceFaults = (watch: Watch, guests: Guests, database: Connection): readonly Provocation[] => {
  const some = (promql: string, seconds: number) =>
    eventually(
      () => watch.query(promql),
      (found) => found.length > 0,
      { within: seconds * 1000, every: 500 },
    )
  return [
    {
      fault: 'a release of the booking form asks for an address that there is not',
      fires: [stopped],
      before: () => some(`${attempts('1h')} > 60`, 120),
      bring: async () => guests.become('astray'),
      end: async () => guests.become('book'),
    },
    {
      fault: 'a migration leaves one seat at each table, and the service turns down every party of two',
      fires: [{ alert: reservationsRejected, labels }],
      before: () => some(`${attempts('1h')} > 60`, 120),
      bring: () =>
        database.run('alter table tables add full_seats integer; update tables set full_seats = seats, seats = 1'),
      end: () => database.run('update tables set seats = full_seats'),
      patience: 180,
    },
    {
      fault: 'after a night without visitors they come and cannot book, at an hour at which many did a week ago',
      fires: [stopped],
      before: async () => {
        guests.become('away')
        const quiet = `${attempts('2h')} == 0`
        const then = `${attempts('1h', '7d')} > 40 and ${attempts('30m', '7d')} > 15`
        await some(`(${then}) and (${quiet})`, 600)
      },
      bring: async () => guests.become('astray'),
      end: async () => guests.become('book'),
    },
  ]
}
