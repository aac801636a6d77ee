import type { Alert } from '../../../alerts/alert.ts'
import type { Duration } from '../../../metrics/promql.ts'
import type { Case, Firing } from '../case.ts'
import { type InputSeries, scraped } from '../series.ts'

interface Trial {
  readonly about: Alert
  /** The fault. */
  readonly fault: readonly InputSeries[]
  /** When it is told, and when it is there but not yet told. */
  readonly at: Duration
  readonly early: Duration
  /** What is said, on top of the target's labels. */
  readonly says?: Pick<Firing, 'value'> & { readonly labels?: Readonly<Record<string, string>> }
  /** What is no fault: by the words that follow `is quiet`. */
  readonly quiet: Readonly<Record<string, readonly InputSeries[]>>
}

/** That the alert fires for its fault, not before its time, and not for what only looks like it. */
export const trial = ({ about, fault, at, early, says: { labels, ...says } = {}, quiet }: Trial): readonly Case[] => [
  {
    name: `${about.alert} fires`,
    about,
    series: fault,
    at,
    fires: [{ rule: about, labels: labels ?? scraped.redis, ...says }],
  },
  { name: `${about.alert} waits first`, about, series: fault, at: early, fires: [] },
  ...Object.entries(quiet).map(([words, series]) => ({
    name: `${about.alert} is quiet ${words}`,
    about,
    series,
    at,
    fires: [],
  })),
]

/** Labels on top of the target's. */
export const labelled = (labels: Readonly<Record<string, string>>) => ({ ...scraped.redis, ...labels })

/** A value that stays as it is for two hours. */
export const steady = (value: number) => `${value}x120`
/** A counter that rises by as much each minute. */
export const perMinute = (value: number) => `0+${value}x120`
