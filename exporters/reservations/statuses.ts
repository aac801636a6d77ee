import { gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import type { Postgres } from '../postgres/source.ts'
import { read } from './read.ts'

/** The states a reservation can be in. Rows in any other are counted together, as OTHER. */
export const reservationStatuses = ['PENDING', 'CONFIRMED', 'CANCELLED', 'COMPLETED', 'NO_SHOW'] as const

export const reservationRows = gauge({
  name: 'reservations',
  counts: 'reservations',
  help: 'Reservations in the database by status; a status that is none of the known ones is counted as OTHER',
  labels: ['status'],
})

/** How many reservations there are in each state. */
export const statuses: Collector<Postgres> = {
  name: 'statuses',
  metrics: [reservationRows],
  async collect(source) {
    const found = new Map<string, number>(reservationStatuses.map((status) => [status, 0]))
    for (const { status, count } of await read<Row>(source, sql)) {
      const known = found.has(status) ? status : 'OTHER'
      found.set(known, (found.get(known) ?? 0) + count)
    }
    return [...found].map(([status, count]) => reservationRows.sample(count, { status }))
  },
}

type Row = {
  readonly status: string
  readonly count: number
}

const sql = `select coalesce(status::text, '') as status, count(*)::float8 as count from reservations group by status`
