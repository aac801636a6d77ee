import type { Target } from './model.ts'
import type { TimeRange } from './times.ts'

export type Labels = Readonly<Record<string, string>>
type Point = readonly [seconds: number, value: string]

/** What `query` and `query_range` answer. */
export type Answer =
  | {
      readonly resultType: 'matrix'
      readonly result: readonly { readonly metric: Labels; readonly values?: readonly Point[] }[]
    }
  | { readonly resultType: 'vector'; readonly result: readonly { readonly metric: Labels; readonly value?: Point }[] }
  | { readonly resultType: 'scalar' | 'string'; readonly result: Point }

/** A line of a graph: as many values as times, null where there was none. */
export interface Series {
  readonly kind: 'series'
  readonly refId: string
  readonly name: string
  readonly labels: Labels
  /** Milliseconds since 1970. */
  readonly times: readonly number[]
  readonly values: readonly (number | null)[]
  /** Milliseconds between two points; 0 where there is but one. */
  readonly step: number
}

/** A row per series and moment: time, each label, the value. */
export interface Rows {
  readonly kind: 'rows'
  readonly refId: string
  readonly columns: readonly { readonly name: string; readonly values: readonly (string | number | null)[] }[]
}

/** As Prometheus writes a series: `up{job="api"}`. */
export const seriesName = ({ __name__ = '', ...labels }: Labels): string => {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`)
  return pairs.length > 0 || !__name__ ? `${__name__}{${pairs.join(', ')}}` : __name__
}

/** `{{method}} {{route}}` with the labels of a series; a label it has not is left out. */
export const legend = (format: string | undefined, labels: Labels, expr: string): string => {
  if (format && format !== '__auto') {
    return format.replace(/\{\{\s*([^}]+?)\s*\}\}/g, (_whole, label: string) => labels[label] ?? '')
  }
  const name = seriesName(labels)
  return name === '{}' ? expr : name
}

/** Prometheus writes what JSON cannot hold: NaN, +Inf, -Inf. */
export const toNumber = (text: string): number =>
  text === '+Inf' ? Number.POSITIVE_INFINITY : text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text)

type Sample = { readonly labels: Labels; readonly points: readonly Point[] }

const samplesOf = (answer: Answer): readonly Sample[] => {
  if (answer.resultType === 'matrix') {
    return answer.result.map(({ metric, values = [] }) => ({ labels: metric, points: values }))
  }
  if (answer.resultType === 'vector') {
    return answer.result.map(({ metric, value }) => ({ labels: metric, points: value ? [value] : [] }))
  }
  return [{ labels: {}, points: [answer.result] }]
}

/** Every moment of the period has a place, so that a gap in the answer is a gap in the line. */
const onGrid = (points: readonly Point[], { from, to }: TimeRange, step: number) => {
  const count = Math.floor((to - from) / step) + 1
  const times = Array.from({ length: count }, (_, index) => from + index * step)
  const values = new Array<number | null>(count).fill(null)
  for (const [seconds, text] of points) {
    const place = Math.round((seconds * 1000 - from) / step)
    if (place >= 0 && place < count) values[place] = toNumber(text)
  }
  return { times, values }
}

interface Asked {
  readonly target: Target
  /** With everything put in, as it was sent. */
  readonly expr: string
  readonly range: TimeRange
  readonly step: number
}

export const toSeries = (answer: Answer, { target, expr, range, step }: Asked): readonly Series[] =>
  samplesOf(answer).map(({ labels, points }) => ({
    kind: 'series',
    refId: target.refId ?? '',
    name: legend(target.legendFormat, labels, expr),
    labels,
    ...(answer.resultType === 'matrix'
      ? { ...onGrid(points, range, step), step }
      : {
          times: points.map(([seconds]) => seconds * 1000),
          values: points.map(([, text]) => toNumber(text)),
          step: 0,
        }),
  }))

/** `value` names the last column: `Value`, or `Value #A` where several queries stand in one table. */
export const toRows = (answer: Answer, refId: string, value: string): Rows => {
  const rows = samplesOf(answer).flatMap(({ labels, points }) => points.map((point) => ({ labels, point })))
  const labels = [...new Set(rows.flatMap((row) => Object.keys(row.labels)))].sort()
  return {
    kind: 'rows',
    refId,
    columns: [
      { name: 'Time', values: rows.map(({ point: [seconds] }) => seconds * 1000) },
      ...labels.map((name) => ({ name, values: rows.map((row) => row.labels[name] ?? null) })),
      { name: value, values: rows.map(({ point: [, text] }) => toNumber(text)) },
    ],
  }
}
