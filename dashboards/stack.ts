import { boundary } from '../alerts/alert.ts'
import { hostDiskNearlyFull } from '../alerts/stack/disk.ts'
import { exporterMemoryHigh } from '../alerts/stack/exporter.ts'
import { hostCpuSaturated, hostMemoryLow } from '../alerts/stack/host.ts'
import { prometheusRuleGroupSlow } from '../alerts/stack/prometheus.ts'
import { scrapeSlow, targetUnreliable } from '../alerts/stack/targets.ts'
import { everyKind } from '../exporters/index.ts'
import { residentMemory } from '../exporters/service/runtime/runtime-metrics.ts'
import {
  cpuSeconds,
  filesystemAvailable,
  filesystemSize,
  headSeries,
  ioStalled,
  memoryAvailable,
  memoryStalled,
  memoryTotal,
  notificationQueueLength,
  notificationsDropped,
  ruleFailures,
  ruleGroupDuration,
  ruleGroupInterval,
  ruleIterationsMissed,
  samplesScraped,
  scrapeDuration,
  up,
} from '../metrics/foreign.ts'
import { not } from '../metrics/metric.ts'
import {
  avg,
  avgOverTime,
  complement,
  count,
  div,
  type Expr,
  eq,
  increase,
  instant,
  max,
  min,
  or,
  rate,
  sum,
  topk,
} from '../metrics/promql.ts'
import { upOrDown } from './colour.ts'
import { dashboard, row } from './dashboard.ts'
import { stat, timeseries } from './panel.ts'
import { type Quoted, series } from './query.ts'
import { uids } from './uids.ts'

const window = '$__rate_interval'
const place = ['job', 'instance'] as const
const nameOf = ({ label }: Quoted<(typeof place)[number]>) => `${label('job')}/${label('instance')}`

type Of = 'collector' | (typeof place)[number]
/** Every kind of target has names of its own for them. */
const ofEachKind = (ask: (vitals: ReturnType<typeof everyKind>[number]['vitals']) => Expr<Of>): Expr<Of> =>
  everyKind()
    .map(({ vitals }) => ask(vitals))
    .reduce((all, one) => or(all, one))
const failing = ofEachKind(({ success }) => count(eq(instant(success), 0), ['collector', ...place]))
const durations = ofEachKind(({ duration }) => max(instant(duration), ['collector', ...place]))

const watched = row('Is everything watched?', [
  stat({
    title: 'Targets',
    description: 'What Prometheus scrapes. DOWN: what it watches is not watched now, and nothing is known of it.',
    width: 24,
    height: 5,
    unit: 'plain',
    queries: [series(min(instant(up), place), nameOf)],
    names: upOrDown,
  }),
  timeseries({
    title: 'Time of a scrape',
    description: 'How long each takes. From the line on somebody is told: soon it is too long, and the target is DOWN.',
    width: 8,
    unit: 'seconds',
    min: 0,
    queries: [series(max(instant(scrapeDuration), place), nameOf)],
    limits: [{ from: boundary(scrapeSlow), is: 'warning' }],
  }),
  timeseries({
    title: 'Scrapes that failed',
    description: 'Share of the last hour. Each leaves a gap in graphs, and alerts that wait begin to wait again.',
    width: 8,
    unit: 'share',
    min: 0,
    queries: [series(complement(avgOverTime(up, '1h')), nameOf)],
    limits: [{ from: boundary(targetUnreliable), is: 'warning' }],
  }),
  timeseries({
    title: 'Collectors that fail',
    description:
      'Parts of the exporter that could not read what they are for, most often for want of a right: its log says which grant mends it.',
    width: 8,
    unit: 'count',
    min: 0,
    queries: [
      series(failing, ({ label }) => `${label('collector')} of ${label('job')}/${label('instance')}`, {
        emptyWhen: 'Every collector succeeds, or the exporter was not scraped',
      }),
    ],
  }),
])

