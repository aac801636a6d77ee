import { gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import type { Postgres } from '../postgres/source.ts'
import type { Survey } from '../postgres/survey.ts'
import type { Book } from './book.ts'
import { byPeriod } from './by-period.ts'

export const reservationsFunnel = gauge({
  name: 'reservations_funnel',
  counts: 'reservations',
  help: 'Reservations made within the last day (24h) and the last 7 days (7d), by the status they have now',
  labels: ['period', 'status'],
})

/** What has become of the reservations made lately. */
export const funnel = (book: Book, survey: Survey): Collector<Postgres> | undefined => {
  const { relation, status, created } = book
  if (created === undefined) return undefined
  return byPeriod(book, survey, {
    name: 'funnel',
    metric: reservationsFunnel,
    periods: ['24h', '7d'],
    sql: `
      select coalesce(${status}::text, '') as value, count(*) as "7d",
             count(*) filter (where ${created} > now() - interval '24 hours') as "24h"
      from ${relation.sql} where ${created} > now() - interval '7 days' group by ${status}`,
  })
}
