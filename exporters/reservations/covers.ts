import { gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import type { Postgres } from '../postgres/source.ts'
import type { Book } from './book.ts'
import { read } from './read.ts'

export const coversAhead = gauge({
  name: 'reservations_covers_ahead',
  counts: 'guests',
  help: 'Guests of confirmed reservations today (today), and in the 7 and 30 days that begin with it (7d, 30d)',
  labels: ['period'],
})
export const coversByDay = gauge({
  name: 'reservations_covers_by_day',
  counts: 'guests',
  help: 'Guests of confirmed reservations on each of 14 days: 0 days ahead is today',
  labels: ['days_ahead'],
})

const periods = { today: 1, '7d': 7, '30d': 30 } as const
/** Two weeks: as far as a restaurant plans its shifts. */
export const daysShown: readonly number[] = Array.from({ length: 14 }, (_, day) => day)

/** How many guests are expected. A day begins at midnight in the time zone of the login that reads. */
export const covers = ({ relation, date, partySize, states }: Book): Collector<Postgres> | undefined => {
  if (partySize === undefined) return undefined
  // Compared with dates, so that the column may hold a day or a moment.
  const sql = `
    select ${date}::date - current_date as day, coalesce(sum(${partySize}), 0)::float8 as guests
    from ${relation.sql}
    where ${states.is('confirmed')} and ${date} >= current_date and ${date} < current_date + ${periods['30d']} group by 1`
  return {
    name: 'covers',
    metrics: [coversAhead, coversByDay],
    async collect(postgres) {
      const rows = await read<Row>(postgres, relation, sql)
      const within = (first: number, end: number) =>
        rows.reduce((sum, { day, guests }) => (day >= first && day < end ? sum + guests : sum), 0)
      return [
        ...Object.entries(periods).map(([period, days]) => coversAhead.sample(within(0, days), { period })),
        ...daysShown.map((day) => coversByDay.sample(within(day, day + 1), { days_ahead: String(day) })),
      ]
    },
  }
}

interface Row {
  readonly day: number
  readonly guests: number
}
