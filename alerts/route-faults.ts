import { severities } from '../config/sla.ts'
import type { Channel, TeamContact } from '../config/teams.ts'
import { namesOf } from '../metrics/names.ts'
import type { Alert } from './alert.ts'
import { businessHoursFaults } from './business-hours.ts'
import { channelFault, smtpFaults } from './channel-faults.ts'
import { type Delivery, groupMinutes, longestRepeat, ourDelivery } from './routes.ts'

/**
 * Every alert that nobody would be told of, every way to tell somebody that no alert takes, and every channel that cannot be
 * used, each in one line with the key and what to write.
 */
export const routeFaults = (alerts: readonly Alert[], delivery: Delivery = ourDelivery): readonly string[] => [
  ...[
    ...teamFaults(delivery),
    ...ownerFaults(alerts, delivery),
    ...escalationFaults(delivery),
    ...businessHoursFaults(delivery.businessHours),
    ...channelLists(delivery).flatMap(([key, channels]) => channelFaults(key, channels)),
    ...smtpFaults(delivery.smtp),
  ].map((fault) => `config/teams.ts: ${fault}`),
  ...repeatFaults(),
]

/** Every list of channels, by its key. */
const channelLists = ({
  teams,
  escalation,
  heartbeat,
}: Delivery): readonly (readonly [string, readonly Channel[]])[] => [
  ...Object.entries(teams).flatMap(([owner, { tell }]) =>
    namesOf(severities).flatMap((severity) => {
      const channels = tell[severity]
      return channels ? [[`teams.${owner}.tell.${severity}`, channels] as const] : []
    }),
  ),
  ...namesOf(severities).map(
    (severity) => [`escalation.${severity}.channels`, escalation[severity]?.channels ?? []] as const,
  ),
  ['heartbeat', heartbeat],
]

/** Names that routes are called by already. */
const taken = ['escalation', 'heartbeat']

const teamFaults = ({ teams }: Delivery) =>
  Object.entries<TeamContact>(teams).flatMap(([owner, { tell }]) => {
    const ways = namesOf(severities).filter((severity) => tell[severity])
    return [
      ...(/^[a-z][a-z0-9_-]*$/.test(owner) && !taken.includes(owner)
        ? []
        : [
            `teams.${owner} is no name for a team: write small letters, digits and hyphens, and not ${taken.join(' or ')}`,
          ]),
      ...(ways.length === 0 ? [`teams.${owner}.tell is empty: name a channel by severity, or take the team out`] : []),
      ...ways
        .filter((severity) => tell[severity]?.length === 0)
        .map((severity) => `teams.${owner}.tell.${severity} is empty: name a channel, or leave it out`),
    ]
  })

/** The ladder has the labels of what it is about, and what has a route of its own no severity. */
const isTold = ({ labels, override }: Alert) =>
  labels.severity !== undefined && labels.step === undefined && !override?.off

const ownerFaults = (alerts: readonly Alert[], { teams }: Delivery) => {
  const told = alerts.filter(isTold)
  const goes = ({ labels }: Alert) => `teams.${labels.owner}.tell.${labels.severity}`
  const ways = channelWays(teams)
  const missing = [...new Set(told.map(goes))].filter((way) => !ways.includes(way))
  const idle = ways.filter((way) => !told.some((alert) => goes(alert) === way))
  return [
    ...missing.map((way) => {
      const first = told.find((one) => goes(one) === way)
      return Object.hasOwn(teams, first?.labels.owner ?? '')
        ? `${way} is missing: nobody would be told of ${first?.id}; name a channel, or change its severity in config/overrides.ts`
        : `${way} is missing: nobody would be told of ${first?.id}; add the team ${first?.labels.owner}, or give the alert another owner`
    }),
    ...idle.map((way) => `${way} is reached by no alert: leave it out`),
  ]
}

const channelWays = (teams: Delivery['teams']) =>
  Object.entries(teams).flatMap(([owner, { tell }]) =>
    namesOf(severities)
      .filter((severity) => tell[severity])
      .map((severity) => `teams.${owner}.tell.${severity}`),
  )

const escalationFaults = ({ escalation }: Delivery) =>
  namesOf(severities).flatMap((severity) => {
    const next = escalation[severity]
    if (!next) return [`escalation.${severity} is missing: say who takes over once nobody has responded in time`]
    return next.channels.length === 0
      ? [`escalation.${severity}.channels is empty: name a channel, or what nobody responds to stays with nobody`]
      : []
  })

const channelFaults = (key: string, channels: readonly Channel[]) =>
  channels.flatMap((channel, place) => {
    const first = channels.findIndex((other) => JSON.stringify(other) === JSON.stringify(channel))
    const wrong = first < place ? `is the same as ${key}[${first}]: leave one of them out` : channelFault(channel)
    return wrong === undefined ? [] : [`${key}[${place}] ${wrong}`]
  })

const repeatFaults = () =>
  namesOf(severities).flatMap((severity) => {
    const { respondWithinHours: hours } = severities[severity]
    const key = `config/sla.ts: severities.${severity}.respondWithinHours`
    if (hours >= longestRepeat) {
      return [`${key} is too long: Alertmanager repeats by itself sooner; write less than ${longestRepeat}`]
    }
    return (hours * 60) % groupMinutes[severity] === 0
      ? []
      : [`${key} is ${hours}: Alertmanager repeats at whole multiples of ${groupMinutes[severity]} min only; write one`]
  })
