import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { isAlert } from '../../../alerts/alert.ts'
import { ruleFiles } from '../../../alerts/index.ts'
import { artefacts } from '../../../compose/artefacts.ts'
import { composeDeployment } from '../../../compose/deployment.ts'
import { filledIn } from '../../../compose/mimir/alertmanager.ts'
import { selectedBy } from '../../../compose/mimir/selected.ts'
import { keptFor } from '../../../compose/mimir/server.ts'
import { outageTolerance, retention } from '../../../compose/plan.ts'
import { remoteWrite, scrapeInterval } from '../../../config/targets.ts'
import { namesOf } from '../../../metrics/names.ts'
import { secondsIn } from '../../promtool/duration.ts'

const files = artefacts()
const textOf = (path: string) => files.get(path) ?? ''

const group = z.object({
  name: z.string(),
  interval: z.string().optional(),
  rules: z.array(z.record(z.string(), z.unknown())),
})
const ruleFile = z.object({ groups: z.array(group) })
const namespace = ruleFile.extend({ namespace: z.string() })

describe.each(namesOf(ruleFiles()))('the rules about %s', (subject) => {
  const told = namespace.parse(parse(textOf(`mimir/rules/${subject}.yml`)))
  const { groups } = ruleFile.parse(parse(textOf(`prometheus/rules/${subject}.yml`)))

  test('have a namespace, and are those of Prometheus, each group with how often', () => {
    expect(told.namespace).toBe(`techplus-${subject}`)
    expect(told.groups).toEqual(groups.map((one) => ({ ...one, interval: one.interval ?? scrapeInterval })))
    expect(groups.length).toBeGreaterThan(0)
  })
})

describe('a ruler that stores late what it records', () => {
  const groups = Object.values(ruleFiles()).flat()

  test('reads in no group what it records in the same', () => {
    const own = groups.flatMap(({ name, rules }) => {
      const recorded = new Map(rules.flatMap((rule) => (isAlert(rule) ? [] : [[rule.name, rule.labels] as const])))
      const read = rules.flatMap(({ expr }) => selectedBy(expr))
      const again = read.filter(({ name: one, matchers }) => {
        const labels = recorded.get(one)
        return labels && matchers.every(({ label, value }) => labels[label] === undefined || labels[label] === value)
      })
      return again.map(({ name: one }) => `${name} records ${one} and reads it`)
    })
    expect(own).toEqual([])
  })

  test('records in groups of their own, or beside alerts that read nothing of it', () => {
    const recording = groups.filter(({ rules }) => rules.some((rule) => !isAlert(rule)))
    expect(recording.length).toBeGreaterThan(10)
  })
})

const server = z.object({
  memberlist: z.object({ join_members: z.array(z.string()) }),
  ruler: z.object({
    rule_path: z.string(),
    alertmanager_url: z.string(),
    external_url: z.string(),
    for_grace_period: z.string(),
    for_outage_tolerance: z.string(),
  }),
  distributor: z.object({ ha_tracker: z.object({ enable_ha_tracker: z.literal(true) }).catchall(z.unknown()) }),
  limits: z.record(z.string(), z.unknown()),
})

describe('Mimir itself', () => {
  const config = server.parse(parse(textOf('mimir/mimir.yml')))

  test('knows its instances, and shares out among the same', () => {
    expect(config.memberlist.join_members).toEqual(['mimir-1', 'mimir-2', 'mimir-3'])
    expect(textOf('mimir/nginx.conf').match(/server mimir-\d:8080 resolve/g)).toHaveLength(3)
  })

  test('keeps neither label of a pair, lets all groups through, and keeps what promises are judged over', () => {
    expect(config.limits).toMatchObject({
      accept_ha_samples: true,
      drop_labels: ['cluster'],
      ruler_max_rule_groups_per_tenant: 0,
      compactor_blocks_retention_period: remoteWrite.retention,
    })
    const { max_global_series_per_user: series, ingestion_rate: samples } = config.limits
    expect(Number(samples)).toBeGreaterThan(Number(series) / secondsIn(scrapeInterval))
    const groups = Object.values(ruleFiles()).flat()
    expect(groups.length).toBeGreaterThan(70)
    // Its own limit of rules in a group need not be lifted.
    expect(Math.max(...groups.map(({ rules }) => rules.length))).toBeLessThanOrEqual(20)
  })

  test('keeps nothing for less than promises are judged over', () => {
    expect(keptFor('32d')).toBe(retention)
    expect(() => keptFor('31d')).toThrow(
      'remoteWrite.retention in config/targets.ts is 31d, and promises are judged over 32d: say that or more',
    )
  })

  test('sends alerts where they are told, and keeps their clocks as Prometheus does', () => {
    expect(config.ruler).toEqual({
      rule_path: '/data/ruler',
      alertmanager_url: `http://${composeDeployment.alertmanager}`,
      external_url: composeDeployment.runbooks,
      for_grace_period: '1s',
      for_outage_tolerance: outageTolerance,
    })
  })
})

describe("the tenant's Alertmanager", () => {
  const tenant = z
    .object({ template_files: z.record(z.string(), z.string()), alertmanager_config: z.string() })
    .parse(parse(textOf('mimir/alertmanager.yml')))
  const shown = (text: string): unknown => parse(text)

  test('is told as the other is, with the templates in it, named without a folder', () => {
    const other = Object(shown(textOf('alertmanager/alertmanager.yml')))
    expect(shown(tenant.alertmanager_config)).toEqual({ ...other, templates: Object.keys(tenant.template_files) })
    for (const [name, text] of Object.entries(tenant.template_files)) {
      expect(name).toMatch(/^\w+\.tmpl$/)
      expect(text).toBe(textOf(`alertmanager/templates/${name}`))
    }
  })

  test('names files of secrets, which Mimir does not read: filled in, it has what is in them, whatever that is', () => {
    const secret = 'a "quoted" $1 \\ # word'
    const filled = filledIn(textOf('mimir/alertmanager.yml'), (path) => `${path} ${secret}\n`)
    expect(filled).not.toContain('_file: /')
    const { alertmanager_config } = z.object({ alertmanager_config: z.string() }).parse(parse(filled))
    const config = z
      .object({
        global: z.object({ smtp_auth_password: z.string() }),
        receivers: z.array(
          z.object({
            name: z.string(),
            slack_configs: z.array(z.object({ api_url: z.string() })).default([]),
            pagerduty_configs: z.array(z.object({ routing_key: z.string() })).default([]),
          }),
        ),
      })
      .parse(parse(alertmanager_config))
    expect(config.global.smtp_auth_password).toBe(`/run/secrets/smtp_password ${secret}`)
    const urls = config.receivers.flatMap(({ slack_configs }) => slack_configs.map(({ api_url }) => api_url))
    expect(new Set(urls)).toEqual(new Set([`/run/secrets/slack_webhook_url ${secret}`]))
    const keys = config.receivers.flatMap((one) => one.pagerduty_configs.map(({ routing_key }) => routing_key))
    expect(new Set(keys)).toEqual(
      new Set([`/run/secrets/pagerduty_routing_key ${secret}`, `/run/secrets/pagerduty_escalation_key ${secret}`]),
    )
  })
})
