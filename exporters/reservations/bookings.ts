import { gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import type { Postgres } from '../postgres/source.ts'
import { read } from './read.ts'

const labels = ['period'] as const

export const reservationsCreated = gauge({
  name: 'reservations_created',
  counts: 'reservations',
  help: 'Reservations made within the last hour (1h) and the last day (24h)',
  labels,
})
export const reservationsCancelled = gauge({
  name: 'reservations_cancelled',
  counts: 'reservations',
  help: 'Reservations cancelled within the last hour (1h) and the last day (24h)',
  labels,
})

/** How many reservations come in and are given back. */
export const bookings: Collector<Postgres> = {
  name: 'bookings',
  metrics: [reservationsCreated, reservationsCancelled],
  async collect(source) {
    const rows = await read<Row>(source, sql)
    return rows.flatMap(({ period, created, cancelled }) => [
      reservationsCreated.sample(created, { period }),
      reservationsCancelled.sample(cancelled, { period }),
    ])
  },
}

type Row = {
  readonly period: string
  readonly created: number
  readonly cancelled: number
}

const sql = `
  select period,
         (select count(*) from reservations where created_at > now() - span)::float8 as created,
         (select count(*) from reservations where cancelled_at > now() - span)::float8 as cancelled
  from (values ('1h', interval '1 hour'), ('24h', interval '24 hours')) as recent (period, span)`
