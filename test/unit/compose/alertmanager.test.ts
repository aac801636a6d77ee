import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { ruleFiles } from '../../../alerts/index.ts'
import { type Delivery, ourDelivery, routesOf } from '../../../alerts/routes.ts'
import { targetDown } from '../../../alerts/stack/targets.ts'
import { alertmanagerConfig, missingSecrets, reachesNobody } from '../../../compose/alertmanager/config.ts'
import { sourceTemplates } from '../../../compose/alertmanager/sources.ts'
import { composeDeployment, type Deployment } from '../../../compose/deployment.ts'
import { severities } from '../../../config/sla.ts'
import type { Channel } from '../../../config/teams.ts'

const bare: Deployment = { ...composeDeployment, secretsDir: '/srv/secrets', hasSecret: () => false }
const { pager: _, ...unpaged } = bare

const shape = z.object({
  global: z.record(z.string(), z.unknown()).optional(),
  templates: z.array(z.string()),
  time_intervals: z.array(z.unknown()).optional(),
  route: z.object({
    receiver: z.string(),
    routes: z.array(z.object({ receiver: z.string(), active_time_intervals: z.array(z.string()).optional() })),
  }),
  receivers: z.array(z.object({ name: z.string() }).catchall(z.array(z.record(z.string(), z.unknown())))),
})
const configOf = (deployment: Deployment, delivery?: Delivery) =>
  shape.parse(parse(alertmanagerConfig(deployment, delivery)))

const receiverOf = (deployment: Deployment, name: string, delivery?: Delivery) => {
  const found = configOf(deployment, delivery).receivers.find((one) => one.name === name)
  if (!found) throw new Error(`no receiver ${name}`)
  const { name: _name, ...channels } = found
  return channels
}
const kindsOf = (deployment: Deployment, name: string) => Object.keys(receiverOf(deployment, name))
const hooksOf = (deployment: Deployment, name: string, delivery?: Delivery) =>
  receiverOf(deployment, name, delivery).webhook_configs ?? []
const beatingTo = (...heartbeat: readonly Channel[]): Delivery => ({ ...ourDelivery, heartbeat })

describe('the receivers', () => {
  test('are those of every route, the heartbeat, and nobody', () => {
    const names = configOf(composeDeployment).receivers.map(({ name }) => name)
    expect(names).toEqual(['heartbeat', 'nobody', ...routesOf(ourDelivery).map(({ receiver }) => receiver)])
    expect(new Set(names).size).toBe(names.length)
  })

  test('tell by every channel of the route, and by the webhook', () => {
    const paged = ['pagerduty_configs', 'slack_configs', 'webhook_configs']
    expect(kindsOf(composeDeployment, 'platform-critical')).toEqual(paged)
    expect(kindsOf(composeDeployment, 'platform-critical-reminder')).toEqual(paged)
    expect(kindsOf(composeDeployment, 'escalation-critical')).toEqual(paged)
    expect(kindsOf(composeDeployment, 'support-low')).toEqual(['email_configs', 'webhook_configs'])
  })

  test('leave out a channel whose secret is not there, and only that', () => {
    const deployment = { ...composeDeployment, hasSecret: (name: string) => name !== 'slack_webhook_url' }
    expect(kindsOf(deployment, 'platform-critical')).toEqual(['pagerduty_configs', 'webhook_configs'])
    expect(missingSecrets(deployment)).toEqual(['slack_webhook_url'])
  })

  test('send no mail without the password of the relay', () => {
    const deployment = { ...composeDeployment, hasSecret: (name: string) => name !== 'smtp_password' }
    expect(kindsOf(deployment, 'platform-medium')).toEqual(['webhook_configs'])
    expect(configOf(deployment).global).toBeUndefined()
  })

  test('are all there without any secret and without a webhook, so that every route still loads', () => {
    expect(configOf(unpaged).receivers.map(({ name }) => name)).toEqual(
      configOf(composeDeployment).receivers.map(({ name }) => name),
    )
    expect([...missingSecrets(unpaged)].sort()).toEqual([
      'pagerduty_escalation_key',
      'pagerduty_routing_key',
      'slack_webhook_url',
      'smtp_password',
    ])
    expect(reachesNobody(unpaged)).toBe(true)
    expect(reachesNobody({ ...unpaged, hasSecret: () => true })).toBe(false)
    expect(reachesNobody({ ...unpaged, hasSecret: (name) => name === 'slack_webhook_url' })).toBe(false)
  })

  test('tell nobody by any channel where nobody is to be told, and keep no record of it', () => {
    const silent: Deployment = { ...unpaged, hasSecret: () => true, tellsNobody: true }
    const { receivers, global } = configOf(silent, beatingTo({ kind: 'webhook', url: 'https://beats.example/x' }))
    expect(global).toBeUndefined()
    const told = receivers.flatMap(({ name: _name, ...channels }) => Object.values(channels).flat())
    expect(told).toEqual([])
  })

  test('keep the record of what the pager of the demo alone is told', () => {
    const hooks = hooksOf({ ...bare, tellsNobody: true }, 'platform-high')
    expect(hooks.map(({ url }) => url)).toEqual(['http://api:9095/alerts', 'http://incidents:9466/alertmanager'])
  })
})

