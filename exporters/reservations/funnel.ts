import { gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import type { Postgres } from '../postgres/source.ts'
import type { Survey } from '../postgres/survey.ts'
import type { Book } from './book.ts'
import { read } from './read.ts'

export const reservationsFunnel = gauge({
  name: 'reservations_funnel',
  counts: 'reservations',
  help: 'Reservations made within the last day (24h) and the last 7 days (7d), by the status they have now',
  labels: ['period', 'status'],
})

const periods = ['24h', '7d'] as const

/** What has become of the reservations made lately. A survey: a week of a busy house is much to read at every scrape. */
export const funnel = (
  { relation, status, created, states }: Book,
  { asks }: Survey,
): Collector<Postgres> | undefined => {
  if (created === undefined) return undefined
  const sql = `
    select coalesce(${status}::text, '') as value, count(*)::float8 as "7d",
           (count(*) filter (where ${created} > now() - interval '24 hours'))::float8 as "24h"
    from ${relation.sql} where ${created} > now() - interval '7 days' group by ${status}`
  const counted = asks('funnel', (database) => read<Row>(database, relation, sql))
  return {
    name: 'funnel',
    metrics: [reservationsFunnel],
    async collect(postgres) {
      const rows = await counted(postgres, postgres)
      if (!rows) return []
      return periods.flatMap((period) =>
        states
          .tally(rows, (row) => row[period])
          .map(([label, count]) => reservationsFunnel.sample(count, { period, status: label })),
      )
    },
  }
}

interface Row extends Readonly<Record<(typeof periods)[number], number>> {
  readonly value: string
}
