import { type Gauge, gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import type { Postgres } from '../postgres/source.ts'
import type { Book } from './book.ts'
import { readOne } from './read.ts'

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
export const bookings = ({ relation, created, cancelled }: Book): Collector<Postgres> | undefined => {
  const counted = [
    ...(created === undefined ? [] : [[reservationsCreated, created] as const]),
    ...(cancelled === undefined ? [] : [[reservationsCancelled, cancelled] as const]),
  ]
  if (counted.length === 0) return undefined
  // A query of its own for each column, so that each is led by its index to its few rows.
  const collect = async (postgres: Postgres, [metric, column]: readonly [Gauge<'period'>, string]) => {
    const found = await readOne<Periods>(postgres, relation, lately(relation.sql, column))
    return Object.entries(found).map(([period, count]) => metric.sample(count, { period }))
  }
  return {
    name: 'bookings',
    metrics: counted.map(([metric]) => metric),
    collect: async (postgres) => (await Promise.all(counted.map((one) => collect(postgres, one)))).flat(),
  }
}

type Periods = Readonly<Record<string, number>>

const lately = (table: string, column: string) => `
  select (count(*) filter (where ${column} > now() - interval '1 hour'))::float8 as "1h", count(*)::float8 as "24h"
  from ${table} where ${column} > now() - interval '24 hours'`
