import type { Asked } from './asked.ts'

const further = 'it looks back further than the minutes that were lived'
const well = 'it tells of something that is wrong, and nothing is'
const small = 'it leaves out what is as small as all that is fed'
const apart = 'it joins values of labels that are not fed together'

/** Panels of which one query has no answer, and why. Two empty answers are alike, and prove nothing. */
export const reasonsForNone: Readonly<Record<string, string>> = {
  'techplus-on-call: Alerts, and who answered': apart,
  'techplus-postgres-tables: Not read in this range': well,
  'techplus-postgres-maintenance: Dead rows': small,
  'techplus-jobs: Jobs, and their last runs': apart,
  'techplus-stack: Collectors that fail': well,
  'techplus-alerts-promises: ApiReachableUnknown': well,
  'techplus-alerts-http: HttpTrafficDropped': further,
  'techplus-alerts-http: HttpRouteFailing': apart,
  'techplus-alerts-http: HttpRouteSlow': small,
  'techplus-alerts-service: MemoryGrowing': further,
  'techplus-alerts-service: HandlesLeaking': further,
  'techplus-alerts-postgres: PostgresSplitBrain': well,
  'techplus-alerts-postgres: PostgresRoleConnectionsNearLimit': apart,
  'techplus-alerts-postgres: PostgresIdleInTransaction': apart,
  'techplus-alerts-postgres: PostgresNotAnalyzed': small,
  'techplus-alerts-postgres: PostgresStandbyGone': further,
  'techplus-alerts-postgres: PostgresSequenceRunsOut': well,
  'techplus-alerts-postgres: PostgresDatabaseGrows': further,
  'techplus-alerts-redis: RedisKeysWithoutExpiry': further,
  'techplus-alerts-redis: RedisReplicaLost': further,
  'techplus-alerts-redis: RedisRoleChanged': well,
  'techplus-alerts-stack: SystemDown': well,
  'techplus-alerts-stack: HostOutOfMemory': further,
  'techplus-alerts-stack: TargetAbsent': well,
  'techplus-alerts-stack: MetricsAbsent': further,
  'techplus-alerts-stack: OutageAftermath': well,
}

/** Panels of which it is two: what is, and what it was. */
const twice: readonly string[] = ['techplus-alerts-http: HttpRouteSlow']

/** A panel shows an alert for each of what it is about: `MetricsAbsent of redis`. */
const titleOf = (name: string) => name.replace(/(: (?:MetricsAbsent|OutageAftermath)) of .+$/, '$1')

/** Queries of panels that have no answer, and no reason for that. */
export const unexplained = (
  found: readonly { readonly one: Asked; readonly answered: boolean }[],
): readonly Asked[] => {
  const seen = new Map<string, number>()
  return found.flatMap(({ one, answered }) => {
    if (answered || !one.name.startsWith('techplus-')) return []
    const count = (seen.get(one.name) ?? 0) + 1
    seen.set(one.name, count)
    const excused = titleOf(one.name) in reasonsForNone ? (twice.includes(one.name) ? 2 : 1) : 0
    return count > excused ? [one] : []
  })
}
