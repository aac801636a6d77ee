import { type Delivery, groupMinutes, ourDelivery, routesOf } from '../alerts/routes.ts'
import { heartbeatName } from '../alerts/stack/heartbeat.ts'
import { type SeverityName, severities } from '../config/sla.ts'
import type { Channel, TeamContact } from '../config/teams.ts'
import { namesOf } from '../metrics/names.ts'
import { clockOf, hoursAfter, momentOf, nextOpen } from './support-clock.ts'

const cell = (text: string) => text.replaceAll('|', '\\|')
const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map(cell).join(' | ')} |`).join('\n')
const capital = (words: string) => `${words[0]?.toUpperCase() ?? ''}${words.slice(1)}`

/** The handbook's words, by level. */
const levels: Readonly<Record<TeamContact['level'], { readonly name: string; readonly does: string }>> = {
  1: { name: 'users (Niveau 1 : Support utilisateur)', does: 'questions, guides' },
  2: { name: 'technical (Niveau 2 : Support technique)', does: 'faults, problems' },
  3: { name: 'developers (Niveau 3 : Support développeur)', does: 'corrections' },
}
const french: Readonly<Record<SeverityName, string>> = {
  critical: 'Critique',
  high: 'Élevé',
  medium: 'Moyen',
  low: 'Faible',
}

/** A way to somebody in words. An address that is a secret is not among them. */
const wordsOf = (channel: Channel): string => {
  switch (channel.kind) {
    case 'pagerduty':
      return 'phone (PagerDuty)'
    case 'slack':
      return `Slack ${channel.channel}`
    case 'email':
      return `mail to ${channel.to}`
    case 'webhook':
      return 'url' in channel
        ? `webhook at ${new URL(channel.url).host}`
        : `webhook (its address: \`${channel.urlSecret}\`)`
  }
}
const ways = (channels: readonly Channel[]) => channels.map(wordsOf).join(', ')
const hours = (severity: SeverityName) => severities[severity].respondWithinHours

const levelRows = ({ teams }: Delivery) =>
  ([1, 2, 3] as const).map((level) => {
    const members = Object.entries(teams).filter(([, team]) => team.level === level)
    const who = members.map(([name, { words }]) => `**${name}** ${words}`).join('; ')
    return [`${level}: ${levels[level].name}`, levels[level].does, who || 'nobody: name a team in `config/teams.ts`']
  })

const severityRows = ({ escalation }: Delivery) =>
  namesOf(severities).map((severity) => {
    const { means, escalation: then } = severities[severity]
    const { channels } = escalation[severity]
    return [`**${severity}** (${french[severity]})`, means, `${hours(severity)} h`, `${then.action}: ${ways(channels)}`]
  })

const channelRows = ({ teams }: Delivery) =>
  Object.entries(teams).map(([name, { tell }]) => [
    name,
    ...namesOf(severities).map((severity) => ways(tell[severity] ?? []) || 'owns none'),
  ])

/** When somebody is told of what comes due then. */
const toldAt = (severity: SeverityName, moment: number, { businessHours }: Delivery) =>
  businessHours.waits.includes(severity) ? nextOpen(moment, businessHours) : moment

const ladderRows = (delivery: Delivery) => {
  const fires = momentOf('monday', '09:00')
  return namesOf(severities).map((severity) => {
    const at = (share: number) => clockOf(toldAt(severity, hoursAfter(fires, hours(severity) * share), delivery))
    const { words } = delivery.escalation[severity]
    return [severity, at(0), at(1 / 2), `${at(1)}: ${words}`, `${hours(severity)} h`]
  })
}

const firstWaits = (delivery: Delivery) => {
  const found = routesOf(delivery).flatMap(({ step, severity, timing }) =>
    step === 'first' ? [[severity, timing.groupWait] as const] : [],
  )
  return [...new Map(found)].map(([severity, wait]) => `${severity} ${wait}`).join(', ')
}

