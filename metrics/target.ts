import type { Matcher } from './metric.ts'

/** The labels that tell one target from another: `sum(x, target)` is a number for each server. */
export const target = ['job', 'instance'] as const

/** Of which instances a value is, where not of all. */
export interface OfInstance {
  readonly instance?: string | Matcher
}
