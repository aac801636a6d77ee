import type { Equivalent } from '../equivalent.ts'

export const promisesEquivalents: readonly Equivalent[] = []
