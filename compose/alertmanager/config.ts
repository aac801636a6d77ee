import { type Inhibition, inhibitions } from '../../alerts/inhibitions.ts'
import {
  type Delivery,
  heartbeatRoute,
  oneIncident,
  ourDelivery,
  type Route,
  routesOf,
  silentRoute,
  type Timing,
} from '../../alerts/routes.ts'
import { severities } from '../../config/sla.ts'
import { namesOf } from '../../metrics/names.ts'
import type { Deployment } from '../deployment.ts'
import { yaml } from '../yaml.ts'
import { isReachable, receiver, secretOf } from './receivers.ts'

/** Whether a critical alert would be told to nobody, at some step, with the secrets that are there. */
export const reachesNobody = (deployment: Deployment, delivery: Delivery = ourDelivery): boolean =>
  !deployment.pager &&
  routesOf(delivery).some(
    ({ severity, channels }) =>
      severity === 'critical' && !channels.some((channel) => isReachable(channel, deployment, delivery.smtp)),
  )

/** Secrets without which some channel is left out, each once. */
export const missingSecrets = ({ hasSecret }: Deployment, delivery: Delivery = ourDelivery): readonly string[] => {
  const channels = [...routesOf(delivery).flatMap((route) => route.channels), ...delivery.heartbeat]
  const needed = channels.map((channel) => secretOf(channel, delivery.smtp))
  return [...new Set(needed.filter((name): name is string => name !== undefined && !hasSecret(name)))]
}

const timing = ({ groupWait, groupInterval, repeatInterval }: Timing) => ({
  group_wait: groupWait,
  group_interval: groupInterval,
  repeat_interval: repeatInterval,
})

const businessTime = 'business-hours'

const route = ({ receiver: name, matchers, groupBy, timing: pace, waits }: Route) => ({
  receiver: name,
  matchers,
  group_by: groupBy,
  ...timing(pace),
  ...(waits && { active_time_intervals: [businessTime] }),
})

const intervals = ({ businessHours: { weekdays, from, to, location, waits } }: Delivery) =>
  waits.length > 0 && {
    time_intervals: [
      {
        name: businessTime,
        time_intervals: [{ weekdays, times: [{ start_time: from, end_time: to }], location }],
      },
    ],
  }

const inhibition = ({ source, target, equal }: Inhibition) => ({
  source_matchers: source,
  target_matchers: target,
  equal,
})

const globals = ({ hasSecret, tellsNobody, secretsDir }: Deployment, { smtp, pagerduty }: Delivery) => {
  const mail = !tellsNobody &&
    hasSecret(smtp.secret) && {
      smtp_smarthost: smtp.smarthost,
      smtp_from: smtp.from,
      smtp_auth_username: smtp.username,
      smtp_auth_password_file: `${secretsDir}/${smtp.secret}`,
    }
  const all = { ...mail, ...(pagerduty && { pagerduty_url: pagerduty }) }
  return Object.keys(all).length > 0 && { global: all }
}

/** What nobody owns goes where the most urgent goes: an alert without a route is a mistake to be seen. */
const fallbackOf = (routes: readonly Route[]) => {
  const first = namesOf(severities).flatMap((severity) =>
    routes.filter((one) => one.step === 'first' && one.severity === severity),
  )[0]
  if (!first) throw new Error('config/teams.ts: teams names nobody to be told: name a team with a channel')
  return first
}

/**
 * alertmanager.yml, beside which the folder `templates` stands. Only what every version from 0.25 on knows, but for what
 * `webhookUrlFiles` allows; no secret stands in it.
 * @param templates where its templates are, as that Alertmanager sees them
 * @throws Error where a channel cannot be used with that Alertmanager
 */
export const alertmanagerConfig = (
  deployment: Deployment,
  delivery: Delivery = ourDelivery,
  templates: string | readonly string[] = 'templates/*.tmpl',
): string => {
  const routes = routesOf(delivery)
  const fallback = fallbackOf(routes)
  const { smtp, heartbeat } = delivery
  return yaml({
    ...globals(deployment, delivery),
    templates: [templates].flat(),
    route: {
      receiver: fallback.receiver,
      group_by: oneIncident,
      ...timing(fallback.timing),
      routes: [
        {
          receiver: heartbeatRoute.receiver,
          matchers: [`alertname="${heartbeatRoute.alertname}"`],
          ...timing(heartbeatRoute.timing),
        },
        { receiver: silentRoute.receiver, matchers: [`alertname="${silentRoute.alertname}"`] },
        ...routes.map(route),
      ],
    },
    inhibit_rules: inhibitions().map(inhibition),
    ...intervals(delivery),
    receivers: [
      receiver(heartbeatRoute.receiver, { key: 'heartbeat', step: 'heartbeat', channels: heartbeat }, deployment, smtp),
      { name: silentRoute.receiver },
      ...routes.map((one) => receiver(one.receiver, one, deployment, smtp)),
    ],
  })
}
