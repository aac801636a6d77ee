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
  const open = prefersOpenMetrics(accept)
  // By name: a metric and the definition in its samples are two objects. A name may not head two families.
  const families = new Map<string, string[]>()
  for (const { metric: definition, labels, value } of samples) {
    const { name } = definition
    const line = `${name}${printLabels(labels)} ${printValue(value)}`
    const family = families.get(name)
    if (family) family.push(line)
    else families.set(name, [...header(definition, open), line])
  }
  const lines = [...families.values()].flat()
  if (open) lines.push('# EOF')
  return { contentType: open ? openMetricsType : textType, body: lines.map((line) => `${line}\n`).join('') }
}

const versions = [undefined, '0.0.1', '1.0.0']

/** By the weights of the Accept header: Prometheus can be told to ask for the text format first. */
const prefersOpenMetrics = (accept: string) => {
  const ranges = accept.split(',').map((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    const parameter = (name: string) => parameters.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1)
    return { type, version: parameter('version'), weight: Number(parameter('q') ?? 1) }
  })
  const weightOf = (wanted: typeof ranges) => Math.max(0, ...wanted.map(({ weight }) => weight))
  const open = weightOf(
    ranges.filter(({ type, version }) => type === 'application/openmetrics-text' && versions.includes(version)),
  )
  const [text = []] = ['text/plain', 'text/*', '*/*']
    .map((wanted) => ranges.filter(({ type }) => type === wanted))
    .filter((found) => found.length > 0)
  return open > 0 && open >= weightOf(text)
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
