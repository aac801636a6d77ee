import type { Definition } from '../../metrics/metric.ts'
import * as errors from './errors/errors.ts'
import * as checks from './health/checks.ts'
import * as http from './http/metrics.ts'
import * as faults from './instruments/faults.ts'
import * as instruments from './instruments/instruments.ts'
import * as log from './log/log.ts'
import * as reservations from './reservations.ts'
import * as pools from './runtime/pools.ts'
import * as runtime from './runtime/runtime-metrics.ts'
import * as cluster from './serving/cluster.ts'
import * as clients from './traces/client-metrics.ts'

const isDefinition = (value: unknown): value is Definition =>
  typeof value === 'object' && value !== null && 'help' in value && 'type' in value

/** The metrics that modules define. */
export const definitionsIn = (...modules: readonly object[]): readonly Definition[] =>
  modules.flatMap((module) => Object.values(module).filter(isDefinition))

/** Every metric of a service that is instrumented, by the part that fills it. */
export const serviceMetrics: readonly { readonly name: string; readonly metrics: readonly Definition[] }[] = [
  { name: 'http', metrics: definitionsIn(http) },
  { name: 'reservations', metrics: definitionsIn(reservations) },
  { name: 'health checks', metrics: definitionsIn(checks) },
  { name: 'errors and logs', metrics: definitionsIn(errors, log) },
  { name: 'client pools', metrics: definitionsIn(pools) },
  { name: 'clients, where OpenTelemetry is on', metrics: definitionsIn(clients) },
  { name: 'runtime', metrics: definitionsIn(runtime) },
  { name: 'instrumentation', metrics: definitionsIn(instruments, faults, cluster) },
]
