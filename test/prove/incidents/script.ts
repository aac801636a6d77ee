import type { SeverityName } from '../../../config/sla.ts'

/** Seconds since the play began. */
type Moment = number

/** A time in which an alert fires. */
export interface Firing {
  readonly labels: Readonly<Record<string, string>> & { readonly severity: SeverityName; readonly owner: string }
  /** When Alertmanager hears of it, and how many seconds it has fired by then. */
  readonly heard: Moment
  readonly age: number
  readonly over: Moment
}

export interface Matcher {
  readonly name: string
  readonly value: string
  readonly isRegex: boolean
}

/** Made, and sooner or later without effect. */
export interface Silence {
  readonly matchers: readonly Matcher[]
  readonly made: Moment
  /** Later than it is made where it was planned. */
  readonly begins: Moment
  readonly ends: Moment
  readonly by: 'itself' | 'deletion'
  /** When it is made longer, and until when it would have been. */
  readonly longer?: { readonly at: Moment; readonly first: Moment }
}

/** Alerts and silences that belong together. Other scenes have other alerts. */
export interface Scene {
  readonly kind: string
  readonly firings: readonly Firing[]
  readonly silences: readonly Silence[]
}

/** What happened to an alert, in milliseconds since 1970. */
export interface Fired {
  readonly labels: Firing['labels']
  readonly startsAt: number
  /** When Alertmanager had heard of it. */
  readonly heardAt: number
  readonly endsAt: number
}

export interface Silenced {
  readonly matchers: readonly Matcher[]
  readonly from: number
  readonly until: number
}

/** What happened in a scene. */
export interface Played {
  readonly kind: string
  readonly fired: readonly Fired[]
  readonly silenced: readonly Silenced[]
}

export const isCovered = (matchers: readonly Matcher[], labels: Readonly<Record<string, string>>) =>
  matchers.every(({ name, value, isRegex }) => {
    const found = labels[name] ?? ''
    return isRegex ? new RegExp(`^(?:${value})$`).test(found) : found === value
  })
