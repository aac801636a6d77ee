import type { Definition, Sample } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import type { Redis } from './source.ts'

/** A metric filled from one field of INFO, without labels of its own. */
interface FieldMetric extends Definition {
  readonly labels: readonly never[]
  sample(value: number): Sample
}

/** A collector that fills each metric from the field it stands under. A field that this server does not have is left out. */
export const fieldCollector = (name: string, fields: Readonly<Record<string, FieldMetric>>): Collector<Redis> => ({
  name,
  metrics: Object.values(fields),
  async collect({ info }) {
    const found = await info()
    return Object.entries(fields).flatMap(([field, metric]) => {
      const value = Number.parseFloat(found.get(field) ?? '')
      return Number.isNaN(value) ? [] : [metric.sample(value)]
    })
  },
})

const peer = 'redis_exporter'
/** The arguments of a definition named as redis_exporter names it. */
export const theirs = (name: string, help: string) => ({ name: `redis_${name}`, peer, help }) as const
