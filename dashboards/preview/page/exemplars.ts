import type { ExemplarAnswer } from './api.ts'
import { type Labels, toNumber } from './results.ts'

/** One request of those that a series counts. */
export interface Exemplar {
  /** Of the query that it belongs to. */
  readonly refId: string
  /** In milliseconds. */
  readonly time: number
  readonly value: number
  /** Those that name it, such as the id of its trace. */
  readonly labels: Labels
  /** Of the series that counted it. */
  readonly series: Labels
}

export const toExemplars = (answer: readonly ExemplarAnswer[], refId: string): readonly Exemplar[] =>
  answer.flatMap(({ seriesLabels, exemplars }) =>
    exemplars.map(({ labels, value, timestamp }) => ({
      refId,
      time: timestamp * 1000,
      value: toNumber(value),
      labels,
      series: seriesLabels,
    })),
  )

const deviation = (values: readonly number[]) => {
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length))
}

/** As Grafana does it: of one step the slowest, and then only those that are clearly faster than the one before. */
export const thinned = (all: readonly Exemplar[], step: number): readonly Exemplar[] => {
  const apart = 2 * deviation(all.map(({ value }) => value))
  const steps = new Map<number, Exemplar[]>()
  for (const one of all) {
    const place = Math.floor(one.time / step)
    steps.set(place, [...(steps.get(place) ?? []), one])
  }
  return [...steps.values()].flatMap((within) => {
    const kept: Exemplar[] = []
    for (const one of within.toSorted((a, b) => b.value - a.value)) {
      const last = kept.at(-1)
      if (!last || last.value - one.value > apart) kept.push(one)
    }
    return kept
  })
}
