import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type * as metric from '../metrics/metric.ts'

export type { Registry } from 'prom-client'

/** The metrics a process counts itself, its own vitals (CPU, memory, event loop, garbage collection) included. */
export const processRegistry = (): Registry => {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return registry
}

/** A counter of prom-client for a definition of ours, in this registry only. */
export const registerCounter = <L extends string>({ name, help, labels }: metric.Counter<L>, registry: Registry) =>
  new Counter<L>({ name, help, labelNames: labels, registers: [registry] })
export const registerGauge = <L extends string>({ name, help, labels }: metric.Gauge<L>, registry: Registry) =>
  new Gauge<L>({ name, help, labelNames: labels, registers: [registry] })
export const registerHistogram = <L extends string>(
  { name, help, labels, buckets }: metric.Histogram<L>,
  registry: Registry,
) => new Histogram<L>({ name, help, labelNames: labels, buckets: [...buckets], registers: [registry] })
