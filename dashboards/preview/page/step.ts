import { roundStep } from '../../duration.ts'
import type { TimeRange } from './times.ts'

/** Prometheus refuses a series of more points. */
export const mostPoints = 11_000

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
