import { gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import type { Postgres } from '../postgres/source.ts'
import type { Survey } from '../postgres/survey.ts'
import type { Book } from './book.ts'
import { read } from './read.ts'

const labels = ['status'] as const

export const reservationRows = gauge({
  name: 'reservations',
  counts: 'reservations',
  help: 'Reservations in the database by status; a status that is none of the known ones is counted as OTHER',
  labels,
})
export const overdue = gauge({
  name: 'reservations_overdue',
  counts: 'reservations',
  help: 'Reservations still pending or confirmed though their day has passed: nobody told what became of them',
  labels,
})

/** How many reservations there are in each state. All rows are counted, so this is a survey. */
export const statuses = ({ relation, status, date, states }: Book, { asks }: Survey): Collector<Postgres> => {
  const sql = `
    select coalesce(${status}::text, '') as value, count(*)::float8 as count,
           (count(*) filter (where ${date} < current_date))::float8 as past
    from ${relation.sql} group by ${status}`
  const counted = asks('statuses', (database) => read<Row>(database, relation, sql))
  const unsettled: readonly string[] = [states.labels.pending, states.labels.confirmed]
  return {
    name: 'statuses',
    metrics: [reservationRows, overdue],
    async collect(postgres) {
      const rows = await counted(postgres, postgres)
      if (!rows) return []
      const past = states.tally(rows, (row) => row.past).filter(([label]) => unsettled.includes(label))
      return [
        ...states
          .tally(rows, (row) => row.count)
          .map(([label, count]) => reservationRows.sample(count, { status: label })),
        ...past.map(([label, count]) => overdue.sample(count, { status: label })),
      ]
    },
  }
}

interface Row {
  readonly value: string
  readonly count: number
  readonly past: number
}
