import type { Equivalent } from '../equivalent.ts'

/** The matcher keeps what is summed from being read as one table; such a sum has no other figure that is asked for. */
const ofTheRest = (alert: string, lacks: string): Equivalent => ({
  alert,
  mutant: 'without schemaname!=""',
  why: `the series that sums all other tables or indexes has no ${lacks}, without which nothing is found`,
})

export const postgresEquivalents: readonly Equivalent[] = [
  {
    alert: 'PostgresSequenceNearEnd',
    mutant: 'times 0.1: last_over_time(pg_sequence_used_ratio{schemaname!=""}[10m]) > 0.5',
    why: 'what is above its own 80 % is above a half, and above a twentieth: the half counts only where an override sets the threshold below it',
  },
  ofTheRest('PostgresTableBloat', 'ratio'),
  ofTheRest('PostgresIndexBloat', 'ratio'),
  ofTheRest('PostgresNotVacuumed', 'time of a vacuum'),
  ofTheRest('PostgresDeadRows', 'time of a vacuum'),
]
