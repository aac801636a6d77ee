import { gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import type { Postgres } from '../postgres/source.ts'
import type { Survey } from '../postgres/survey.ts'
import type { Book } from './book.ts'
import { read } from './read.ts'

export const reservationsPast = gauge({
  name: 'reservations_past',
  counts: 'reservations',
  help: 'Reservations for the 7 and 30 days before today (7d, 30d) by status: NO_SHOW beside COMPLETED is the share nobody came for. Statuses that are none of the known are left out',
  labels: ['period', 'status'],
})

const periods = ['7d', '30d'] as const

/** How the sittings of the last days went. Today is left out: its guests may still come. */
export const sittings = ({ relation, status, date, states }: Book, { asks }: Survey): Collector<Postgres> => {
  // Every known status is named, so that an index on (status, date) leads to the rows as one on the date does.
  const sql = `
    select ${status}::text as value, count(*)::float8 as "30d",
           (count(*) filter (where ${date} >= current_date - 7))::float8 as "7d"
    from ${relation.sql} where ${states.is()} and ${date} >= current_date - 30 and ${date} < current_date group by ${status}`
  const counted = asks('sittings', (database) => read<Row>(database, relation, sql))
  return {
    name: 'sittings',
    metrics: [reservationsPast],
    async collect(postgres) {
      const rows = await counted(postgres, postgres)
      if (!rows) return []
      return periods.flatMap((period) =>
        states
          .tally(rows, (row) => row[period])
          .map(([label, count]) => reservationsPast.sample(count, { period, status: label })),
      )
    },
  }
}

interface Row extends Readonly<Record<(typeof periods)[number], number>> {
  readonly value: string
}
