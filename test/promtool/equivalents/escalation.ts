import type { Equivalent } from '../equivalent.ts'

export const escalationEquivalents: readonly Equivalent[] = []
