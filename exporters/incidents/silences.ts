import { patternOf } from './pattern.ts'

type Labels = Readonly<Record<string, string>>

export interface Matcher {
  readonly name: string
  readonly value: string
  readonly isRegex: boolean
  readonly isEqual: boolean
}

/** Moments are milliseconds of Unix time. One that was deleted, or replaced by an edited one, ended at that moment. */
export interface Silence {
  readonly matchers: readonly Matcher[]
  readonly startsAt: number
  readonly endsAt: number
  readonly createdBy: string
}

interface Lasting {
  readonly labels: Labels
  readonly startsAt: number
  /** When somebody was first told of it. */
  readonly notifiedAt: number
  /** Until when it is known to have lasted. */
  readonly until: number
}

/**
 * Who was first to silence an alert in its time, and when: not before it fired. A silence from before, as for a deployment,
 * that was over by the time anybody was told is no answer: who made it cannot have known.
 */
export const acknowledgement = (
  silences: readonly Silence[],
  { labels, startsAt, notifiedAt, until }: Lasting,
): { readonly at: number; readonly by: string } | undefined => {
  const [first] = silences
    .filter((silence) => Math.max(silence.startsAt, startsAt) < Math.min(silence.endsAt, until))
    .filter((silence) => silence.startsAt >= startsAt || silence.endsAt > notifiedAt)
    .filter((silence) => covers(silence, labels))
    .toSorted((one, other) => one.startsAt - other.startsAt)
  return first && { at: Math.max(first.startsAt, startsAt), by: first.createdBy }
}

/** The silence that covers an alert now and lasts longest. */
export const coverOf = (silences: readonly Silence[], labels: Labels, now: number): Silence | undefined =>
  silences
    .filter(({ startsAt, endsAt }) => startsAt <= now && now < endsAt)
    .filter((silence) => covers(silence, labels))
    .toSorted((one, other) => other.endsAt - one.endsAt)[0]

/** As Alertmanager does it: every matcher, on the whole value; a label that is not there is an empty one. */
const covers = ({ matchers }: Silence, labels: Labels) =>
  matchers.length > 0 &&
  matchers.every(({ name, value, isRegex, isEqual }) => {
    const given = Object.hasOwn(labels, name) ? (labels[name] ?? '') : ''
    if (!isRegex) return isEqual === (value === given)
    const pattern = patternOf(value)
    return pattern !== undefined && isEqual === pattern.test(given)
  })
