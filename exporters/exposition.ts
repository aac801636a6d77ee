import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type * as metric from '../metrics/metric.ts'

export type { Registry } from 'prom-client'

const textType = 'text/plain; version=0.0.4; charset=utf-8'
const openMetricsType = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

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

/** Samples as Prometheus reads them. OpenMetrics where the asker prefers it, the text format otherwise. */
export const expose = (
  samples: readonly metric.Sample[],
  accept = '',
): { readonly contentType: string; readonly body: string } => {
  const open = accept.includes('application/openmetrics-text')
  const families = new Map<metric.Definition, metric.Sample[]>()
  for (const sample of samples) {
    const family = families.get(sample.metric)
    if (family) family.push(sample)
    else families.set(sample.metric, [sample])
  }
  const lines: string[] = []
  for (const [definition, family] of families) {
    lines.push(...header(definition, open))
    for (const { labels, value } of family) lines.push(`${definition.name}${printLabels(labels)} ${printValue(value)}`)
  }
  if (open) lines.push('# EOF')
  return { contentType: open ? openMetricsType : textType, body: `${lines.join('\n')}\n` }
}

const header = ({ name, type, help }: metric.Definition, open: boolean) => {
  const words = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
  if (!open) return [`# HELP ${name} ${words}`, `# TYPE ${name} ${type}`]
  // OpenMetrics names a counter's family without _total; a counter named otherwise, as some of our peers' are, has no type there.
  const counted = type === 'counter' && name.endsWith('_total')
  const family = counted ? name.slice(0, -'_total'.length) : name
  const openType = type === 'counter' && !counted ? 'unknown' : type
  return [`# TYPE ${family} ${openType}`, `# HELP ${family} ${words.replaceAll('"', '\\"')}`]
}

const printLabels = (labels: Readonly<Record<string, string>>) => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return pairs.length > 0 ? `{${pairs.join(',')}}` : ''
}

const special = /[\\"\n]/
const escaped = (value: string) =>
  special.test(value) ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n') : value

const printValue = (value: number) => {
  if (Number.isFinite(value)) return String(value)
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}
