import type { Attributes } from '@opentelemetry/api'
import type * as Metrics from '@opentelemetry/sdk-metrics'
import { beyondLimit } from '../instruments/series-store.ts'
import { dbClientOperationDuration, httpClientRequestDuration, statementKind } from './client-metrics.ts'

/** No client has so many servers and errors; where one names servers by what its users say, the rest share a series. */
const mostSeries = 500

/** What is served of the instrumentations, and by what it may be told apart: not by URLs or statements. */
const measured = [
  {
    instrumentName: 'db.client.operation.duration',
    metric: dbClientOperationDuration,
    attributes: ['db.system.name', 'db.namespace', 'db.operation.name', 'error.type', 'server.address', 'server.port'],
  },
  {
    instrumentName: 'http.client.request.duration',
    metric: httpClientRequestDuration,
    attributes: ['http.request.method', 'http.response.status_code', 'error.type', 'server.address', 'server.port'],
  },
] as const

/**
 * Gives what the instrumentations measure our names, bounds and labels. What they count of incoming requests is dropped,
 * because we count those; so are the connections of pg, which it counts of all pools in one sum: ours are told by pool.
 */
export const clientViews = ({ AggregationType, createAllowListAttributesProcessor }: typeof Metrics) => {
  const { EXPLICIT_BUCKET_HISTOGRAM, DROP } = AggregationType
  const drop = (meterName: string, instrumentName: string): Metrics.ViewOptions => ({
    meterName,
    instrumentName,
    aggregation: { type: DROP },
    // Of what is dropped the attributes would be kept all the same.
    attributesProcessors: [createAllowListAttributesProcessor([])],
  })
  return [
    ...measured.map(
      ({ instrumentName, metric, attributes }): Metrics.ViewOptions => ({
        instrumentName,
        name: metric.name,
        description: metric.help,
        aggregation: { type: EXPLICIT_BUCKET_HISTOGRAM, options: { boundaries: [...metric.buckets] } },
        attributesProcessors: [{ process: bounded(attributes) }],
        // Ours is reached first.
        aggregationCardinalityLimit: mostSeries + 2,
      }),
    ),
    drop('@opentelemetry/instrumentation-http', 'http.server.*'),
    drop('@opentelemetry/instrumentation-pg', 'db.client.connection.*'),
  ]
}

/**
 * Always in the same order, so that a series of two instrumentations or processes is one. The limit of OpenTelemetry
 * itself counts from scrape to scrape: with ever new servers the memory would fill.
 */
const bounded = (names: readonly string[]) => {
  const known = new Set<string>()
  const beyond: Attributes = Object.fromEntries(names.map((name) => [name, beyondLimit]))
  return (given: Attributes): Attributes => {
    const kept: Attributes = {}
    for (const name of names) {
      const value = labelValue(given, name)
      if (value !== '') kept[name] = value
    }
    const key = JSON.stringify(kept)
    if (known.has(key)) return kept
    if (known.size >= mostSeries) return beyond
    known.add(key)
    return kept
  }
}

const labelValue = (given: Attributes, name: string) => {
  const value = String(given[name] ?? '')
  const ofSql = name === 'db.operation.name' && given['db.system.name'] === 'postgresql'
  return ofSql ? statementKind(value) : value
}
