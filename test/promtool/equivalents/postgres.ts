import type { Equivalent } from '../equivalent.ts'

export const postgresEquivalents: readonly Equivalent[] = []
