import type { Target } from '../../config/targets.ts'
import { counter, gauge } from '../../metrics/metric.ts'
import type { Collector, Vitals } from '../collector.ts'
import { activity } from './activity.ts'
import { archiver } from './archiver.ts'
import { autovacuum } from './autovacuum.ts'
import { backgroundWriter } from './background-writer.ts'
import { bloat } from './bloat.ts'
import { blockers } from './blockers.ts'
import { bufferCache } from './buffer-cache.ts'
import { checkpointer } from './checkpointer.ts'
import { conflicts } from './conflicts.ts'
import { databases } from './databases.ts'
import { idle } from './idle.ts'
import { indexFaults } from './index-faults.ts'
import { indexes } from './indexes.ts'
import { locks } from './locks.ts'
import { missingIndexes } from './missing-indexes.ts'
import { postmaster } from './postmaster.ts'
import { preparedTransactionsLeft } from './prepared-transactions.ts'
import { sizesOf } from './relations.ts'
import { replication } from './replication.ts'
import { roles } from './roles.ts'
import { sequences } from './sequences.ts'
import { settings } from './settings.ts'
import { slotHealth } from './slot-health.ts'
import { slots } from './slots.ts'
import type { Postgres } from './source.ts'
import { spill } from './spill.ts'
import { statements } from './statements.ts'
import { surveyOf } from './survey.ts'
import { tables } from './tables.ts'
import { transactions } from './transactions.ts'
import { vacuumProgress } from './vacuum-progress.ts'
import { wal } from './wal.ts'
import { walReceiver } from './wal-receiver.ts'
import { wraparound } from './wraparound.ts'

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
  scrapes: counter({
    name: 'pg_exporter_scrapes_total',
    peer: 'postgres_exporter',
    help: 'Scrapes of this server since the exporter started',
  }),
  lastDuration: gauge({
    name: 'pg_exporter_last_scrape_duration_seconds',
    peer: 'postgres_exporter',
    help: 'How long this scrape took, connecting included',
  }),
  lastFailed: gauge({
    name: 'pg_exporter_last_scrape_error',
    peer: 'postgres_exporter',
    help: 'Whether this scrape could not read everything (1) or could (0)',
  }),
} as const satisfies Vitals

export const postgresCollectors = ({
  limits,
  surveySeconds,
}: Pick<Target, 'limits' | 'surveySeconds'>): readonly Collector<Postgres>[] => {
  const survey = surveyOf({ every: 1000 * surveySeconds })
  const sizes = sizesOf(survey, limits)
  return [
    activity,
    databases(survey),
    statements({ limit: limits.statements }),
    tables({ limit: limits.tables, sizes }),
    indexes({ limit: limits.indexes, sizes }),
    archiver,
    autovacuum,
    backgroundWriter,
    checkpointer,
    conflicts,
    idle,
    locks,
    postmaster,
    replication,
    roles,
    settings,
    slots,
    transactions(),
    vacuumProgress,
    wal,
    walReceiver,
    wraparound,
    bufferCache(survey),
    blockers,
    preparedTransactionsLeft,
    spill,
    slotHealth,
    sequences(survey),
    indexFaults({ survey, sizes }),
    missingIndexes({ survey, sizes }),
    bloat({ survey, limits }),
    survey.state,
  ]
}
