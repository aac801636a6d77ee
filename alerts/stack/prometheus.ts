import {
  poolsOverTargetLimit,
  prometheusReloaded,
  ruleFailures,
  ruleGroupDuration,
  ruleGroupInterval,
  ruleIterationsMissed,
  samplesDuplicate,
  samplesOutOfBounds,
  samplesOutOfOrder,
  scrapesOverBodyLimit,
  scrapesOverLabelLimit,
  scrapesOverSampleLimit,
} from '../../metrics/foreign.ts'
import type { Counter } from '../../metrics/metric.ts'
import { add, div, eq, gt, increase, maxOverTime, minOverTime, sum } from '../../metrics/promql.ts'
import { target as ofEach } from '../../metrics/target.ts'
import { alert, type Look } from '../alert.ts'

const grown = (window: '10m' | '30m', ...[first, ...rest]: readonly [Counter, ...Counter[]]) =>
  rest
    .map((one) => sum(increase(one, window), ofEach))
    .reduce((all, one) => add(all, one), sum(increase(first, window), ofEach))

const rules: Look = {
  look: 'Which rules fail, with the error of each',
  shell:
    'curl -s http://127.0.0.1:9090/api/v1/rules | jq -r \'.data.groups[].rules[] | select(.health != "ok") | [.name, .lastError] | @tsv\'',
}
const slowestRules: Look = {
  look: 'Which groups and rules take longest, in seconds',
  shell:
    "curl -s http://127.0.0.1:9090/api/v1/rules | jq -r '.data.groups[] | .name as $group | .rules[] | [.evaluationTime, $group, .name] | @tsv' | sort -rn | head",
}

export const prometheusRuleFailing = alert({
  name: 'PrometheusRuleFailing',
  expr: gt(sum(increase(ruleFailures, '10m'), [...ofEach, 'rule_group']), 0),
  for: '5m',
  keepFiringFor: '15m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label }) => `Prometheus cannot evaluate a rule of ${label('rule_group')}: its alert does not fire`,
  action: 'Open /rules in Prometheus: the error stands beside the rule. Most often two series match where one must.',
  runbook: {
    meaning:
      'An expression of this group ended with an error within ten minutes. The other rules of the group are evaluated all the same.',
    impact:
      'What the rule records is missing, and what it would tell is not told: an alert that fails looks like one that is quiet.',
    diagnosis: [
      rules,
      { look: 'What the log says', shell: 'docker compose logs --since 1h prometheus | grep -i "rule" | tail -20' },
    ],
    mitigation: [
      'many-to-many matching: two targets serve the same series; name their instances apart in config/targets.ts.',
      'query timed out, or too many samples: see PrometheusRuleGroupSlow.',
      'The rule itself is wrong: mend it in alerts/, npm run generate, and reload Prometheus.',
    ],
  },
})

export const prometheusRuleGroupSlow = alert({
  name: 'PrometheusRuleGroupSlow',
  threshold: {
    is: '80 %',
    least: '20 %',
    most: '100 %',
    source: 'ours: at 100 % evaluations are left out (PrometheusRulesMissed)',
  },
  expr: (threshold) => gt(div(minOverTime(ruleGroupDuration, '5m'), maxOverTime(ruleGroupInterval, '5m')), threshold),
  for: '10m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) =>
    `Evaluating ${label('rule_group')} takes ${value.percent} of the time until it is evaluated again`,
  action:
    'See on /rules in Prometheus which rule takes the time. Give its group a longer interval, or make it look back less.',
  runbook: {
    meaning: 'Each evaluation of this group in five minutes took more than the threshold of its interval.',
    impact: 'Above 100 % evaluations are left out, and its alerts come late.',
    diagnosis: [
      slowestRules,
      {
        look: 'Which metrics have most series',
        shell:
          "curl -s http://127.0.0.1:9090/api/v1/status/tsdb | jq -r '.data.seriesCountByMetricName[] | [.value, .name] | @tsv'",
      },
      { look: 'Whether the host is short of CPU', shell: 'uptime' },
    ],
    mitigation: [
      'Give the group an `interval` in alerts/<subject>/index.ts.',
      'Too many series: see PrometheusSeriesGrowing.',
    ],
  },
})

export const prometheusRulesMissed = alert({
  name: 'PrometheusRulesMissed',
  expr: gt(sum(increase(ruleIterationsMissed, '10m'), [...ofEach, 'rule_group']), 0),
  for: '10m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label }) => `Prometheus leaves out evaluations of ${label('rule_group')}: its alerts come late`,
  action: 'Look what keeps Prometheus busy: dear queries of a dashboard, very many series, or a host without CPU.',
  runbook: {
    meaning: 'An evaluation was due while the one before had not ended, again and again for ten minutes.',
    impact: 'Alerts of this group fire late, and those with a short `for` perhaps not at all.',
    diagnosis: [
      slowestRules,
      {
        look: 'How many queries run at once, and how many may',
        shell:
          'curl -sG http://127.0.0.1:9090/api/v1/query --data-urlencode \'query={__name__=~"prometheus_engine_queries.*"}\'',
      },
      { look: 'What the machine does', shell: 'top -b -n 1 | head -15' },
    ],
    mitigation: [
      'One group alone: see PrometheusRuleGroupSlow.',
      'All groups: Prometheus lacks CPU, or its disk is slow (HostCpuSaturated, HostDiskStalled).',
    ],
  },
})

