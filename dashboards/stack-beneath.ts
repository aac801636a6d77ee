import { boundary } from '../alerts/alert.ts'
import { hostDiskNearlyFull, onDisk } from '../alerts/stack/disk.ts'
import { hostCpuSaturated, hostMemoryLow } from '../alerts/stack/host.ts'
import { prometheusRuleGroupSlow } from '../alerts/stack/prometheus.ts'
import {
  cpuSeconds,
  diskRead,
  diskWritten,
  filesystemAvailable,
  filesystemSize,
  ioStalled,
  memoryAvailable,
  memoryStalled,
  memoryTotal,
  networkReceived,
  networkSent,
  notificationQueueLength,
  notificationsDropped,
  ruleFailures,
  ruleGroupDuration,
  ruleGroupInterval,
  ruleIterationsMissed,
} from '../metrics/foreign.ts'
import { not } from '../metrics/metric.ts'
import {
  avg,
  complement,
  div,
  type Expr,
  instant,
  labelReplace,
  max,
  maxOverTime,
  min,
  rate,
  sum,
} from '../metrics/promql.ts'
import { drawnOn } from './alerts.ts'
import { row } from './dashboard.ts'
import { timeseries } from './panel.ts'
import { perMinute } from './per-minute.ts'
import { series } from './query.ts'
import { table } from './table.ts'

const window = '$__rate_interval'

/** Without the file that it stands in. */
const groupOf = (of: Expr<'rule_group' | 'job' | 'instance'>) =>
  max(labelReplace(of, 'group', '$1', 'rule_group', '.*;(.*)'), ['group'])
const share = div(maxOverTime(ruleGroupDuration, '$__range'), maxOverTime(ruleGroupInterval, '$__range'))

export const ruleRow = row('Do the rules keep up?', [
  table({
    title: 'Groups of rules',
    description:
      'The longest evaluation of each group in the shown range, as a share of its interval. At 100% evaluations are left out, and alerts are late.',
    width: 8,
    height: 8,
    rows: { group: { title: 'Group', width: 220, opens: drawnOn('stack', prometheusRuleGroupSlow) } },
    columns: [
      {
        title: 'Of its interval',
        expr: groupOf(share),
        unit: 'share',
        decimals: 2,
        steps: [{ from: boundary(prometheusRuleGroupSlow), is: 'warning' }],
      },
      { title: 'Longest', expr: groupOf(maxOverTime(ruleGroupDuration, '$__range')), unit: 'seconds' },
    ],
    sortBy: 'Of its interval',
  }),
  timeseries({
    title: 'Rules that failed, evaluations left out',
    description: 'Per minute. Both are 0 when all is well. A rule that fails is an alert that does not fire.',
    width: 8,
    unit: 'perMinute',
    min: 0,
    queries: [series(perMinute(ruleFailures), 'failed'), series(perMinute(ruleIterationsMissed), 'left out')],
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
      series(perMinute(notificationsDropped), 'dropped per minute'),
    ],
    colours: { 'dropped per minute': 'bad' },
  }),
])

const outside = { device: not('lo') }
const pressureUnknown = { emptyWhen: 'The kernel does not tell pressure (psi=1), or the host was not scraped' } as const

export const machineRow = row('Has the machine room left?', [
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
    description: 'Share of each file system on a disk that is free. At 0 PostgreSQL stops, and Prometheus with it.',
    width: 6,
    unit: 'share',
    min: 0,
    max: 1,
    queries: [
      series(
        min(div(instant(filesystemAvailable.where(onDisk)), instant(filesystemSize.where(onDisk))), [
          'instance',
          'mountpoint',
        ]),
        ({ label }) => `${label('instance')} ${label('mountpoint')}`,
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
  timeseries({
    title: 'Read from disks, and written',
    description:
      'Of all disks together. What is written all the time is most often the log of PostgreSQL, or a backup.',
    width: 12,
    height: 7,
    unit: 'bytesPerSecond',
    min: 0,
    queries: [series(sum(rate(diskRead, window)), 'read'), series(sum(rate(diskWritten, window)), 'written')],
  }),
  timeseries({
    title: 'Sent and received',
    description:
      'By all network devices, without what stays on the machine. Where the node exporter runs in a container, these are its ' +
      "container's own: the machine's are not seen from there.",
    width: 12,
    height: 7,
    unit: 'bytesPerSecond',
    min: 0,
    queries: [
      series(sum(rate(networkReceived.where(outside), window)), 'received'),
      series(sum(rate(networkSent.where(outside), window)), 'sent'),
    ],
  }),
])
