import { overrides } from '../config/overrides.ts'
import { type Alert, isAlert, type RuleGroup } from './alert.ts'
import { httpGroups } from './http/index.ts'
import { jobGroups } from './jobs/index.ts'
import { escalationGroups, ladderFaults } from './ladder.ts'
import { overrideFaults } from './overrides.ts'
import { postgresGroups } from './postgres/index.ts'
import { probeGroups } from './probe/index.ts'
import { promiseFaults } from './promise-faults.ts'
import { promiseGroups } from './promises.ts'
import { redisGroups } from './redis/index.ts'
import { reservationGroups } from './reservations/index.ts'
import { routeFaults } from './route-faults.ts'
import { securityGroups } from './security/index.ts'
import { serviceGroups } from './service/index.ts'
import { aftermathGroup } from './stack/aftermath.ts'
import { heartbeatGroup } from './stack/heartbeat.ts'
import { stackGroups } from './stack/index.ts'

/** All that tells of a fault; what tells that nobody responds to it is made of these. */
const everyFault = () =>
  ({
    promises: promiseGroups(),
    http: httpGroups,
    service: serviceGroups,
    reservations: reservationGroups,
    postgres: postgresGroups,
    redis: redisGroups,
    probe: probeGroups,
    jobs: jobGroups,
    security: securityGroups,
    stack: [...stackGroups, aftermathGroup, heartbeatGroup],
  }) satisfies Readonly<Record<string, readonly RuleGroup[]>>

/** Every rule by the file it is written to, alerts that are switched off among them. */
export const everyRule = () => {
  const faults = everyFault()
  return { ...faults, escalation: escalationGroups(alertsOf(Object.values(faults).flat())) }
}

/** What alerts are about, each in a file of its own. */
export type Subject = keyof ReturnType<typeof everyRule>

/** Alerts among rules. */
export const alertsOf = (groups: readonly RuleGroup[]): readonly Alert[] =>
  groups.flatMap(({ rules }) => rules.filter(isAlert))

/** Every alert, those that are switched off among them. */
export const everyAlert = (): readonly Alert[] => alertsOf(Object.values(everyRule()).flat())

const watched = ({ rules, ...group }: RuleGroup): readonly RuleGroup[] => {
  const left = rules.filter((rule) => !(isAlert(rule) && rule.override?.off))
  return left.length > 0 ? [{ ...group, rules: left }] : []
}

const refuse = (faults: readonly string[]) => {
  if (faults.length > 0) throw new Error(faults.join('\n'))
}

/**
 * Every rule that is watched, by the file it is written to.
 * @throws Error with a line for each fault of `config/`: it names the file, the key, and what to write instead
 */
export const ruleFiles = (): Readonly<Record<Subject, readonly RuleGroup[]>> => {
  // First: of what cannot be watched no rule can be made.
  refuse(promiseFaults())
  const every = everyRule()
  const alerts = alertsOf(Object.values(every).flat())
  refuse([...ladderFaults(alerts), ...overrideFaults(alerts, overrides), ...routeFaults(alerts)])
  const { promises, http, service, reservations, postgres, redis, probe, jobs, security, stack, escalation } = every
  const of = (groups: readonly RuleGroup[]) => groups.flatMap(watched)
  return {
    promises: of(promises),
    http: of(http),
    service: of(service),
    reservations: of(reservations),
    postgres: of(postgres),
    redis: of(redis),
    probe: of(probe),
    jobs: of(jobs),
    security: of(security),
    stack: of(stack),
    escalation: of(escalation),
  }
}
