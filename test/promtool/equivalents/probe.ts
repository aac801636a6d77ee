import type { Equivalent } from '../equivalent.ts'

export const probeEquivalents: readonly Equivalent[] = []
