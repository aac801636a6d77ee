import type { Step } from '../../alerts/routes.ts'
import { type SeverityName, severities } from '../../config/sla.ts'
import type { Channel, Smtp } from '../../config/teams.ts'
import { type Meaning, severityMeaning } from '../../dashboards/colour.ts'
import { namesOf } from '../../metrics/names.ts'
import type { Deployment } from '../deployment.ts'
import { loginOf } from '../login.ts'
import { choose, formats } from './format.ts'

type Config = Readonly<Record<string, unknown>>
interface Notifier {
  readonly key: `${string}_configs`
  readonly config: Config
}

/** What a channel is told in. */
export interface Told {
  /** Where `config/teams.ts` names the channels. */
  readonly key: string
  readonly step: Step | 'heartbeat'
  readonly channels: readonly Channel[]
}

const called = (name: string) => `{{ template "techplus.${name}" . }}`

/** What PagerDuty calls them. */
const urgency = { critical: 'critical', high: 'error', medium: 'warning', low: 'info' } as const satisfies Record<
  SeverityName,
  string
>

const pagerdutySeverity = choose(
  '.CommonLabels.severity',
  namesOf(severities).map((severity) => [severity, urgency[severity]] as const),
  // What has no severity is a mistake to be seen.
  'error',
)

/** As Grafana draws them. */
const hues: Readonly<Record<Meaning, string>> = {
  good: '#73BF69',
  notice: '#FADE2A',
  warning: '#FF9830',
  bad: '#F2495C',
  neutral: '#5794F2',
  muted: '#8E8E8E',
}

const colour = `{{ if eq .Status "resolved" }}${hues.good}{{ else }}${choose(
  '.CommonLabels.severity',
  namesOf(severities).map((severity) => [severity, hues[severityMeaning[severity]]] as const),
  hues.muted,
)}{{ end }}`

const pagerduty = (routingKeyFile: string): Config => ({
  routing_key_file: routingKeyFile,
  description: called('title'),
  severity: pagerdutySeverity,
  class: '{{ or .CommonLabels.source_alert .CommonLabels.alertname }}',
  component: '{{ .CommonLabels.instance }}',
  group: '{{ .CommonLabels.owner }}',
  client: 'Alertmanager',
  client_url: '{{ .ExternalURL }}',
  details: {
    firing: called('firing'),
    resolved: called('resolved'),
    respond_by: called('respond_by'),
    to_close: called('to_close'),
  },
  links: [
    { href: called('runbook_url'), text: 'Runbook' },
    { href: called('panel_url'), text: 'Panel' },
    { href: called('dashboard_url'), text: 'Dashboard' },
    { href: called('acknowledge'), text: 'Acknowledge' },
  ],
})

const field = (title: string, value: string) => ({ title, value, short: true })

const slack = (urlFile: string, channel: string): Config => ({
  api_url_file: urlFile,
  channel,
  color: colour,
  title: called('title.slack'),
  title_link: called('runbook_url'),
  text: called('slack'),
  fallback: called('title.slack'),
  footer: 'Alertmanager',
  mrkdwn_in: ['text'],
  fields: [
    field('Severity', formats.slack.value('.CommonLabels.severity')),
    field('Owner', formats.slack.value('.CommonLabels.owner')),
    field('Respond by', called('respond_by')),
  ],
})

const email = (to: string): Config => ({
  to,
  headers: {
    Subject: called('title'),
    References: called('thread'),
    'In-Reply-To': called('thread'),
    'Auto-Submitted': 'auto-generated',
    'X-Severity': formats.text.value('.CommonLabels.severity'),
  },
  text: called('text'),
  html: called('html'),
})

/** Where a secret stands, as Alertmanager sees it. */
const fileOf = ({ secretsDir }: Deployment, secret: string) => `${secretsDir}/${secret}`

