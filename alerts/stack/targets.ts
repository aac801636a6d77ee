import { processStartTime } from '../../exporters/service/runtime/runtime-metrics.ts'
import { alerts, scrapeDuration, up } from '../../metrics/foreign.ts'
import { matches } from '../../metrics/metric.ts'
import {
  and,
  avgOverTime,
  changes,
  complement,
  eq,
  gt,
  instant,
  max,
  maxOverTime,
  unless,
} from '../../metrics/promql.ts'
import { alert } from '../alert.ts'

const whatPrometheusSays = {
  look: 'What Prometheus says of each target that is down',
  shell:
    "curl -s 'http://127.0.0.1:9090/api/v1/targets?state=active' | jq -r '.data.activeTargets[] | select(.health != \"up\") | [.labels.job, .labels.instance, .lastError] | @tsv'",
} as const

export const targetDown = alert({
  name: 'TargetDown',
  expr: eq(instant(up), 0),
  for: '2m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label }) => `${label('job')}/${label('instance')} was not scraped: what it watches is not watched now`,
  action:
    'Open /targets in Prometheus and read the error beside the target. Restart the exporter, or mend the address.',
  runbook: {
    meaning:
      'Prometheus could not read the metrics of this target for two minutes: refused, timed out, or answered with an error.',
    impact:
      'No alert that reads its metrics can fire. Of the service behind it this says nothing: it may well be running.',
    diagnosis: [
      whatPrometheusSays,
      { look: 'What runs', shell: 'docker compose ps -a' },
      {
        look: 'What the exporter says',
        shell: 'docker compose logs --tail 50 exporter; curl -si http://127.0.0.1:9464/health',
      },
    ],
    mitigation: [
      'connection refused: start it again: docker compose up -d, or npm start.',
      'context deadline exceeded: what it reads hangs; that alert leads. If none fires, restart the exporter.',
      'status 401: the secret that Prometheus reads is not the one that the exporter reads: compare EXPORTER_TOKEN_FILE of both.',
      'a limit is exceeded: see PrometheusScrapeLimitHit.',
    ],
  },
})

export const targetAbsent = alert({
  name: 'TargetAbsent',
  expr: unless(maxOverTime(up, '1d'), instant(up)),
  for: '5m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label }) =>
    `${label('job')}/${label('instance')} is no longer among the targets of Prometheus, and was within the last day`,
  action:
    'Look whether it was taken out of config/targets.ts, or its URL out of the environment, on purpose. If not, put it back and generate again.',
  runbook: {
    meaning:
      'Prometheus scraped this target within the last day and has it in its configuration no longer, alone or with its whole job. ' +
      'TargetDown cannot fire for what is not scraped at all. It fires for a day, and five minutes later where the whole job went: its last value counts for so long.',
    impact: 'Every alert that reads its metrics is silent for good, also while what it watches is down.',
    diagnosis: [
      {
        look: 'Which jobs there are now',
        shell:
          "curl -s http://127.0.0.1:9090/api/v1/targets | jq -r '.data.activeTargets[].labels | [.job, .instance] | @tsv' | sort",
      },
      {
        look: 'Many at once, and rules evaluated in Mimir: whether Prometheus gets rid of what it scrapes',
        shell:
          "curl -s http://127.0.0.1:9090/metrics | grep -E '^prometheus_remote_storage_(samples_failed_total|samples_total|queue_highest_sent)'",
      },
      {
        look: 'Whether the files that Prometheus runs with are those of the repository',
        shell: 'npm run generate -- --check',
      },
      { look: 'What changed them', shell: 'git log --stat -5 -- config/targets.ts compose/generated/prometheus' },
    ],
    mitigation: [
      'By mistake: put it back, npm run generate, and reload Prometheus (docker compose kill -s HUP prometheus).',
      'On purpose: silence this alert for the rest of the day.',
      'Prometheus cannot write to Mimir: nothing that it scrapes arrives there. Mend what it writes to (the gateway, Mimir), see PrometheusRemoteWriteBehind.',
    ],
  },
})

const down = alerts.where({ alertname: targetDown.alert, alertstate: 'firing' })

