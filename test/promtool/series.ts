import * as incidents from '../../exporters/incidents/metrics.ts'
import { everyKind } from '../../exporters/index.ts'
import { definitionsIn, serviceMetrics } from '../../exporters/service/metrics.ts'
import { processStartTime, residentMemory } from '../../exporters/service/runtime/runtime-metrics.ts'
import * as alertmanager from '../../metrics/foreign/alertmanager.ts'
import * as node from '../../metrics/foreign/node.ts'
import * as probe from '../../metrics/foreign/probe.ts'
import * as prometheus from '../../metrics/foreign/prometheus.ts'
import * as remoteWrite from '../../metrics/foreign/remote-write.ts'
import * as foreign from '../../metrics/foreign.ts'
import type { Definition } from '../../metrics/metric.ts'
import { recordedLabels } from './recorded/recording.ts'

/** One input series in promtool's notation. */
export interface InputSeries {
  readonly series: string
  readonly values: string
}

/** What Prometheus scrapes: job and instance as they stand in prometheus.yml. */
export const scraped = {
  api: { job: 'api', instance: 'api' },
  probe: { job: 'probe', instance: 'api' },
  postgres: { job: 'postgres', instance: 'main' },
  reservations: { job: 'reservations', instance: 'main' },
  redis: { job: 'redis', instance: 'cache' },
  jobs: { job: 'jobs', instance: 'maintenance' },
  exporter: { job: 'exporter', instance: 'exporter' },
  incidents: { job: 'incidents', instance: 'incidents' },
  prometheus: { job: 'prometheus', instance: 'prometheus' },
  agent: { job: 'agent', instance: 'agent-1' },
  alertmanager: { job: 'alertmanager', instance: 'alertmanager' },
  blackbox: { job: 'blackbox', instance: 'blackbox' },
  node: { job: 'node', instance: 'node' },
} as const

export type Job = keyof typeof scraped

/** What each program of the stack tells of its own process. */
const ofProcess: readonly Definition[] = [processStartTime, residentMemory]
/** What Prometheus itself adds to each scrape. */
const ofScrape: readonly string[] = [foreign.up, foreign.scrapeDuration, foreign.samplesScraped].map(({ name }) => name)

/** Every metric that is served, by the job that scrapes it; Prometheus itself adds `up` and the like to each. */
export const served: ReadonlyMap<string, readonly Definition[]> = new Map([
  ['api', serviceMetrics.flatMap(({ metrics }) => metrics)],
  ['probe', definitionsIn(probe)],
  ['prometheus', [...definitionsIn(prometheus), ...definitionsIn(remoteWrite), ...ofProcess]],
  // It evaluates nothing, and knows no Alertmanager.
  ['agent', [...definitionsIn(remoteWrite), prometheus.alertmanagersDiscovered, ...ofProcess]],
  ['alertmanager', [...definitionsIn(alertmanager), ...ofProcess]],
  ['node', [...definitionsIn(node), ...ofProcess]],
  ['blackbox', ofProcess],
  ['exporter', ofProcess],
  ['incidents', [...definitionsIn(incidents), ...ofProcess]],
  ...everyKind().map(
    ({ kind, vitals, collectors }) =>
      [kind, [...Object.values(vitals), ...collectors.flatMap(({ metrics }) => metrics)]] as const,
  ),
])

/** Every metric that a rule may ask for. */
export const everyMetric: readonly Definition[] = [
  ...new Set([...definitionsIn(foreign), ...[...served.values()].flat()]),
]

const print = (name: string, labels: Readonly<Record<string, string>>) =>
  `${name}{${Object.entries(labels)
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .join(',')}}`

/** As a real server was seen to serve it, or as it is declared where no rule reads it, or no server of ours has it. */
const assertServed = (metric: Pick<Definition, 'name' | 'type' | 'labels'>, job: Job, labels: object) => {
  const found = served.get(job)?.some(({ name }) => name === metric.name)
  if (!found && !ofScrape.includes(metric.name)) throw new Error(`no target of the job ${job} serves ${metric.name}`)
  const seen = recordedLabels(scraped[job].job, metric.type === 'histogram' ? `${metric.name}_count` : metric.name)
  const given = Object.keys(labels).sort().join(', ')
  const wanted = [...(seen ?? metric.labels)].sort().join(', ')
  if (given !== wanted) throw new Error(`${metric.name} has the labels (${wanted}), not (${given})`)
}

interface Metric<Label extends string> {
  readonly name: string
  readonly labels: readonly Label[]
}
type Labels<Label extends string> = [Label] extends [never] ? [] : [Readonly<Record<Label, string>>]

/** A series as the job's target really has it: a label too few or too many is an error. */
export const series = <Label extends string>(
  metric: Metric<Label> & { readonly type: 'counter' | 'gauge' | 'untyped' },
  job: Job,
  values: string,
  ...given: Labels<NoInfer<Label>>
): InputSeries => {
  const [labels = {}]: readonly Readonly<Record<string, string>>[] = given
  assertServed(metric, job, labels)
  return { series: print(metric.name, { ...labels, ...scraped[job] }), values }
}

/** How much a counter rises at each step, and for how many steps. */
export type Phases = readonly (readonly [perStep: number, steps: number])[]

/** A counter that begins at 0, in promtool's notation. */
export const rising = (phases: Phases): string => {
  let level = 0
  const parts = phases.map(([perStep, steps], i) => {
    const first = i === 0 ? 0 : level + perStep
    const times = i === 0 ? steps : steps - 1
    level += perStep * steps
    return `${first}+${perStep}x${times}`
  })
  return parts.join(' ')
}

/** Observations that all took `seconds`: a series for each bucket, and their count and sum. */
export const observed = <Label extends string>(
  metric: Metric<Label> & { readonly type: 'histogram'; readonly buckets: readonly number[] },
  job: Job,
  { seconds, phases }: { readonly seconds: number; readonly phases: Phases },
  labels: Readonly<Record<NoInfer<Label>, string>>,
): readonly InputSeries[] => {
  assertServed(metric, job, labels)
  const all = { ...labels, ...scraped[job] }
  const times = (factor: number) => rising(phases.map(([perStep, steps]) => [perStep * factor, steps]))
  const bucket = (le: string, factor: number) => ({
    series: print(`${metric.name}_bucket`, { ...all, le }),
    values: times(factor),
  })
  return [
    ...metric.buckets.map((bound) => bucket(String(bound), seconds <= bound ? 1 : 0)),
    bucket('+Inf', 1),
    { series: print(`${metric.name}_count`, all), values: times(1) },
    { series: print(`${metric.name}_sum`, all), values: times(seconds) },
  ]
}