export const prometheusReloadFailed = alert({
  name: 'PrometheusReloadFailed',
  expr: eq(maxOverTime(prometheusReloaded, '5m'), 0),
  for: '10m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label }) => `${label('instance')} refuses its configuration and runs on with the one before`,
  action: 'promtool check config names the line. Mend it, or put the last good version back, and reload.',
  runbook: {
    meaning: 'Prometheus read its configuration or a rule file, found a fault, and kept what it had.',
    impact:
      'Nothing that was changed since counts: new alerts, thresholds and targets are not there. A restart now would not come up at all.',
    diagnosis: [
      {
        look: 'What is wrong',
        shell: 'docker compose exec prometheus promtool check config /etc/prometheus/prometheus.yml',
      },
      {
        look: 'What is wrong with that of an agent (put in the instance)',
        shell: 'docker compose exec agent-1 promtool check config --agent /etc/prometheus/agent.yml',
      },
      {
        look: 'Whether somebody edited what is generated',
        shell: 'npm run generate -- --check; git status --short compose/generated',
      },
    ],
    mitigation: [
      'npm run generate, then reload: docker compose kill -s HUP prometheus.',
      'git checkout the last good compose/generated/prometheus, and reload.',
    ],
  },
})

export const prometheusScrapeLimitHit = alert({
  name: 'PrometheusScrapeLimitHit',
  expr: gt(grown('10m', scrapesOverSampleLimit, scrapesOverBodyLimit, scrapesOverLabelLimit, poolsOverTargetLimit), 0),
  for: '5m',
  keepFiringFor: '15m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label }) =>
    `${label('instance')} throws away whole scrapes, because a target serves more than a limit allows`,
  action: 'Open /targets in Prometheus: the error names the limit. Find out what multiplied before you raise it.',
  runbook: {
    meaning:
      'A scrape exceeded sample_limit, body_size_limit, label_limit or target_limit of the scrape configuration and was dropped as a ' +
      'whole. None is set here unless somebody adds one. TargetDown fires for that target: this alert says why.',
    impact: 'The target is not watched at all, though it answers.',
    diagnosis: [
      {
        look: 'Which target exceeds which limit',
        shell:
          'curl -s http://127.0.0.1:9090/api/v1/targets | jq -r \'.data.activeTargets[] | select(.lastError | test("limit")) | [.labels.job, .labels.instance, .lastError] | @tsv\'',
      },
      {
        look: 'Which metric grew',
        shell:
          "curl -s http://127.0.0.1:9464/metrics/postgres/main | grep -v '^#' | sed 's/[{ ].*//' | sort | uniq -c | sort -rn | head",
      },
    ],
    mitigation: ['Lower `limits` of the target in config/targets.ts.', 'The growth is legitimate: raise the limit.'],
  },
})

export const prometheusSamplesRejected = alert({
  name: 'PrometheusSamplesRejected',
  threshold: {
    is: '5',
    least: '1',
    most: '10000',
    source: 'ours: Prometheus mixin fires at the first; a restart of a target may cost a few',
  },
  expr: (threshold) => gt(grown('30m', samplesDuplicate, samplesOutOfOrder, samplesOutOfBounds), threshold),
  for: '10m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) => `${label('instance')} threw away ${value.plain} samples within half an hour`,
  action:
    "Prometheus' log names the target. Either it serves one series twice, or two targets have the same labels, or a clock is wrong.",
  runbook: {
    meaning:
      'Samples were not stored: twice in one scrape with different values (Prometheus 2.42 does not count those), older than what is stored, or with a time too far from now.',
    impact: 'The series concerned show one value of several, or none. Which one is a matter of chance.',
    diagnosis: [
      {
        look: 'Which target',
        shell:
          "docker compose logs --since 1h prometheus | grep -iE 'duplicate|out-of-order|out of order|too old|too far' | tail -10",
      },
      {
        look: 'Whether our exporter serves a series twice',
        shell:
          "curl -s http://127.0.0.1:9464/metrics/postgres/main | grep -v '^#' | sed 's/ [^ ]*$//' | sort | uniq -d | head",
      },
      { look: 'What time it is here', shell: 'date -u; timedatectl status 2>/dev/null | grep -i synchronized' },
    ],
    mitigation: [
      'One series twice: a fault of that exporter; report it with the line.',
      'Two targets of the same labels: name them apart in config/targets.ts.',
      'A clock is wrong: see HostClockSkewed.',
    ],
  },
})
