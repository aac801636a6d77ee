import type { Equivalent } from '../equivalent.ts'

export const redisEquivalents: readonly Equivalent[] = []
