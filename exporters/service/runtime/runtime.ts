import {
  constants,
  type EventLoopUtilization,
  type PerformanceEntry,
  PerformanceObserver,
  performance,
} from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import type { Definition } from '../../../metrics/metric.ts'
import type { Across, Kept } from '../../reading.ts'
import { processRegistry, type Registry } from '../../registry.ts'
import { Distribution } from '../instruments/distribution.ts'
import type { Source } from '../instruments/instruments.ts'
import { familiesInText } from '../instruments/text-families.ts'
import {
  eventLoopLag,
  eventLoopUtilization,
  gcDuration,
  heapSizeLimit,
  heapUsedRatio,
  processStartTime,
  versionInfo,
} from './runtime-metrics.ts'

/** What prom-client measures over the time since it was asked last, and forgets then. */
const lagMean = 'nodejs_eventloop_lag_mean_seconds'
const isLag = (name: string) => name.startsWith('nodejs_eventloop_lag')

/**
 * How the gauges of several processes become one. A loop that lags and a heap that is full are not made good by the others'.
 * Memory, descriptors and handles are summed, and so are their limits, or a share of one would be wrong.
 */
const acrossOf = (name: string): Across => {
  if (name === versionInfo.name) return 'first'
  // Since when there is the service: a worker that is restarted is no restart of it.
  if (name === processStartTime.name || name === 'nodejs_eventloop_lag_min_seconds') return 'min'
  return isLag(name) ? 'max' : 'sum'
}

interface RuntimeOptions {
  /**
   * Milliseconds for which what is measured over a stretch of time is shown to all who ask. With less, each of two
   * scrapers would see only the time since the other came.
   */
  readonly keepFor?: number
  readonly now?: () => number
}

/** What prom-client knows of this process, under its names; and how busy its event loop is, how full its heap. */
export const runtimeSource = ({ keepFor = 10_000, now = () => performance.now() }: RuntimeOptions = {}): Source => {
  const registry = processRegistry()
  registry.removeSingleMetric(gcDuration.name)
  const names = registry.getMetricsAsArray().map(({ name }) => name)
  const lags = names.filter(isLag)
  const others = names.filter((name) => !isLag(name))
  const collections = garbageCollections()
  const utilization = utilizations()
  let stretch: { readonly until: number; readonly families: Promise<readonly Kept[]> } | undefined
  const read = async () => {
    const families = await familiesOf(registry, lags)
    // Too little time went by to measure anything.
    if (!families.some(({ metric, values }) => metric.name === lagMean && values.every(Number.isFinite))) {
      stretch = undefined
      return families.filter(({ metric }) => metric.name === eventLoopLag.name)
    }
    return [...families, kept(eventLoopUtilization, 'max', utilization())]
  }
  return async () => {
    if (!stretch || now() >= stretch.until) stretch = { until: now() + keepFor, families: read() }
    const [overTime, present] = await Promise.all([stretch.families, familiesOf(registry, others)])
    return [...overTime, ...present, ...heap(), collections]
  }
}

/** One by one: to print the registry as a whole would begin a new stretch of time each time. */
const familiesOf = async (registry: Registry, names: readonly string[]) => {
  const texts = await Promise.all(names.map((name) => registry.getSingleMetricAsString(name)))
  return familiesInText(`${texts.join('\n')}\n`, acrossOf).map(({ metric, read, across, lines }) => {
    return { metric, across, lines, values: read.map(([, value]) => value) }
  })
}

const kept = (metric: Definition, across: Across, value: number): Kept => ({
  metric,
  across,
  lines: () => [[metric.name, value]],
})

const heap = () => {
  const { heap_size_limit: limit, used_heap_size: used } = getHeapStatistics()
  return [kept(heapSizeLimit, 'sum', limit), kept(heapUsedRatio, 'max', used / limit)]
}

const utilizations = () => {
  let last: EventLoopUtilization | undefined
  return () => {
    const current = performance.eventLoopUtilization()
    const { utilization } = last ? performance.eventLoopUtilization(current, last) : current
    last = current
    return utilization
  }
}

const kinds: ReadonlyMap<number, string> = new Map([
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
])

/** prom-client counts one of those that Node tells of at a time: in a busy process, where they matter, a fifth of them. */
const garbageCollections = (): Kept => {
  const counted = new Map([...kinds.values()].map((kind) => [kind, new Distribution(gcDuration.buckets)] as const))
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) counted.get(kindOf(entry) ?? '')?.observe(entry.duration / 1000)
  })
  observer.observe({ entryTypes: ['gc'] })
  const { name } = gcDuration
  return {
    metric: gcDuration,
    lines: (open) => [...counted].flatMap(([kind, seen]) => seen.lines(name, `{kind="${kind}"}`, open)),
  }
}

/** Node says it in the entry's `detail`, which its types leave out. */
const kindOf = (entry: PerformanceEntry) => {
  const detail: unknown = Reflect.get(entry, 'detail')
  return typeof detail === 'object' && detail !== null && 'kind' in detail && typeof detail.kind === 'number'
    ? kinds.get(detail.kind)
    : undefined
}
