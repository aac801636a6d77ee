import {
  prometheusReloadFailed,
  prometheusRuleFailing,
  prometheusRuleGroupSlow,
  prometheusRulesMissed,
} from '../../../alerts/stack/prometheus.ts'
import {
  prometheusReloaded,
  ruleFailures,
  ruleGroupDuration,
  ruleGroupInterval,
  ruleIterationsMissed,
} from '../../../metrics/foreign.ts'
import type { Case } from '../case.ts'
import { rising, scraped, series } from '../series.ts'

const group = { rule_group: '/etc/prometheus/rules/http.yml;http-traffic' }
const other = { rule_group: '/etc/prometheus/rules/redis.yml;redis-memory' }
const ofGroup = { ...scraped.prometheus, ...group }

const rules: readonly Case[] = [
  {
    name: 'a rule that cannot be evaluated is told, by its group',
    about: prometheusRuleFailing,
    series: [
      series(
        ruleFailures,
        'prometheus',
        rising([
          [0, 10],
          [1, 30],
        ]),
        group,
      ),
      series(ruleFailures, 'prometheus', '0x40', other),
    ],
    at: '30m',
    fires: [{ rule: prometheusRuleFailing, labels: ofGroup }],
  },
  {
    name: 'rules that are evaluated are not told',
    about: prometheusRuleFailing,
    series: [series(ruleFailures, 'prometheus', '7x40', group)],
    at: '30m',
    fires: [],
  },
  {
    name: 'a rule that fails since three minutes is not told',
    about: prometheusRuleFailing,
    series: [
      series(
        ruleFailures,
        'prometheus',
        rising([
          [0, 20],
          [1, 20],
        ]),
        group,
      ),
    ],
    at: '23m',
    fires: [],
  },
  {
    name: 'a group that takes 14 of its 15 seconds is told',
    about: prometheusRuleGroupSlow,
    series: [
      series(ruleGroupDuration, 'prometheus', '14.25x30', group),
      series(ruleGroupInterval, 'prometheus', '15x30', group),
      series(ruleGroupDuration, 'prometheus', '14.25x30', other),
      series(ruleGroupInterval, 'prometheus', '60x30', other),
    ],
    at: '20m',
    fires: [{ rule: prometheusRuleGroupSlow, labels: ofGroup, value: '95%' }],
  },
  {
    name: 'a group that takes 11 of its 15 seconds is not told',
    about: prometheusRuleGroupSlow,
    series: [
      series(ruleGroupDuration, 'prometheus', '11x30', group),
      series(ruleGroupInterval, 'prometheus', '15x30', group),
    ],
    at: '20m',
    fires: [],
  },
  {
    name: 'a group that was slow every now and then is not told',
    about: prometheusRuleGroupSlow,
    series: [
      series(ruleGroupDuration, 'prometheus', '14x3 1 14x3 1 14x3 1 14x3 1 14x3 1 14x3', group),
      series(ruleGroupInterval, 'prometheus', '15x30', group),
    ],
    at: '20m',
    fires: [],
  },
  {
    name: 'a group that is slow for eight minutes is not told',
    about: prometheusRuleGroupSlow,
    series: [
      series(ruleGroupDuration, 'prometheus', '1x9 14x30', group),
      series(ruleGroupInterval, 'prometheus', '15x30', group),
    ],
    at: '23m',
    fires: [],
  },
  {
    name: 'evaluations that are left out again and again are told',
    about: prometheusRulesMissed,
    series: [
      series(
        ruleIterationsMissed,
        'prometheus',
        rising([
          [0, 5],
          [1, 40],
        ]),
        group,
      ),
      series(ruleIterationsMissed, 'prometheus', '0x50', other),
    ],
    at: '30m',
    fires: [{ rule: prometheusRulesMissed, labels: ofGroup }],
  },
  {
    name: 'a single evaluation that was left out is not told',
    about: prometheusRulesMissed,
    series: [series(ruleIterationsMissed, 'prometheus', '0x14 1x30', group)],
    at: '24m',
    fires: [],
  },
  {
    name: 'evaluations that were left out long ago are not told',
    about: prometheusRulesMissed,
    series: [series(ruleIterationsMissed, 'prometheus', '9x40', group)],
    at: '30m',
    fires: [],
  },
]

const reload: readonly Case[] = [
  {
    name: 'a configuration that Prometheus refuses is told',
    about: prometheusReloadFailed,
    series: [series(prometheusReloaded, 'prometheus', '1x5 0x30')],
    at: '25m',
    fires: [{ rule: prometheusReloadFailed, labels: scraped.prometheus }],
  },
  {
    name: 'a configuration that Prometheus takes is not told',
    about: prometheusReloadFailed,
    series: [series(prometheusReloaded, 'prometheus', '1x40')],
    at: '25m',
    fires: [],
  },
  {
    name: 'a configuration that is refused every second time is not told',
    about: prometheusReloadFailed,
    series: [series(prometheusReloaded, 'prometheus', '0 1 '.repeat(20).trim())],
    at: '25m',
    fires: [],
  },
  {
    name: 'a configuration that was mended within ten minutes is not told',
    about: prometheusReloadFailed,
    series: [series(prometheusReloaded, 'prometheus', '1x5 0x9 1x20')],
    at: '15m',
    fires: [],
  },
]

export const prometheusCases: readonly Case[] = [...rules, ...reload]
