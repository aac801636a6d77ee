import { gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import type { Postgres } from '../postgres/source.ts'
import type { Survey } from '../postgres/survey.ts'
import type { Book } from './book.ts'
import { byPeriod } from './by-period.ts'

export const reservationsPast = gauge({
  name: 'reservations_past',
  counts: 'reservations',
  help: 'Reservations for the 7 and 30 days before today (7d, 30d) by status: NO_SHOW beside COMPLETED is the share nobody came for. Statuses that are none of the known are left out',
  labels: ['period', 'status'],
})

/** How the sittings of the last days went. Today is left out: its guests may still come. */
export const sittings = (book: Book, survey: Survey): Collector<Postgres> => {
  const { relation, status, date, states } = book
  return byPeriod(book, survey, {
    name: 'sittings',
    metric: reservationsPast,
    periods: ['7d', '30d'],
    // Every known status is named, so that an index on (status, date) leads to the rows as one on the date does.
    sql: `
      select ${status}::text as value, count(*) as "30d", count(*) filter (where ${date} >= current_date - 7) as "7d"
      from ${relation.sql}
      where ${states.is()} and ${date} >= current_date - 30 and ${date} < current_date group by ${status}`,
  })
}
