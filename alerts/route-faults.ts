import { type Severity, severities } from '../config/sla.ts'
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
export const routeFaults = (
  alerts: readonly Alert[],
  delivery: Delivery = ourDelivery,
  all: Severities = severities,
): readonly string[] => {
  const given = withWays(delivery)
  return [
    ...[
      ...teamFaults(given, all),
      ...ownerFaults(alerts, given, all),
      ...escalationFaults(given, all),
      ...businessHoursFaults(given.businessHours, all),
      ...channelLists(given).flatMap(([key, channels]) => channelFaults(key, channels)),
      ...smtpFaults(given.smtp),
    ].map((fault) => `config/teams.ts: ${fault}`),
    ...repeatFaults(all),
  ]
}

type Severities = Readonly<Record<string, Partial<Severity>>>

/** Written without an editor's help, a team may lack all ways to it. */
const withWays = (delivery: Delivery): Delivery => ({
  ...delivery,
  teams: Object.fromEntries(
    Object.entries(delivery.teams).map(([owner, team]) => [owner, { ...team, tell: team.tell ?? {} }]),
  ),
})

/** What is told by a name that no severity has, nobody would ever get. */
const unknownFaults = (key: string, names: readonly string[], all: Severities) =>
  names
    .filter((name) => !Object.hasOwn(all, name))
    .map(
      (name) =>
        `${key}.${name} is for no severity of config/sla.ts: leave it out, or write ${Object.keys(all).join(', ')}`,
    )

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

const teamFaults = ({ teams }: Delivery, all: Severities) =>
  Object.entries<TeamContact>(teams).flatMap(([owner, { tell, level }]) => {
    const ways = namesOf(severities).filter((severity) => tell[severity])
    return [
      ...(/^[a-z][a-z0-9_-]*$/.test(owner) && !taken.includes(owner)
        ? []
        : [
            `teams.${owner} is no name for a team: write small letters, digits and hyphens, and not ${taken.join(' or ')}`,
          ]),
      ...([1, 2, 3].includes(level) ? [] : [`teams.${owner}.level is ${level}: write 1, 2 or 3`]),
      ...unknownFaults(`teams.${owner}.tell`, Object.keys(tell), all),
      ...(ways.length === 0 ? [`teams.${owner}.tell is empty: name a channel by severity, or take the team out`] : []),
      ...ways
        .filter((severity) => tell[severity]?.length === 0)
        .map((severity) => `teams.${owner}.tell.${severity} is empty: name a channel, or leave it out`),
    ]
  })

/** The ladder has the labels of what it is about, and what has a route of its own no severity. */
const isTold = ({ labels, override }: Alert) =>
  labels.severity !== undefined && labels.step === undefined && !override?.off

const ownerFaults = (alerts: readonly Alert[], { teams }: Delivery, all: Severities) => {
  // Of a severity that there is not, `ladderFaults` tells.
  const told = alerts.filter((one) => isTold(one) && Object.hasOwn(all, one.labels.severity ?? ''))
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

const escalationFaults = ({ escalation }: Delivery, all: Severities) => [
  ...unknownFaults('escalation', Object.keys(escalation), all),
  ...namesOf(severities).flatMap((severity) => {
    const next = escalation[severity]
    if (!next) return [`escalation.${severity} is missing: say who takes over once nobody has responded in time`]
    return (next.channels ?? []).length === 0
      ? [`escalation.${severity}.channels is empty: name a channel, or what nobody responds to stays with nobody`]
      : []
  }),
]

const channelFaults = (key: string, channels: readonly Channel[]) => {
  if (!Array.isArray(channels)) return [`${key} is no list: write its channels in [ and ]`]
  return channels.flatMap((channel: Channel, place) => {
    const first = channels.findIndex((other) => JSON.stringify(other) === JSON.stringify(channel))
    const wrong = first < place ? `is the same as ${key}[${first}]: leave one of them out` : channelFault(channel)
    return wrong === undefined ? [] : [`${key}[${place}] ${wrong}`]
  })
}

const isRouted = (name: string): name is keyof typeof groupMinutes => Object.hasOwn(groupMinutes, name)

const repeatFaults = (all: Severities) =>
  Object.entries(all).flatMap(([severity, { respondWithinHours: hours }]) => {
    if (!isRouted(severity)) {
      const known = namesOf(groupMinutes).join(', ')
      return [`config/sla.ts: severities.${severity} is none that is routed: leave it out, and keep to ${known}`]
    }
    // `ladderFaults` tells of what is no time.
    if (typeof hours !== 'number' || !Number.isFinite(hours)) return []
    const key = `config/sla.ts: severities.${severity}.respondWithinHours`
    if (hours >= longestRepeat) {
      return [`${key} is too long: Alertmanager repeats by itself sooner; write less than ${longestRepeat}`]
    }
    return (hours * 60) % groupMinutes[severity] === 0
      ? []
      : [`${key} is ${hours}: Alertmanager repeats at whole multiples of ${groupMinutes[severity]} min only; write one`]
  })
