import {
  alertmanagerReloaded,
  alertmanagersDiscovered,
  notificationQueueCapacity,
  notificationQueueLength,
  notifications,
  notificationsDropped,
  notificationsFailed,
} from '../../metrics/foreign.ts'
import { not } from '../../metrics/metric.ts'
import { and, div, eq, gt, increase, max, maxOverTime, min, minOverTime, sum } from '../../metrics/promql.ts'
import { target as ofEach } from '../../metrics/target.ts'
import { alert, type Look } from '../alert.ts'

const alertmanagerAnswers: Look = {
  look: 'Whether Alertmanager answers, here and from Prometheus',
  shell:
    'curl -s http://127.0.0.1:9093/-/ready; docker compose exec prometheus wget -q -O - http://alertmanager:9093/-/ready',
}
const knownAlertmanagers: Look = {
  look: 'Which Alertmanagers Prometheus knows',
  shell: "curl -s http://127.0.0.1:9090/api/v1/alertmanagers | jq '.data'",
}
/** What can be told of a way that is cut only arrives when it is whole again. */
const lateNews =
  'While no notification gets out, this one does not either: it arrives late. The heartbeat that is missing tells at once.'

export const prometheusNotificationsDropped = alert({
  name: 'PrometheusNotificationsDropped',
  threshold: {
    is: '3',
    least: '1',
    most: '1000',
    source:
      'ours: the first alert after a start may be dropped before Alertmanager is known; the heartbeat alone is one a minute',
  },
  expr: (threshold) => gt(sum(increase(notificationsDropped, '10m'), ofEach), threshold),
  for: '2m',
  keepFiringFor: '10m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) =>
    `${label('instance')} dropped ${value.plain} alerts within ten minutes: no Alertmanager took them`,
  action: `See whether Alertmanager runs and answers. ${lateNews}`,
  runbook: {
    meaning:
      'Prometheus could hand alerts to no Alertmanager, or its queue was full, and threw them away. It tries again each minute while they fire.',
    impact: 'Nobody is told of anything meanwhile.',
    diagnosis: [
      alertmanagerAnswers,
      knownAlertmanagers,
      { look: 'What the log says', shell: "docker compose logs --since 1h prometheus | grep -i 'alertmanager' | tail" },
    ],
    mitigation: [
      'Alertmanager is down: docker compose up -d alertmanager.',
      'It answers with status 400: it refuses an alert; its log names the label.',
      'It runs and is not reached: look at the network between the two.',
    ],
  },
})

export const prometheusWithoutAlertmanager = alert({
  name: 'PrometheusWithoutAlertmanager',
  // An agent evaluates nothing, and has nobody to tell.
  expr: eq(max(maxOverTime(alertmanagersDiscovered.where({ job: not('agent') }), '5m'), ofEach), 0),
  for: '5m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label }) => `${label('instance')} knows no Alertmanager: its alerts go nowhere`,
  action: `Look at \`alerting\` in prometheus.yml: it must name an address. ${lateNews}`,
  runbook: {
    meaning:
      'The configuration that Prometheus runs with leads to no Alertmanager at all. One that is named and down still counts as known.',
    impact: 'Nobody is told of anything.',
    diagnosis: [
      knownAlertmanagers,
      {
        look: 'What is configured',
        shell: "curl -s http://127.0.0.1:9090/api/v1/status/config | jq -r .data.yaml | grep -A8 '^alerting'",
      },
    ],
    mitigation: ['npm run generate, and reload Prometheus: docker compose kill -s HUP prometheus.'],
  },
})