describe('the record of incidents', () => {
  const recorded = (deployment: Deployment) => ({
    firsts: routesOf(ourDelivery)
      .filter(({ step }) => step === 'first')
      .flatMap(({ receiver }) => hooksOf(deployment, receiver)),
    rungs: routesOf(ourDelivery)
      .filter(({ step }) => step !== 'first')
      .flatMap(({ receiver }) => hooksOf(deployment, receiver)),
  })
  const url = 'http://incidents:9466/alertmanager'

  test('gets every first notification with its end, and nothing of the ladder', () => {
    const { firsts, rungs } = recorded(unpaged)
    expect(firsts).toHaveLength(routesOf(ourDelivery).filter(({ step }) => step === 'first').length)
    for (const hook of firsts) expect(hook).toEqual({ send_resolved: true, url })
    expect(rungs).toEqual([])
    expect(hooksOf(unpaged, 'heartbeat')).toEqual([])
  })

  test.each([
    [{ tokenFile: '/t' }, { authorization: { credentials_file: '/t' } }],
    [{ user: 'ann', passwordFile: '/p' }, { basic_auth: { username: 'ann', password_file: '/p' } }],
  ])('is shown what it asks for: %j', (exporterLogin, http_config) => {
    const { firsts } = recorded({ ...unpaged, exporterLogin })
    for (const hook of firsts) expect(hook).toEqual({ send_resolved: true, url, http_config })
  })
})

describe('the end of an alert', () => {
  const ends = (name: string, kind: string) =>
    receiverOf(composeDeployment, name)[kind]?.map(({ send_resolved }) => send_resolved)

  test('is told to whom the alert was told, but to nobody who was only reminded', () => {
    expect(ends('platform-high', 'slack_configs')).toEqual([true])
    expect(ends('platform-high-reminder', 'slack_configs')).toEqual([false])
    expect(ends('escalation-high', 'email_configs')).toEqual([true])
  })

  test('is always told to PagerDuty, which would keep the incident open', () => {
    expect(ends('platform-critical-reminder', 'pagerduty_configs')).toEqual([true])
  })

  test('is no beat of the heart', () => {
    expect(ends('heartbeat', 'webhook_configs')).toEqual([false])
  })
})

describe('a webhook', () => {
  const secret = beatingTo({ kind: 'webhook', urlSecret: 'heartbeat_url' })

  test('shows its token by file', () => {
    const delivery = beatingTo({ kind: 'webhook', url: 'https://beats.example/x', secret: 'heartbeat_token' })
    expect(hooksOf({ ...unpaged, hasSecret: () => true }, 'heartbeat', delivery)).toEqual([
      {
        send_resolved: false,
        url: 'https://beats.example/x',
        http_config: { authorization: { credentials_file: '/srv/secrets/heartbeat_token' } },
      },
    ])
  })

  test('whose URL is a secret has it in a file', () => {
    expect(hooksOf({ ...unpaged, hasSecret: () => true }, 'heartbeat', secret)).toEqual([
      { send_resolved: false, url_file: '/srv/secrets/heartbeat_url' },
    ])
    expect(missingSecrets(unpaged, secret)).toContain('heartbeat_url')
  })

  test('is refused where Alertmanager would refuse it, in a line that says which and what to do', () => {
    const old: Deployment = { ...unpaged, hasSecret: () => true, webhookUrlFiles: false }
    expect(() => alertmanagerConfig(old, secret)).toThrow(
      'config/teams.ts: heartbeat[0].urlSecret cannot be used: Alertmanager reads a URL from a file since 0.26, and this one ' +
        'is older. Put a newer alertmanager on PATH, or write url and, for a bearer token, secret',
    )
    // Where it is left out anyway, nothing has to be refused.
    expect(() => alertmanagerConfig({ ...old, hasSecret: () => false }, secret)).not.toThrow()
  })

  test('for the pager of the demo has to be one of HTTP', () => {
    expect(() => alertmanagerConfig({ ...bare, pager: 'api:9095' })).toThrow('api:9095 is no URL of a webhook')
  })
})

describe('the file', () => {
  test('names its templates by where they lie beside it', () => {
    expect(configOf(composeDeployment).templates).toEqual(['templates/*.tmpl'])
  })

  test('lets wait for business hours what can wait, and nothing else', () => {
    const { route, time_intervals } = configOf(composeDeployment)
    expect(time_intervals).toEqual([
      {
        name: 'business-hours',
        time_intervals: [
          {
            weekdays: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'],
            times: [{ start_time: '09:00', end_time: '18:00' }],
            location: 'Europe/Paris',
          },
        ],
      },
    ])
    const waiting = route.routes.filter(({ active_time_intervals }) => active_time_intervals)
    expect(waiting.map(({ receiver }) => receiver).sort()).toEqual(
      routesOf(ourDelivery)
        .filter(({ severity }) => severity === 'low')
        .map(({ receiver }) => receiver)
        .sort(),
    )
    const never = { ...ourDelivery, businessHours: { ...ourDelivery.businessHours, waits: [] } }
    expect(configOf(composeDeployment, never).time_intervals).toBeUndefined()
  })

  test('sends what nobody owns where the most urgent goes', () => {
    expect(configOf(composeDeployment).route.receiver).toBe(`platform-${Object.keys(severities)[0]}`)
    expect(() => alertmanagerConfig(composeDeployment, { ...ourDelivery, teams: {} })).toThrow(
      'config/teams.ts: teams names nobody to be told: name a team with a channel',
    )
  })
})

test('an action that quotes more than labels is refused: only Prometheus knows it', () => {
  const alert = { ...targetDown, annotations: { ...targetDown.annotations, action: 'See {{ $value }}' } }
  const files = { ...ruleFiles(), stack: [{ name: 'x', rules: [alert] }] }
  expect(() => sourceTemplates(files, composeDeployment)).toThrow(
    'quotes what only Prometheus knows: "See {{ $value }}": quote labels alone',
  )
})
