import type { Equivalent } from '../equivalent.ts'

export const serviceEquivalents: readonly Equivalent[] = []