export const targetUnreliable = alert({
  name: 'TargetUnreliable',
  threshold: {
    is: '10 %',
    least: '2 %',
    most: '80 %',
    source: 'kube-prometheus: TargetDown above 10 % of the targets of a job',
  },
  // One that is down altogether, or was, is told by TargetDown.
  expr: (threshold) =>
    unless(
      and(gt(complement(avgOverTime(up, '1h')), threshold), eq(maxOverTime(up, '2m'), 1)),
      max(maxOverTime(down, '1h'), ['job', 'instance']),
    ),
  for: '10m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) =>
    `${value.percent} of the scrapes of ${label('job')}/${label('instance')} failed within an hour`,
  action:
    'Read the error on /targets in Prometheus when it fails next. A timeout means that the exporter, or what it asks, is too slow.',
  runbook: {
    meaning:
      'Of the scrapes of the last hour more than the threshold failed, but never so many in a row that TargetDown fired.',
    impact:
      'Gaps in every graph. Alerts that wait for a condition to hold start again at each gap, and fire late or never.',
    diagnosis: [
      whatPrometheusSays,
      {
        look: 'How long its scrapes take, of the 10 s they may',
        shell:
          "curl -sG http://127.0.0.1:9090/api/v1/query --data-urlencode 'query=max_over_time(scrape_duration_seconds[1h])'",
      },
      {
        look: 'Whether it is started again and again',
        shell: 'docker compose ps -a; docker compose logs --since 1h exporter | tail -50',
      },
    ],
    mitigation: [
      'Timeouts: see ScrapeSlow.',
      'Restarts: see StackProgramRestarting.',
      'Neither: the network between Prometheus and the target loses packets, or its name is not always resolved.',
    ],
  },
})

export const scrapeSlow = alert({
  name: 'ScrapeSlow',
  threshold: {
    is: '5 s',
    least: '500 ms',
    most: '9 s',
    source: 'half of the 10 s after which Prometheus gives up (scrape_timeout), so that there is time to act',
  },
  expr: (threshold) => gt(avgOverTime(scrapeDuration, '5m'), threshold),
  for: '10m',
  keepFiringFor: '10m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) =>
    `A scrape of ${label('job')}/${label('instance')} takes ${value.duration}; at 10s it counts as failed`,
  action:
    'See which collector takes the time (*_scrape_collector_duration_seconds), and whether what it asks is slow for everybody.',
  runbook: {
    meaning: 'Reading the metrics of this target took longer than the threshold on average over 5 minutes.',
    impact: 'At 10 s scrapes begin to fail: gaps first, then TargetDown, and no alert on that target.',
    diagnosis: [
      {
        look: 'Which collectors take longest',
        shell:
          "curl -sG http://127.0.0.1:9090/api/v1/query --data-urlencode 'query=topk(10, {__name__=~\"(pg|redis|reservations)_scrape_collector_duration_seconds\"})' | jq -r '.data.result[] | [.metric.job, .metric.collector, .value[1]] | @tsv'",
      },
      {
        look: 'What PostgreSQL does for the exporter now',
        sql: "select pid, state, wait_event_type, wait_event, now() - query_start as running, left(query, 80) as query from pg_stat_activity where application_name = 'techplus-exporter';",
      },
      { look: 'Whether the host is short of CPU', shell: 'uptime' },
    ],
    mitigation: [
      'One collector reads very many relations: lower `limits` of the target in config/targets.ts.',
      'The server is slow for everybody: its own alerts lead.',
      'A longer scrape_timeout only hides it: scrapes come every 15 s.',
    ],
  },
})

/** The programs of this stack. The API has alerts of its own for this. */
const ours = matches('exporter|incidents|prometheus|alertmanager|blackbox|node|agent|mimir')

export const stackProgramRestarting = alert({
  name: 'StackProgramRestarting',
  threshold: {
    is: '2',
    least: '1',
    most: '20',
    source: 'awesome-prometheus-alerts: more than 2 starts of Prometheus or Alertmanager in 15 minutes',
  },
  expr: (threshold) => gt(changes(processStartTime.where({ job: ours }), '15m'), threshold),
  for: '1s',
  keepFiringFor: '15m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) =>
    `${label('job')} was started ${value.plain} times in 15 minutes: it ends again and again`,
  action: 'Its last lines say why it ended; dmesg does where the kernel ended it for want of memory.',
  runbook: {
    meaning:
      'The start time of a program of the observability stack changed more often than the threshold within 15 minutes.',
    impact:
      'Gaps in what it watches. Of Prometheus: alerts wait anew for their time; of Alertmanager: notifications come late or twice; of an ' +
      'agent: what it had not sent is lost.',
    diagnosis: [
      { look: 'How each ended', shell: 'docker compose ps -a' },
      {
        look: 'What they said last',
        shell: 'docker compose logs --tail 30',
      },
      { look: 'Whether the kernel ended it', shell: 'dmesg -T | grep -i "killed process" | tail' },
    ],
    mitigation: [
      'Killed for want of memory: see HostMemoryLow, or give its container more.',
      'It refuses its configuration: promtool check config, amtool check-config; put the last good one back.',
      'Its disk is full: see HostDiskNearlyFull.',
    ],
  },
})
