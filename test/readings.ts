import { printed } from '../exporters/exposition.ts'
import { isTable, type Reading } from '../exporters/reading.ts'
import type { Definition, Sample } from '../metrics/metric.ts'

/** Every series by itself. */
export const samplesOf = (readings: readonly Reading[]): readonly Sample[] =>
  readings.flatMap((reading) => {
    if (!isTable(reading)) return [reading]
    return reading.metrics.flatMap(([metric, column]) =>
      reading.rows.flatMap((row) => {
        const value = row[column]
        if (value === null || value === undefined) return []
        const labels = Object.fromEntries(reading.labels.map(([name, place]) => [name, String(row[place] ?? '')]))
        return [{ metric, value: Number(value), labels }]
      }),
    )
  })

/** As Prometheus reads them. */
export const textOf = (readings: readonly Reading[], open = false) => [...printed(readings, { open })].join('')

/** The series of a metric that have these labels, whatever others. */
export const having = (
  samples: readonly Sample[],
  { name }: Pick<Definition, 'name'>,
  labels: Readonly<Record<string, string>> = {},
) =>
  samples.filter(
    (sample) =>
      sample.metric.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
  )
