import { scrapeInterval } from '../config/targets.ts'
import type { Duration } from '../metrics/promql.ts'
import { formatDuration, parseDuration, roundStep } from './duration.ts'
import type { Query } from './query.ts'

/**
 * Each point costs Prometheus the whole window, of a day 5,760 samples of every series, and two that are a three-hundredth of it
 * apart have all but as much of it in common: a point in five minutes of a day, in half an hour of a week, in two hours of a month.
 */
const pointsInWindow = 300

const milliseconds = (duration: string) => parseDuration(duration) ?? 0

/** How far back it looks at each point, in milliseconds; what Grafana fills in grows with the step by itself. */
const longestIn = (promql: string): number => {
  // A label's value may hold brackets as well.
  const bare = promql.replace(/"(?:[^"\\]|\\.)*"/g, '')
  return Math.max(0, ...[...bare.matchAll(/\[(\w+)/g)].map(([, window = '']) => milliseconds(window)))
}

export interface Spaced {
  /** A point for each so much time at most, however wide the chart: of what changes slowly, or is dear to ask for. */
  readonly finest?: Duration
  /** A point for each so much time at least, unless that is finer than `finest`, however far back its queries look. */
  readonly coarsest?: Duration
}

/** The least time between two points of a chart, where that is more than between two scrapes. */
export const intervalOf = (queries: readonly Query[], { finest, coarsest }: Spaced): string | undefined => {
  const wished = roundStep(Math.max(...queries.map(({ expr }) => longestIn(expr))) / pointsInWindow)
  const granted = coarsest ? Math.min(wished, milliseconds(coarsest)) : wished
  const interval = Math.max(granted, finest ? milliseconds(finest) : 0)
  return interval > milliseconds(scrapeInterval) ? formatDuration(interval) : undefined
}
