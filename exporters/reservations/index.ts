import { gauge } from '../../metrics/metric.ts'
import type { Collector, Vitals } from '../collector.ts'
import type { Postgres } from '../postgres/source.ts'
import { bookings } from './bookings.ts'
import { cleanup } from './cleanup.ts'
import { covers } from './covers.ts'
import { statuses } from './statuses.ts'

export const reservationsVitals = {
  up: gauge({
    name: 'reservations_up',
    counts: 'databases',
    help: 'Whether the database of the reservations took the connection and answered (1) or not (0)',
  }),
  success: gauge({
    name: 'reservations_scrape_collector_success',
    counts: 'collectors',
    help: 'Whether a collector succeeded (1) or failed (0); the log says why and how to mend it',
    labels: ['collector'],
  }),
  duration: gauge({
    name: 'reservations_scrape_collector_duration_seconds',
    help: 'How long a collector took, waiting for the one connection included',
    labels: ['collector'],
  }),
} as const satisfies Vitals

export const reservationsCollectors = (): readonly Collector<Postgres>[] => [statuses, bookings, covers, cleanup]
