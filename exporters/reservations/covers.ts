import { gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import type { Postgres } from '../postgres/source.ts'
import { readOne } from './read.ts'

export const coversAhead = gauge({
  name: 'reservations_covers_ahead',
  counts: 'guests',
  help: 'Guests of confirmed reservations today (today), and in the 7 and 30 days that begin with it (7d, 30d)',
  labels: ['period'],
})

/** How many guests are expected. A day begins at midnight in the time zone of the login that reads. */
export const covers: Collector<Postgres> = {
  name: 'covers',
  metrics: [coversAhead],
  async collect(source) {
    const guests = await readOne<Readonly<Record<string, number>>>(source, sql)
    return Object.entries(guests).map(([period, count]) => coversAhead.sample(count, { period }))
  },
}

// Compared with dates, so that the column may hold a day or a moment.
const sql = `
  select coalesce(sum(party_size) filter (where date < current_date + 1), 0)::float8 as today,
         coalesce(sum(party_size) filter (where date < current_date + 7), 0)::float8 as "7d",
         coalesce(sum(party_size), 0)::float8 as "30d"
  from reservations where status = 'CONFIRMED' and date >= current_date and date < current_date + 30`