export const prometheusQueueFilling = alert({
  name: 'PrometheusNotificationQueueFilling',
  threshold: {
    is: '50 %',
    least: '5 %',
    most: '95 %',
    source: 'ours: Prometheus mixin fires when it would be full within half an hour',
  },
  // With several Alertmanagers each has a queue from 3.8 on: the fullest counts.
  expr: (threshold) =>
    gt(
      div(
        max(minOverTime(notificationQueueLength, '5m'), ofEach),
        min(maxOverTime(notificationQueueCapacity, '5m'), ofEach),
      ),
      threshold,
    ),
  for: '5m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) => `The queue of alerts to be sent of ${label('instance')} is ${value.percent} full`,
  action: 'See whether Alertmanager answers slowly, and which alert fires for very many series at once.',
  runbook: {
    meaning:
      'Alerts wait to be handed to Alertmanager, and for five minutes the queue never was below the threshold. When it is full, the oldest are dropped.',
    impact: 'Notifications come late; then some are lost (PrometheusNotificationsDropped).',
    diagnosis: [
      {
        look: 'Which alerts there are most of',
        shell:
          "curl -sG http://127.0.0.1:9090/api/v1/query --data-urlencode 'query=topk(5, count by (alertname) (ALERTS))' | jq -r '.data.result[] | [.value[1], .metric.alertname] | @tsv'",
      },
      alertmanagerAnswers,
    ],
    mitigation: [
      'One alert fires for thousands of series: switch it off in config/overrides.ts until it is mended.',
      'Alertmanager is slow: it lacks CPU, or its disk does; restart it.',
    ],
  },
})

export const alertmanagerReloadFailed = alert({
  name: 'AlertmanagerReloadFailed',
  expr: eq(maxOverTime(alertmanagerReloaded, '5m'), 0),
  for: '10m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label }) => `${label('instance')} refuses its configuration and runs on with the one before`,
  action: 'amtool check-config names the line. Mend it, or put the last good version back, and reload.',
  runbook: {
    meaning: 'Alertmanager read its configuration, found a fault, and kept what it had.',
    impact:
      'Changed teams, channels and routes do not count. A restart now would not come up at all: nobody would be told of anything.',
    diagnosis: [
      {
        look: 'What is wrong',
        shell: 'docker compose exec alertmanager amtool check-config /etc/alertmanager/alertmanager.yml',
      },
      {
        look: 'Whether the secrets that it names are there',
        shell: 'docker compose exec alertmanager ls -l /run/secrets',
      },
    ],
    mitigation: [
      'npm run generate, then reload: docker compose kill -s HUP alertmanager.',
      'git checkout the last good compose/generated/alertmanager, and reload.',
    ],
  },
})

/** `increase()` makes a little more than one of one failure, as it reckons with what the window does not hold. */
const oneFailure = 1.5

export const alertmanagerNotificationsFailing = alert({
  name: 'AlertmanagerNotificationsFailing',
  threshold: {
    is: '10 %',
    least: '0.1 %',
    most: '90 %',
    source:
      'Alertmanager mixin and awesome-prometheus-alerts: 1 %; here so few are sent that one failure in ten is the least that repeats',
  },
  // An integration that sent nothing has 0 / 0, which is above no threshold.
  expr: (threshold) => {
    const failed = sum(increase(notificationsFailed, '30m'), [...ofEach, 'integration'])
    const tried = sum(increase(notifications, '30m'), [...ofEach, 'integration'])
    return and(gt(div(failed, tried), threshold), gt(failed, oneFailure))
  },
  for: '1m',
  keepFiringFor: '15m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) =>
    `${value.percent} of the notifications by ${label('integration')} failed within half an hour`,
  action: 'The log of Alertmanager has the answer of the other side. Tell the team by another way until it works.',
  runbook: {
    meaning:
      'Alertmanager tried to tell somebody by this integration, and more than the threshold of the attempts within half an hour failed after all retries.',
    impact:
      'Who is told by this way alone is not told. This alert takes the ways of its team too: one of them may be the one that fails.',
    diagnosis: [
      {
        look: 'What the other side answers',
        shell: "docker compose logs --since 1h alertmanager | grep -iE 'notify|error|warn' | tail -20",
      },
      { look: 'Whether the secret is there', shell: 'docker compose exec alertmanager ls -l /run/secrets' },
      {
        look: 'Whether a message gets through now',
        shell:
          'docker compose exec alertmanager amtool alert add alertname=Trial severity=low owner=platform --alertmanager.url=http://127.0.0.1:9093',
      },
    ],
    mitigation: [
      'status 401 or 403: the key was revoked; put a new one into the folder of secrets. It is read at each message.',
      'status 429: too many messages; group more, or repeat less often.',
      'timeouts or unknown host: this machine does not reach it; look at its DNS and proxy.',
    ],
  },
})
