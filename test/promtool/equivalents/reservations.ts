import type { Equivalent } from '../equivalent.ts'

export const reservationsEquivalents: readonly Equivalent[] = []