const cost = row('What does watching cost?', [
  timeseries({
    title: 'Series by target',
    description: 'Series of the last scrape. One that grows without end has a label that it should not have.',
    width: 6,
    unit: 'count',
    min: 0,
    queries: [series(sum(instant(samplesScraped), place), nameOf)],
    stack: true,
  }),
  timeseries({
    title: 'Series in Prometheus',
    description: 'Series that were written to within the last hours: its memory follows them.',
    width: 6,
    unit: 'count',
    min: 0,
    queries: [series(sum(instant(headSeries)), 'series')],
  }),
  timeseries({
    title: 'Memory of the stack',
    description:
      'What the system counts for each of its processes, the API left out. The line is that of the exporter.',
    width: 6,
    unit: 'bytes',
    min: 0,
    queries: [series(max(instant(residentMemory.where({ job: not('api') })), ['job']), ({ label }) => label('job'))],
    limits: [{ from: boundary(exporterMemoryHigh), is: 'warning' }],
  }),
  timeseries({
    title: 'Slowest collectors',
    description: 'The ten that take longest: what a scrape of the exporter takes is theirs, side by side.',
    width: 6,
    unit: 'seconds',
    min: 0,
    queries: [series(topk(10, durations), ({ label }) => `${label('collector')} of ${label('job')}`)],
  }),
])

const group = ['rule_group'] as const
const groupName = ({ label }: Quoted<'rule_group'>) => label('rule_group')

const rules = row('Do the rules keep up?', [
  timeseries({
    title: 'Time of a group of rules',
    description:
      'Share of its interval that each evaluation takes, of the ten groups with the largest. At 100% evaluations are left out, and alerts are late.',
    width: 8,
    unit: 'share',
    min: 0,
    queries: [series(topk(10, max(div(instant(ruleGroupDuration), instant(ruleGroupInterval)), group)), groupName)],
    limits: [{ from: boundary(prometheusRuleGroupSlow), is: 'warning' }],
  }),
  timeseries({
    title: 'Rules that failed, evaluations left out',
    description: 'Both are 0 when all is well. A rule that fails is an alert that does not fire.',
    width: 8,
    unit: 'count',
    min: 0,
    queries: [
      series(sum(increase(ruleFailures, window)), 'failed'),
      series(sum(increase(ruleIterationsMissed, window)), 'left out'),
    ],
    colours: { failed: 'bad', 'left out': 'warning' },
  }),
  timeseries({
    title: 'On the way to Alertmanager',
    description:
      'Alerts that wait to be sent, and that were dropped. Dropped: nobody is told of them until they are sent again.',
    width: 8,
    unit: 'count',
    min: 0,
    queries: [
      series(sum(instant(notificationQueueLength)), 'waiting'),
      series(sum(increase(notificationsDropped, window)), 'dropped'),
    ],
    colours: { dropped: 'bad' },
  }),
])

const pressureUnknown = { emptyWhen: 'The kernel does not tell pressure (psi=1), or the host was not scraped' } as const

const machine = row('Has the machine room left?', [
  timeseries({
    title: 'Memory available',
    description:
      'Share of the memory that programs can still have. Below the line the kernel soon ends the largest of them.',
    width: 6,
    unit: 'share',
    min: 0,
    max: 1,
    queries: [
      series(min(div(instant(memoryAvailable), instant(memoryTotal)), ['instance']), ({ label }) => label('instance')),
    ],
    limits: [{ from: boundary(hostMemoryLow), is: 'neutral' }],
  }),
  timeseries({
    title: 'Processor busy',
    description: 'Share of all cores that work.',
    width: 6,
    unit: 'share',
    min: 0,
    max: 1,
    queries: [
      series(complement(avg(rate(cpuSeconds.where({ mode: 'idle' }), window), ['instance'])), ({ label }) =>
        label('instance'),
      ),
    ],
    limits: [{ from: boundary(hostCpuSaturated), is: 'bad' }],
  }),
  timeseries({
    title: 'Disk left',
    description: 'Share of each file system that is free. At 0 PostgreSQL stops, and Prometheus with it.',
    width: 6,
    unit: 'share',
    min: 0,
    max: 1,
    queries: [
      series(min(div(instant(filesystemAvailable), instant(filesystemSize)), ['instance', 'mountpoint']), ({ label }) =>
        label('mountpoint'),
      ),
    ],
    limits: [{ from: boundary(hostDiskNearlyFull), is: 'neutral' }],
  }),
  timeseries({
    title: 'Time in which everything waited',
    description: 'Share of the time in which no program could go on for want of memory, or of the disk.',
    width: 6,
    unit: 'share',
    min: 0,
    queries: [
      series(max(rate(memoryStalled, window)), 'for memory', pressureUnknown),
      series(max(rate(ioStalled, window)), 'for the disk', pressureUnknown),
    ],
  }),
])

export const stack = dashboard({
  uid: uids.stack,
  title: 'Stack',
  description: 'What watches: targets, collectors, Prometheus, its rules and messages, and the machine below.',
  rows: [watched, cost, rules, machine],
})
