import type { Equivalent } from '../equivalent.ts'

export const stackEquivalents: readonly Equivalent[] = []