const webhook = (channel: Extract<Channel, { kind: 'webhook' }>, key: string, deployment: Deployment): Config => {
  if ('url' in channel) {
    const { url, secret } = channel
    const login = secret && { http_config: { authorization: { credentials_file: fileOf(deployment, secret) } } }
    return { url, ...login }
  }
  if (!deployment.webhookUrlFiles) {
    throw new Error(
      `config/teams.ts: ${key}.urlSecret cannot be used: Alertmanager reads a URL from a file since 0.26, and this one is older. ` +
        'Put a newer alertmanager on PATH, or write url and, for a bearer token, secret',
    )
  }
  return { url_file: fileOf(deployment, channel.urlSecret) }
}

const notifier = (channel: Channel, key: string, deployment: Deployment): Notifier => {
  switch (channel.kind) {
    case 'pagerduty':
      return { key: 'pagerduty_configs', config: pagerduty(fileOf(deployment, channel.secret)) }
    case 'slack':
      return { key: 'slack_configs', config: slack(fileOf(deployment, channel.secret), channel.channel) }
    case 'email':
      return { key: 'email_configs', config: email(channel.to) }
    case 'webhook':
      return { key: 'webhook_configs', config: webhook(channel, key, deployment) }
  }
}

/** The file a channel cannot do without. */
export const secretOf = (channel: Channel, { secret }: Pick<Smtp, 'secret'>): string | undefined => {
  if (channel.kind === 'email') return secret
  return 'urlSecret' in channel ? channel.urlSecret : channel.secret
}

/** Whether somebody is told by a channel, with the secrets that are there. */
export const isReachable = (channel: Channel, { hasSecret, tellsNobody }: Deployment, smtp: Smtp): boolean => {
  const secret = secretOf(channel, smtp)
  return !tellsNobody && (secret === undefined || hasSecret(secret))
}

/** A reminder is no news when it is over, and a heartbeat that ends must not beat once more. What PagerDuty opens, though, it has to close, where it is told. */
const tellsEnd = (step: Told['step'], { kind }: Channel) =>
  step === 'first' || step === 'escalation' || (step === 'reminder' && kind === 'pagerduty')

/** Ours that get everything besides the channels: the demo's pager, and what keeps the record of incidents. */
const besides = (
  { pager, incidents, exporterLogin, tellsNobody }: Deployment,
  step: Told['step'],
): readonly Notifier[] => {
  const to = (config: Config): Notifier => ({ key: 'webhook_configs', config })
  const tellsOver = step === 'first' || step === 'escalation'
  const login = exporterLogin && { http_config: loginOf({ exporterLogin }) }
  // What nobody was told of is no incident.
  const isKept = step === 'first' && (!tellsNobody || pager !== undefined)
  return [
    ...(pager ? [to({ send_resolved: tellsOver, url: pagerUrl(pager, step) })] : []),
    ...(isKept ? [to({ send_resolved: true, url: `http://${incidents}/alertmanager`, ...login })] : []),
  ]
}

const pagerUrl = (pager: string, step: Told['step']) => {
  if (!/^https?:/.test(pager)) throw new Error(`${pager} is no URL of a webhook: write http://host:port`)
  return `${pager}${step === 'heartbeat' ? '/heartbeat' : '/alerts'}`
}

/** One receiver of alertmanager.yml. */
export const receiver = (name: string, { key, step, channels }: Told, deployment: Deployment, smtp: Smtp) => {
  const own = channels.flatMap((channel, place) => {
    if (!isReachable(channel, deployment, smtp)) return []
    const { key: kind, config } = notifier(channel, `${key}[${place}]`, deployment)
    return [{ key: kind, config: { send_resolved: tellsEnd(step, channel), ...config } }]
  })
  const all: readonly Notifier[] = [...own, ...besides(deployment, step)]
  const kinds = [...new Set(all.map((one) => one.key))]
  const configs = kinds.map((kind) => [kind, all.filter((one) => one.key === kind).map(({ config }) => config)])
  return { name, ...Object.fromEntries(configs) }
}
