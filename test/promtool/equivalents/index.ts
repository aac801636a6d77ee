import type { Equivalent } from '../equivalent.ts'
import { escalationEquivalents } from './escalation.ts'
import { httpEquivalents } from './http.ts'
import { postgresEquivalents } from './postgres.ts'
import { probeEquivalents } from './probe.ts'
import { promisesEquivalents } from './promises.ts'
import { redisEquivalents } from './redis.ts'
import { reservationsEquivalents } from './reservations.ts'
import { serviceEquivalents } from './service.ts'
import { stackEquivalents } from './stack.ts'

/** Every mutant that is no fault, with the reason. One that a case kills, or that is not planted, may not stand here. */
export const equivalents: readonly Equivalent[] = [
  ...promisesEquivalents,
  ...httpEquivalents,
  ...serviceEquivalents,
  ...reservationsEquivalents,
  ...postgresEquivalents,
  ...redisEquivalents,
  ...probeEquivalents,
  ...stackEquivalents,
  ...escalationEquivalents,
]
