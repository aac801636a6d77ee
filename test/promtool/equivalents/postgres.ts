import type { Equivalent } from '../equivalent.ts'

export const postgresEquivalents: readonly Equivalent[] = [
  {
    alert: 'PostgresSequenceNearEnd',
    mutant: 'times 0.1: last_over_time(pg_sequence_used_ratio{schemaname!=""}[10m]) > 0.5',
    why: 'what is above its own 80 % is above a half, and above a twentieth: the half counts only where an override sets the threshold below it',
  },
]
