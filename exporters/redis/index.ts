import { gauge } from '../../metrics/metric.ts'
import type { Collector, Vitals } from '../collector.ts'
import { clients } from './clients.ts'
import { theirs } from './fields.ts'
import { keyspace } from './keyspace.ts'
import { memory } from './memory.ts'
import type { Redis } from './source.ts'
import { stats } from './stats.ts'

export const redisVitals = {
  up: gauge(theirs('up', 'Whether the server took the connection and answered INFO (1) or not (0)')),
  success: gauge({
    name: 'redis_scrape_collector_success',
    counts: 'successes',
    help: 'Whether a collector succeeded (1) or failed (0); the log says why and how to mend it',
    labels: ['collector'],
  }),
  duration: gauge({
    name: 'redis_scrape_collector_duration_seconds',
    help: 'How long a collector took',
    labels: ['collector'],
  }),
} as const satisfies Vitals

export const redisCollectors: readonly Collector<Redis>[] = [stats, memory, clients, keyspace]
