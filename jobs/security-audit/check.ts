import type { CheckName } from '../../config/security.ts'
import type { Definition, Sample } from '../../metrics/metric.ts'

/** Something that is not as it should be. It may name files, ports and roles; no secret. */
export interface Finding {
  readonly what: string
  /** What to do about it. */
  readonly remedy: string
}

/** What a check saw. */
export interface Seen {
  readonly findings: readonly Finding[]
  /** What could not be looked at, and why: with one of these the check says nothing of what it did not find. */
  readonly failures: readonly string[]
  /** What was looked at, and what is not looked at on purpose. */
  readonly notes: readonly string[]
  readonly samples: readonly Sample[]
}

export interface Look {
  readonly signal: AbortSignal
  /** It gets on. */
  progress(): void
}

export interface Check {
  readonly name: CheckName
  /** What it looks at, a line each. */
  readonly subjects: readonly string[]
  /** Changes nothing. A failure to begin may be thrown, one on the way belongs to `failures`. */
  look(look: Look): Promise<Seen>
}

/** A check that does not apply here, and why. */
export interface LeftOut {
  readonly name: CheckName
  readonly leftOut: string
}

export type Planned = Check | LeftOut

export const isLeftOut = (one: Planned): one is LeftOut => 'leftOut' in one

/** What several looks saw together. */
export const together = (all: readonly Seen[]): Seen => ({
  findings: all.flatMap(({ findings }) => findings),
  failures: all.flatMap(({ failures }) => failures),
  notes: all.flatMap(({ notes }) => notes),
  samples: all.flatMap(({ samples }) => samples),
})

interface Counted extends Definition {
  sample(value: number): Sample
}

/** A count that says nothing where it is 0 because not everything could be looked at. */
export const counted = (metric: Counted, count: number, failures: readonly string[]): readonly Sample[] =>
  count === 0 && failures.length > 0 ? [] : [metric.sample(count)]
