import type { Attributes } from '@opentelemetry/api'
import type { MeterProvider } from '@opentelemetry/sdk-metrics'
import type { Kept } from '../../reading.ts'
import type { Report } from '../instruments/faults.ts'
import type { Source } from '../instruments/instruments.ts'
import { familiesInText } from '../instruments/text-families.ts'
import { merger, parcels } from '../serving/merge.ts'
import { clientViews } from './client-views.ts'
import type { Libraries } from './opentelemetry.ts'

export interface OpenMeters {
  /** Its meters are those of the instrumentations, and of whoever asks OpenTelemetry for one. */
  readonly provider: MeterProvider
  readonly source: Source
}

/** Milliseconds in which an observable instrument must have answered. */
const patience = 2_000

/** The metrics of OpenTelemetry, as its exporter for Prometheus prints them, to be served with ours. */
export const openMeters = (
  { metrics, prometheus }: Pick<Libraries, 'metrics' | 'prometheus'>,
  report: Report,
): OpenMeters => {
  const { AggregationTemporality, InstrumentType } = metrics
  const exporter = new prometheus.PrometheusExporter({ preventServerStart: true })
  // Of a gauge only what was observed now: what has ended would be shown for ever.
  exporter.selectAggregationTemporality = (type) =>
    type === InstrumentType.OBSERVABLE_GAUGE ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE
  const views = clientViews(metrics)
  const ours = new Set(views.map(({ name }) => name))
  const provider = new metrics.MeterProvider({ readers: [exporter], views })
  const serializer = new prometheus.PrometheusSerializer('', false, undefined, true, true)
  const read = async () => {
    const { resourceMetrics, errors } = await exporter.collect({ timeoutMillis: patience })
    for (const cause of errors) report('client metrics', new Error('could not observe an instrument', { cause }))
    for (const { descriptor, dataPoints } of resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics)) {
      if (ours.has(descriptor.name)) continue
      for (const point of dataPoints) Object.assign(point, { attributes: labelled(point.attributes) })
    }
    return merged(serializer.serialize(resourceMetrics))
  }
  // Two at a time would share the observations of one.
  let underway: ReturnType<typeof read> | undefined
  const source = () => {
    underway ??= read().finally(() => {
      underway = undefined
    })
    return underway
  }
  return { provider, source }
}

/** What two meters count under one name is one metric, and with the same labels one series. */
const merged = (text: string): readonly Kept[] => {
  const all = merger()
  for (const family of parcels(familiesInText(text))) all.add(family)
  return all.kept()
}

/**
 * Of a service's own meters: in one order, because two orders would be two series, and by names that are legal and
 * different, because Prometheus refuses a whole answer for one that is not.
 */
const labelled = (attributes: Attributes) => {
  const labels: Record<string, string> = {}
  for (const name of Object.keys(attributes).sort()) {
    const given = attributes[name]
    const value = typeof given === 'string' ? given : (JSON.stringify(given) ?? '')
    const label = labelOf(name)
    labels[label] = labels[label] === undefined ? value : `${labels[label]};${value}`
  }
  return labels
}

const labelOf = (name: string) => {
  const label = name.replace(/\W+/g, '_').replace(/__+/g, '_')
  return /^[a-z_]/i.test(label) && label !== 'le' ? label : `key_${label}`
}
