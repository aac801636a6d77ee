import { type ReservationTable, reservationTable } from '../../config/reservations.ts'
import { gauge } from '../../metrics/metric.ts'
import type { Collector, Vitals } from '../collector.ts'
import type { Postgres } from '../postgres/source.ts'
import { surveyOf } from '../postgres/survey.ts'
import { openBook } from './book.ts'
import { bookings } from './bookings.ts'
import { cleanup, tokens } from './cleanup.ts'
import { covers } from './covers.ts'
import { funnel } from './funnel.ts'
import { leadTime } from './lead-time.ts'
import { payments } from './payments.ts'
import { sittings } from './sittings.ts'
import { statuses } from './statuses.ts'

export const reservationsVitals = {
  up: gauge({
    name: 'reservations_up',
    counts: 'databases',
    help: 'Whether the database of the reservations took the connection and answered (1) or not (0)',
  }),
  success: gauge({
    name: 'reservations_scrape_collector_success',
    counts: 'collectors',
    help: 'Whether a collector succeeded (1) or failed (0); the log says why and how to mend it',
    labels: ['collector'],
  }),
  duration: gauge({
    name: 'reservations_scrape_collector_duration_seconds',
    help: 'How long a collector took, waiting for the one connection included',
    labels: ['collector'],
  }),
} as const satisfies Vitals

interface Options {
  readonly table?: ReservationTable
  /** Milliseconds between two counts of what grows with the table: together 0.4 s of work at a million rows. */
  readonly every?: number
}

/**
 * What is read of the reservations. What the description leaves out has no collector.
 * @throws Error naming every fault of the description; nothing is read for that
 */
export const reservationsCollectors = ({
  table = reservationTable,
  every = 60_000,
}: Options = {}): readonly Collector<Postgres>[] => {
  const { book, payments: paid } = openBook(table)
  const survey = surveyOf({ every, share: 1 / 50 })
  return [
    statuses(book, survey),
    bookings(book),
    covers(book),
    funnel(book, survey),
    leadTime(book, survey),
    sittings(book, survey),
    cleanup(book, survey),
    tokens(book, survey),
    paid && payments(paid),
    survey.state,
  ].filter((one) => one !== undefined)
}
