import { heartbeatRoute, type Inhibition, inhibitions, type Route, routes, type Timing } from '../alerts/routes.ts'
import { type Channel, heartbeat, smtp } from '../config/teams.ts'
import type { Deployment } from './deployment.ts'
import { yaml } from './yaml.ts'

const firing = '{{ range .Alerts }}{{ .Annotations.summary }}\n{{ .Annotations.action }}\n{{ end }}'
const subject = '[{{ .Status | toUpper }} {{ .CommonLabels.severity }}] {{ .CommonLabels.alertname }}'

interface Notifier {
  readonly key: `${string}_configs`
  readonly config: Readonly<Record<string, unknown>>
}

const notifier = (channel: Channel, { secretsDir }: Deployment): Notifier => {
  const told = { send_resolved: true }
  switch (channel.kind) {
    case 'pagerduty':
      return {
        key: 'pagerduty_configs',
        config: {
          ...told,
          routing_key_file: `${secretsDir}/${channel.secret}`,
          description: subject,
          details: { summary: firing },
        },
      }
    case 'slack':
      return {
        key: 'slack_configs',
        config: {
          ...told,
          api_url_file: `${secretsDir}/${channel.secret}`,
          channel: channel.channel,
          title: subject,
          text: firing,
        },
      }
    case 'email':
      return { key: 'email_configs', config: { ...told, to: channel.to, headers: { Subject: subject }, text: firing } }
    case 'webhook':
      return { key: 'webhook_configs', config: { ...told, url: channel.url } }
  }
}

/** The file a channel cannot do without. */
const secretOf = (channel: Channel) =>
  channel.kind === 'email' ? smtp.secret : 'secret' in channel ? channel.secret : undefined

const isReachable =
  ({ hasSecret }: Deployment) =>
  (channel: Channel) => {
    const secret = secretOf(channel)
    return secret === undefined || hasSecret(secret)
  }

/** Whether a critical alert of some team would be told to nobody, with the secrets that are there. */
export const reachesNobody = (deployment: Deployment): boolean =>
  !deployment.pager &&
  routes.some(({ severity, channels }) => severity === 'critical' && !channels.some(isReachable(deployment)))

/** Secrets without which some channel is left out, each once. */
export const missingSecrets = ({ hasSecret }: Deployment): readonly string[] => [
  ...new Set(
    routes
      .flatMap(({ channels }) => channels.map(secretOf))
      .filter((name): name is string => name !== undefined && !hasSecret(name)),
  ),
]

const receiver = (name: string, channels: readonly Channel[], deployment: Deployment) => {
  const notifiers = channels.filter(isReachable(deployment)).map((channel) => notifier(channel, deployment))
  const keys = [...new Set(notifiers.map(({ key }) => key))]
  const configs = keys.map((key) => [key, notifiers.filter((one) => one.key === key).map(({ config }) => config)])
  return { name, ...Object.fromEntries(configs) }
}

const timing = ({ groupWait, groupInterval, repeatInterval }: Timing) => ({
  group_wait: groupWait,
  group_interval: groupInterval,
  repeat_interval: repeatInterval,
})

const route = ({ receiver: name, owner, severity, timing: pace }: Route) => ({
  receiver: name,
  matchers: [`owner="${owner}"`, `severity="${severity}"`],
  ...timing(pace),
})

const inhibition = ({ source, target, equal }: Inhibition) => ({
  source_matchers: source,
  target_matchers: target,
  equal,
})

/** alertmanager.yml. Only what every version from 0.25 on knows; no secret stands in it. */
export const alertmanagerConfig = (deployment: Deployment): string => {
  const { pager, hasSecret, secretsDir } = deployment
  const webhook = (path: string): readonly Channel[] =>
    pager ? [{ kind: 'webhook', url: `${httpUrl(pager)}${path}` }] : []
  const [fallback] = routes
  if (!fallback) throw new Error('config/teams.ts names no team: nobody could be told')
  return yaml({
    ...(hasSecret(smtp.secret) && {
      global: {
        smtp_smarthost: smtp.smarthost,
        smtp_from: smtp.from,
        smtp_auth_username: smtp.username,
        smtp_auth_password_file: `${secretsDir}/${smtp.secret}`,
      },
    }),
    route: {
      // What nobody owns goes where the most urgent goes: an alert without a route is a mistake to be seen.
      receiver: fallback.receiver,
      group_by: ['alertname', 'instance', 'slo'],
      ...timing(fallback.timing),
      routes: [
        {
          receiver: heartbeatRoute.receiver,
          matchers: [`alertname="${heartbeatRoute.alertname}"`],
          ...timing(heartbeatRoute.timing),
        },
        ...routes.map(route),
      ],
    },
    inhibit_rules: inhibitions.map(inhibition),
    receivers: [
      receiver(heartbeatRoute.receiver, [...heartbeat, ...webhook('/heartbeat')], deployment),
      ...routes.map((one) => receiver(one.receiver, [...one.channels, ...webhook('/alerts')], deployment)),
    ],
  })
}

const httpUrl = (url: string): `http${string}` => {
  if (!/^https?:/.test(url)) throw new Error(`${url} is no URL of a webhook: write http://host:port`)
  return `http${url.slice('http'.length)}`
}
