import type { Target } from '../../config/targets.ts'
import { gauge } from '../../metrics/metric.ts'
import type { Collector, Vitals } from '../collector.ts'
import { activity } from './activity.ts'
import { databases } from './databases.ts'
import { indexes } from './indexes.ts'
import { sizesOf } from './relations.ts'
import type { Postgres } from './source.ts'
import { statements } from './statements.ts'
import { surveyOf } from './survey.ts'
import { tables } from './tables.ts'

export const postgresVitals = {
  up: gauge({
    name: 'pg_up',
    peer: 'postgres_exporter',
    help: 'Whether the server took the connection and answered (1) or not (0)',
  }),
  success: gauge({
    name: 'pg_scrape_collector_success',
    peer: 'postgres_exporter',
    help: 'Whether a collector succeeded (1) or failed (0); the log says why and how to mend it',
    labels: ['collector'],
  }),
  duration: gauge({
    name: 'pg_scrape_collector_duration_seconds',
    help: 'How long a collector took, waiting for the one connection included',
    labels: ['collector'],
  }),
} as const satisfies Vitals

export const postgresCollectors = ({
  limits,
  surveySeconds,
}: Pick<Target, 'limits' | 'surveySeconds'>): readonly Collector<Postgres>[] => {
  const survey = surveyOf({ every: 1000 * surveySeconds })
  const sizes = sizesOf(survey)
  return [
    activity,
    databases(survey),
    statements({ limit: limits.statements }),
    tables({ limit: limits.tables, sizes }),
    indexes({ limit: limits.indexes, sizes }),
    survey.state,
  ]
}
