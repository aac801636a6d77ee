import { targets } from '../../config/targets.ts'
import type { Collector, Vitals } from '../../exporters/collector.ts'
import * as incidents from '../../exporters/incidents/metrics.ts'
import { jobsCollectors, jobsVitals } from '../../exporters/jobs/index.ts'
import { postgresCollectors, postgresVitals } from '../../exporters/postgres/index.ts'
import { redisCollectors, redisVitals } from '../../exporters/redis/index.ts'
import { reservationsCollectors, reservationsVitals } from '../../exporters/reservations/index.ts'
import { definitionsIn, serviceMetrics } from '../../exporters/service/metrics.ts'
import { processStartTime, residentMemory } from '../../exporters/service/runtime/runtime-metrics.ts'
import * as alertmanager from '../../metrics/foreign/alertmanager.ts'
import * as node from '../../metrics/foreign/node.ts'
import * as probe from '../../metrics/foreign/probe.ts'
import * as prometheus from '../../metrics/foreign/prometheus.ts'
import { remoteSamples, remoteSamplesFailed, remoteShards } from '../../metrics/foreign/remote-write.ts'
import { up } from '../../metrics/foreign.ts'
import type { Definition, TargetLabel } from '../../metrics/metric.ts'
import { presenceOf, seriesNameOf } from '../../metrics/presence.ts'
import { and, type Expr, eq, min, minOverTime, or, unless } from '../../metrics/promql.ts'
import { target as on } from '../../metrics/target.ts'
import { type Alert, alert, type RuleGroup } from '../alert.ts'

interface Job {
  readonly job: string
  readonly metrics: readonly Definition[]
  /** 0 while a target answers and has not all to tell, for a reason that has an alert of its own. */
  readonly tells?: readonly Expr<TargetLabel>[]
}

const read = <Reader>(job: string, vitals: Vitals, collectors: readonly Collector<Reader>[]): Job => ({
  job,
  metrics: [...Object.values(vitals), ...collectors.flatMap(({ metrics }) => metrics)],
  tells: [minOverTime(vitals.up, '5m'), min(minOverTime(vitals.success, '15m'), ['job', 'instance'])],
})
const ofProcess = [processStartTime, residentMemory]

/** Everything that is served, by the job that scrapes it. */
const jobs: readonly Job[] = [
  { job: 'api', metrics: serviceMetrics.flatMap(({ metrics }) => metrics) },
  { job: 'probe', metrics: definitionsIn(probe), tells: [minOverTime(probe.probeSuccess, '5m')] },
  read('postgres', postgresVitals, postgresCollectors(targets.main)),
  read('reservations', reservationsVitals, reservationsCollectors()),
  read('redis', redisVitals, redisCollectors()),
  read('jobs', jobsVitals, jobsCollectors()),
  { job: 'prometheus', metrics: [...definitionsIn(prometheus), ...ofProcess] },
  // Of one that never sent anything, Prometheus up to 2.53 has no time of the newest.
  { job: 'agent', metrics: [remoteShards, remoteSamples, remoteSamplesFailed, ...ofProcess] },
  { job: 'alertmanager', metrics: [...definitionsIn(alertmanager), ...ofProcess] },
  { job: 'node', metrics: [...definitionsIn(node), ...ofProcess] },
  { job: 'exporter', metrics: ofProcess },
  { job: 'incidents', metrics: [...definitionsIn(incidents), ...ofProcess] },
]

/**
 * What there is always one of, once there was: a database, a mode of locks, a pool, a processor. A metric of tables, sessions or
 * standbys may rightly have no series at all, and is left out.
 */
const steady = new Set([
  ...['datname', 'datid', 'mode', 'state', 'check', 'pool', 'system_identifier'],
  ...['result', 'cpu', 'device', 'fstype', 'mountpoint', 'rule_group', 'integration', 'remote_name', 'url'],
])

const wordsOf = (groups: readonly RuleGroup[]) =>
  new Set(groups.flatMap(({ rules }) => rules.flatMap(({ expr }) => expr.match(/[a-zA-Z_]\w*/g) ?? [])))

/** Those that rules read, and whose absence means something, by name: in what order a module has them depends on who loads it. */
const inUse = ({ metrics }: Job, words: ReadonlySet<string>): readonly Definition[] =>
  metrics
    .filter((one) => words.has(seriesNameOf(one)) && one.labels.every((label) => steady.has(label)))
    .toSorted((one, other) => (seriesNameOf(one) < seriesNameOf(other) ? -1 : 1))

/**
 * There an hour, six or 24 ago, and gone. So it is told of for a day, and neither of what this server never had (a standby's lag,
 * a certificate), nor by looking at a whole day of every series.
 */
const vanished = ({ job, tells = [] }: Job, metrics: readonly Definition[]) => {
  const before = (offset: '1h' | '6h' | '1d') => presenceOf(metrics, job, { offset })
  const gone = unless(or(or(before('1h'), before('6h')), before('1d')), presenceOf(metrics, job))
  const scraped = and(gone, eq(minOverTime(up.where({ job }), '5m'), 1), { on })
  return tells.reduce((left, one) => unless(left, eq(one, 0), { on }), scraped)
}

const metricsAbsent = (one: Job, metrics: readonly Definition[]): Alert =>
  alert({
    name: 'MetricsAbsent',
    id: `MetricsAbsent of ${one.job}`,
    expr: vanished(one, metrics),
    for: '15m',
    severity: 'medium',
    owner: 'platform',
    // Prometheus takes two alerts of one name for the same rule, unless their labels differ.
    labels: { served_by: one.job },
    summary: ({ label }) =>
      `${label('job')}/${label('instance')} no longer has ${label('metric')}: alerts that read it cannot fire`,
    action:
      'See whether it was renamed or left out by an upgrade of what serves it. Then the rules have to follow: search alerts/ for it.',
    runbook: {
      meaning:
        `A metric that alerts read was served by ${one.job} within the last day and is no longer, while the target answers and no collector fails. ` +
        'PromQL takes what is absent for quiet: no other alert would tell.',
      impact: 'The alerts that read this metric are blind until it is back.',
      diagnosis: [
        {
          look: 'Which metrics of the target there are now, by name',
          shell: `curl -sG http://127.0.0.1:9090/api/v1/label/__name__/values --data-urlencode 'match[]={job="${one.job}"}' | jq -r '.data[]'`,
        },
        { look: 'Which alerts read it (put in its name)', shell: 'grep -rn METRIC compose/generated/prometheus/rules' },
        { look: 'What was started or upgraded lately', shell: 'docker compose ps -a; git log --oneline -10' },
      ],
      mitigation: [
        'An upgrade renamed it: name the new one in the collector or in metrics/foreign/, and npm run generate.',
        'What it tells of is gone for good, such as a pool or a check: nothing to do, it ends after a day. Silence it until then.',
        'A grant was taken away: the log of the exporter names it.',
      ],
    },
  })

/** One for each job of which `groups` read anything that is always there. */
export const coverageAlerts = (groups: readonly RuleGroup[]): readonly Alert[] => {
  const words = wordsOf(groups)
  return jobs.flatMap((one) => {
    const metrics = inUse(one, words)
    return metrics.length > 0 ? [metricsAbsent(one, metrics)] : []
  })
}
