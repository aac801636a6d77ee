import { parseDuration } from '../../../dashboards/duration.ts'
import type { Dashboard } from '../../../dashboards/model.ts'
import { reachesIn } from '../scale/reach.ts'
import { asksOf, sentFor } from './cost.ts'

/** The range that a dashboard opens with, in hours. */
export const openedWith = ({ uid, json }: Pick<Dashboard, 'uid' | 'json'>): number => {
  const range = parseDuration(/^now-(\w+)$/.exec(json.time?.from ?? '')?.[1] ?? '')
  if (range === undefined) throw new Error(`${uid} opens with ${json.time?.from}, which is no range until now`)
  return range / 3_600_000
}

/** A dashboard, and the range that it is asked for. */
export interface Opened {
  readonly dashboard: Pick<Dashboard, 'uid' | 'json'>
  readonly hours: number
}

/** How far before now Prometheus reads each name for these, in seconds: the range, and all that the first point looks back. */
export const depthsOf = (opened: readonly Opened[]): ReadonlyMap<string, number> => {
  const depths = new Map<string, number>()
  for (const { dashboard, hours } of opened) {
    for (const ask of asksOf(dashboard).flatMap(({ asked }) => asked)) {
      const { query, from, to } = sentFor(ask, { end: 0, hours })
      const range = ask.isRange ? (to - from) / 1000 : 0
      for (const { name, seconds } of reachesIn(query)) {
        depths.set(name, Math.max(depths.get(name) ?? 0, range + seconds))
      }
    }
  }
  return depths
}