const waiting = (delivery: Delivery): readonly string[] => {
  const { weekdays, from, to, location, waits } = delivery.businessHours
  if (waits.length === 0) return ['Nothing waits: everybody is told at any hour.']
  const evening = momentOf('friday', '20:00')
  return [
    `${capital(waits.join(', '))}: told, reminded and escalated from ${from} to ${to} on ${weekdays.map(capital).join(', ')} only (${location}). The clock runs meanwhile.`,
    ...waits.map((severity) => {
      const minutes = groupMinutes[severity]
      // Alertmanager looks at a group of alerts once in its interval, and not as the day begins.
      const told = toldAt(severity, evening, delivery) + minutes
      const left = hours(severity) - (told - evening) / 60
      return `What was held back goes out within ${minutes} min of the opening: an alert of severity ${severity} that fires on ${clockOf(evening)} is told by ${clockOf(told)}, when ${left} of its ${hours(severity)} hours are left.`
    }),
  ]
}

const beating = ({ heartbeat }: Delivery) =>
  heartbeat.length > 0
    ? `Its way: ${ways(heartbeat)}.`
    : '**It goes nowhere yet**: nobody would notice that alerts no longer get through. Name a channel that leaves the host in `heartbeat` of `config/teams.ts`.'

/** The support page as Markdown: who answers, how they are told, what follows when nobody does. Only names of secrets stand in it. */
export const supportPage = (delivery: Delivery = ourDelivery): string =>
  `${[
    '# Support',
    '<!-- Generated by `npm run generate` from config/teams.ts and config/sla.ts. Do not edit. -->',
    'Who answers when something is wrong, how soon, how they are told, and what follows when nobody answers.',
    '## Levels',
    table(['Level', 'For', 'Who'], levelRows(delivery)),
    'Each alert has one owner among them: the team that can end it. [The runbook](../compose/generated/runbook.md) says which.',
    '## Response times',
    table(['Severity', 'Means', 'Answered within', 'When it runs out'], severityRows(delivery)),
    'Each is to be kept: there is no share that may be missed.',
    '## How each team is told',
    table(['Team', ...namesOf(severities).map(String)], channelRows(delivery)),
    `A message waits a moment for what falls together with it: ${firstWaits(delivery)}. What follows from another alert is held back, so that one outage is one page.`,
    '## What happens, hour by hour',
    `For an alert that fires on ${clockOf(momentOf('monday', '09:00'))}, and that nobody answers:`,
    table(
      ['Severity', 'Team is told', 'Team is reminded', 'Escalated to', 'Escalated again every'],
      ladderRows(delivery),
    ),
    [
      '- The clock begins when the alert **fires**: nobody can know before. How long its condition must hold first stands in the runbook.',
      '- The reminder comes at half the response time, by the channels of the first message. The escalation comes when it has run out.',
      '- Both stop with an answer, and with the end of the alert.',
    ].join('\n'),
    '## How to answer',
    'Whoever takes an alert acknowledges it by a **silence** in Alertmanager that covers it, in their own name: by the link *Acknowledge* in the message, or by *Silence* beside the alert at Alertmanager, <http://127.0.0.1:9093>. Both have filled in all its labels already; one with fewer would cover other alerts as well. When the silence ends and the alert still fires, the ladder goes on where the clock is by then: make it as long as you look after it, and no longer.',
    'Who has acknowledged what, and until when:',
    '```sh\ndocker compose exec alertmanager amtool silence query --alertmanager.url=http://127.0.0.1:9093   # in containers\namtool silence query --alertmanager.url=http://127.0.0.1:9093                                     # local processes\n```',
    '**What PagerDuty rang for is acknowledged and resolved in PagerDuty, too.** Alertmanager tells nobody of the end of an alert that is silenced: its incident there stays open, and no mail and no message in Slack says that it is over. It is over when it is gone from Alertmanager.',
    '## What counts as answered',
    'In time is an incident that was acknowledged, or over, before its response time ran out. One that was neither is a promise broken, however soon after it is answered. An alert that nobody was told of, because another one holds it back, is no incident.',
    '[Incidents](incidents.md) says how this is counted, and the dashboard [On-call](dashboards.md#on-call) shows it.',
    '## What can wait',
    waiting(delivery).join('\n\n'),
    "## The dead man's switch",
    `The alert \`${heartbeatName}\` always fires and is sent once a minute. Whoever receives it calls on-call by a way of their own when it stops: then Prometheus, Alertmanager, or the way out is broken. ${beating(delivery)}`,
    '## How to change this',
    'Teams, channels and business hours stand in `config/teams.ts`, response times in `config/sla.ts`. `npm run generate` writes this page, the rules and the routes anew. Channels and their secrets are set up as [How alerts reach people](delivery.md) says.',
  ].join('\n\n')}\n`
