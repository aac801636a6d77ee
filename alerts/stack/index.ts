import type { RuleGroup } from '../alert.ts'
import { httpGroups } from '../http/index.ts'
import { jobGroups } from '../jobs/index.ts'
import { seldom, unhurried } from '../pace.ts'
import { postgresGroups } from '../postgres/index.ts'
import { probeGroups } from '../probe/index.ts'
import { redisGroups } from '../redis/index.ts'
import { reservationGroups } from '../reservations/index.ts'
import { securityGroups } from '../security/index.ts'
import { serviceGroups } from '../service/index.ts'
import {
  alertmanagerNotificationsFailing,
  alertmanagerReloadFailed,
  prometheusNotificationsDropped,
  prometheusQueueFilling,
  prometheusWithoutAlertmanager,
} from './alertmanager.ts'
import { coverageAlerts } from './coverage.ts'
import { hostDiskFilling, hostDiskNearlyFull, hostDiskReadonly, hostDiskStalled, hostInodesNearlyGone } from './disk.ts'
import { collectorFailing, collectorUnreliable, exporterMemoryHigh, surveyStale } from './exporter.ts'
import {
  hostClockAdrift,
  hostClockSkewed,
  hostCpuSaturated,
  hostMemoryLow,
  hostMemoryStalled,
  hostOutOfMemory,
} from './host.ts'
import {
  acknowledgementsUnseen,
  incidentDeliveriesFailing,
  incidentDeliveriesRefused,
  incidentsNotKept,
} from './incidents.ts'
import {
  prometheusReloadFailed,
  prometheusRuleFailing,
  prometheusRuleGroupSlow,
  prometheusRulesMissed,
  prometheusSamplesRejected,
  prometheusScrapeLimitHit,
} from './prometheus.ts'
import { prometheusRemoteWriteBehind, prometheusRemoteWriteFailing } from './remote-write.ts'
import { prometheusSeriesGrowing, prometheusStorageFailing, prometheusWalCorrupted } from './storage.ts'
import { systemDown } from './system.ts'
import { scrapeSlow, stackProgramRestarting, targetAbsent, targetDown, targetUnreliable } from './targets.ts'

const ownGroups: readonly RuleGroup[] = [
  { name: 'stack-system', rules: [systemDown] },
  { name: 'stack-targets', rules: [targetDown, targetUnreliable, scrapeSlow, stackProgramRestarting] },
  { name: 'stack-exporter', rules: [collectorFailing, surveyStale, exporterMemoryHigh] },
  // Of every collector of every target, over an hour.
  { name: 'stack-collectors', interval: unhurried, rules: [collectorUnreliable] },
  {
    name: 'stack-prometheus',
    rules: [
      prometheusRuleFailing,
      prometheusRuleGroupSlow,
      prometheusRulesMissed,
      prometheusReloadFailed,
      prometheusScrapeLimitHit,
      prometheusSamplesRejected,
    ],
  },
  { name: 'stack-remote-write', rules: [prometheusRemoteWriteBehind, prometheusRemoteWriteFailing] },
  {
    name: 'stack-alertmanager',
    rules: [
      prometheusNotificationsDropped,
      prometheusWithoutAlertmanager,
      prometheusQueueFilling,
      alertmanagerReloadFailed,
      alertmanagerNotificationsFailing,
    ],
  },
  {
    name: 'stack-incidents',
    rules: [acknowledgementsUnseen, incidentsNotKept, incidentDeliveriesFailing, incidentDeliveriesRefused],
  },
  {
    name: 'stack-host',
    rules: [hostMemoryLow, hostOutOfMemory, hostMemoryStalled, hostCpuSaturated, hostClockSkewed],
  },
  // Look back hours or a day.
  { name: 'stack-absence', interval: seldom, rules: [targetAbsent] },
  {
    name: 'stack-storage',
    interval: unhurried,
    rules: [prometheusStorageFailing, prometheusWalCorrupted, prometheusSeriesGrowing],
  },
  {
    name: 'stack-disk',
    interval: unhurried,
    rules: [
      hostDiskNearlyFull,
      hostDiskFilling,
      hostInodesNearlyGone,
      hostDiskReadonly,
      hostDiskStalled,
      hostClockAdrift,
    ],
  },
]

/** The promises are left out: what they count is watched by alerts of their own. */
const coverage = coverageAlerts([
  ...[
    httpGroups,
    serviceGroups,
    reservationGroups,
    postgresGroups,
    redisGroups,
    probeGroups,
    jobGroups,
    securityGroups,
  ].flat(),
  ...ownGroups,
])

/** All that tells of the stack itself, but for the heartbeat. */
export const stackGroups: readonly RuleGroup[] = [
  ...ownGroups,
  // Touches every series that rules read, and is in no hurry.
  { name: 'stack-coverage', interval: seldom, rules: coverage },
]
