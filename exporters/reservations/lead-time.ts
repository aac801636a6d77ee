import { gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import type { Postgres } from '../postgres/source.ts'
import type { Survey } from '../postgres/survey.ts'
import { readings } from '../reading.ts'
import type { Book } from './book.ts'
import { read } from './read.ts'

export const reservationsLeadTime = gauge({
  name: 'reservations_lead_time_seconds',
  help: 'How long ahead guests book: of the reservations made within the last day (24h) or 7 days (7d), this percentile was made at most so long before its date',
  labels: ['period', 'percentile'],
})

/**
 * How long ahead guests book. Percentiles, and no histogram: what is counted is a window that slides, which no counter is.
 * None where nobody booked.
 */
export const leadTime = ({ relation, date, created }: Book, { asks }: Survey): Collector<Postgres> | undefined => {
  if (created === undefined) return undefined
  // Only the rows of the last week are read: an index on the time of creation leads to them. A day counts from its midnight.
  const sql = `
    select period, percentile::text,
           round(percentile_cont(percentile / 100.0) within group (order by ahead)) as lead
    from (select ${created} as made, extract(epoch from ${date}::timestamptz - ${created}::timestamptz)::float8 as ahead
          from ${relation.sql} where ${created} > now() - interval '7 days') as lately
    join (values ('24h', interval '24 hours'), ('7d', interval '7 days')) as spans (period, span) on made > now() - span
    cross join unnest(array[50, 90]) as percentile group by period, percentile`
  const found = asks('lead_time', (database) => read<Row>(database, relation, sql))
  return {
    name: 'lead_time',
    metrics: [reservationsLeadTime],
    async collect(postgres) {
      return readings((await found(postgres, postgres)) ?? [], { lead: reservationsLeadTime })
    },
  }
}

type Row = Readonly<Record<'period' | 'percentile', string>> & { readonly lead: number }
