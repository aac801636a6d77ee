import type { Equivalent } from '../equivalent.ts'

export const httpEquivalents: readonly Equivalent[] = []
