import {
  prometheusNotificationsDropped,
  prometheusQueueFilling,
  prometheusWithoutAlertmanager,
} from '../../../../alerts/stack/alertmanager.ts'
import {
  prometheusReloadFailed,
  prometheusRuleFailing,
  prometheusRuleGroupSlow,
  prometheusRulesMissed,
  prometheusSamplesRejected,
  prometheusScrapeLimitHit,
} from '../../../../alerts/stack/prometheus.ts'
import type { workshop } from '../../../integration/servers.ts'
import { alertNamed } from '../../../promtool/case.ts'
import { lineTo } from '../line.ts'
import type { Provocation } from '../provocation.ts'
import { type Second, type SecondAlertmanager, type Setup, secondAlertmanager, secondPrometheus } from './second.ts'

const instance = 'second'
const labels = { instance }

/** Alerts that always fire, so that there is always something to send. */
export const crowd = Array.from({ length: 20 }, (_, place) => ({ alert: `Always${place}`, expr: 'vector(1)' }))

/** Every target of a node exporter. */
export const scraping = (host: string, more: Readonly<Record<string, unknown>> = {}) => ({
  job_name: 'node',
  static_configs: [{ targets: [host] }],
  ...more,
})

const usual = [{ record: 'targets', expr: 'count(up)' }]
/** Milliseconds that every answer of a storage far away takes: more than two evaluations. */
const faraway = 2_500

const ruleFaults = (prometheus: Second, remote: string): readonly Provocation[] => {
  const inGroup = (group: string) => ({ instance, rule_group: prometheus.group(group) })
  const mend = () => prometheus.become({})
  return [
    {
      fault: 'a rule in which two series match where one must',
      fires: [{ alert: prometheusRuleFailing, labels: inGroup('failing') }],
      bring: () =>
        prometheus.become({
          rules: { usual, crowd, failing: [{ record: 'twice', expr: 'up + on () node_cpu_seconds_total' }] },
        }),
      end: mend,
    },
    {
      fault: 'a remote storage that is read by rules and answers after two seconds and a half',
      fires: [
        { alert: prometheusRuleGroupSlow, labels: inGroup('usual') },
        { alert: prometheusRulesMissed, labels: inGroup('usual') },
      ],
      bring: () => prometheus.become({ more: { remote_read: [{ url: `${remote}/api/v1/read`, read_recent: true }] } }),
      end: mend,
    },
    {
      fault: 'a configuration that Prometheus refuses',
      fires: [{ alert: prometheusReloadFailed, labels }],
      bring: () => prometheus.become({ more: { scrape_configurations: [] } }),
      end: mend,
    },
    {
      fault: 'rule files that are no longer named in the configuration of Prometheus',
      fires: [
        {
          alert: alertNamed('MetricsAbsent of prometheus'),
          labels: { instance, metric: 'prometheus_rule_group_interval_seconds' },
        },
      ],
      bring: () => prometheus.become({ more: { rule_files: [] } }),
      end: mend,
    },
  ]
}

/** So many ways each: which of two scrapes is first in a second is chance, and of so many always one is. */
const ways = 6

/** The same series by way of another Prometheus, where it has been for up to a second. */
const twoWays = (nodeHost: string, storage: string) => {
  const cpu = 'node_cpu_seconds_total'
  const named = (name: string) => Array.from({ length: ways }, (_, place) => ({ job_name: `${name}-${place}` }))
  const direct = named('direct').map(({ job_name }) => ({
    ...scraping(nodeHost, { params: { 'collect[]': ['cpu'] } }),
    job_name,
    relabel_configs: [{ target_label: 'job', replacement: 'node' }],
  }))
  const federated = named('federated').map(({ job_name }) => ({
    ...scraping(storage, { metrics_path: '/federate', params: { 'match[]': [cpu] }, honor_labels: true }),
    job_name,
  }))
  return [...direct, ...federated]
}

const scrapeFaults = (prometheus: Second, nodeHost: string, storage: string): readonly Provocation[] => {
  const mend = () => prometheus.become({})
  return [
    {
      fault: 'a limit of samples that a target exceeds',
      fires: [{ alert: prometheusScrapeLimitHit, labels }],
      bring: () => prometheus.become({ jobs: [scraping(nodeHost, { sample_limit: 5 })] }),
      end: mend,
    },
    {
      fault: 'what a target serves comes by way of another Prometheus too (federation), under the same labels and late',
      fires: [{ alert: prometheusSamplesRejected, labels }],
      bring: () => prometheus.become({ jobs: twoWays(nodeHost, storage) }),
      end: mend,
    },
  ]
}

const senderFaults = (prometheus: Second, alertmanager: SecondAlertmanager): readonly Provocation[] => [
  {
    fault: 'a configuration of Prometheus without any Alertmanager',
    fires: [
      { alert: prometheusWithoutAlertmanager, labels },
      { alert: prometheusNotificationsDropped, labels },
    ],
    bring: () => prometheus.become({ alertmanagers: [] }),
    end: () => prometheus.become({}),
  },
  {
    fault: 'an Alertmanager is stopped (SIGSTOP)',
    fires: [{ alert: prometheusQueueFilling, labels }],
    bring: async () => process.kill(alertmanager.pid(), 'SIGSTOP'),
    end: async () => process.kill(alertmanager.pid(), 'SIGCONT'),
  },
]

/** @param storage a Prometheus whose data are read as those of a storage far away */
export const openSecond = async (shop: ReturnType<typeof workshop>, nodeHost: string, storage: Second) => {
  const nobody = { route: { receiver: 'nobody' }, receivers: [{ name: 'nobody' }] }
  const alertmanager = await secondAlertmanager(shop, 'mute', nobody)
  const setup: Setup = { rules: { usual, crowd }, jobs: [scraping(nodeHost)], alertmanagers: [alertmanager.host] }
  const prometheus = await secondPrometheus(shop, instance, setup, ['--alertmanager.notification-queue-capacity=100'])
  const line = await lineTo(Number(new URL(storage.url).port))
  line.slow(faraway)
  return {
    url: prometheus.url,
    lane: [
      ...ruleFaults(prometheus, `http://127.0.0.1:${line.port}`),
      ...scrapeFaults(prometheus, nodeHost, storage.host),
      ...senderFaults(prometheus, alertmanager),
    ],
    end: async () => line.close(),
  }
}
