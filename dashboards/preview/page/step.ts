import type { TimeRange } from './times.ts'

/** Prometheus refuses a series of more points. */
export const mostPoints = 11_000

const s = 1000
const [m, h, d] = [60 * s, 3600 * s, 86_400 * s]

/** Up to which length a step is rounded to what; Grafana's own table, so that both draw the same points. */
const rounded: readonly (readonly [below: number, step: number])[] = [
  [10, 1],
  [15, 10],
  [35, 20],
  [75, 50],
  [150, 100],
  [350, 200],
  [750, 500],
  [1.5 * s, s],
  [3.5 * s, 2 * s],
  [7.5 * s, 5 * s],
  [12.5 * s, 10 * s],
  [17.5 * s, 15 * s],
  [25 * s, 20 * s],
  [45 * s, 30 * s],
  [1.5 * m, m],
  [3.5 * m, 2 * m],
  [7.5 * m, 5 * m],
  [12.5 * m, 10 * m],
  [17.5 * m, 15 * m],
  [25 * m, 20 * m],
  [45 * m, 30 * m],
  [1.5 * h, h],
  [2.5 * h, 2 * h],
  [4.5 * h, 3 * h],
  [9 * h, 6 * h],
  [d, 12 * h],
  [7 * d, d],
  [21 * d, 7 * d],
]

export const roundStep = (milliseconds: number): number =>
  rounded.find(([below]) => milliseconds < below)?.[1] ?? (milliseconds < 365 * d ? 30 * d : 365 * d)

interface Sought {
  readonly range: TimeRange
  /** As many as the panel has pixels. */
  readonly points: number
  /** The query's own least step, or what Prometheus scrapes by. */
  readonly least: number
}

/** The step of a range query, in milliseconds: a point a pixel, never finer than the least, never too many points. */
export const stepOf = ({ range: { from, to }, points, least }: Sought): number => {
  const wished = Math.max(roundStep((to - from) / Math.max(points, 1)), least)
  const possible = roundStep((to - from) / mostPoints)
  return Math.max(wished, possible)
}

/** `$__rate_interval`: always long enough for two scrapes, wherever they fall. */
export const rateInterval = (step: number, scrape: number): number => Math.max(step + scrape, 4 * scrape)

/** On multiples of the step, so that a refresh asks for the same moments again and lines do not jitter. */
export const align = ({ from, to }: TimeRange, step: number): TimeRange => ({
  from: Math.floor(from / step) * step,
  to: Math.floor(to / step) * step,
})
