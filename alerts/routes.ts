import { type SeverityName, severities } from '../config/sla.ts'
import {
  type BusinessHours,
  businessHours,
  type Channel,
  type Escalation,
  escalation,
  heartbeat,
  type Smtp,
  smtp,
  type TeamContact,
  teams,
} from '../config/teams.ts'
import { namesOf } from '../metrics/names.ts'
import { aftermathName } from './stack/aftermath.ts'
import { heartbeatName } from './stack/heartbeat.ts'

/** Who is told, and how: all that `config/teams.ts` says of it. */
export interface Delivery {
  readonly teams: Readonly<Record<string, TeamContact>>
  readonly escalation: Readonly<Record<SeverityName, Escalation>>
  readonly businessHours: BusinessHours
  readonly heartbeat: readonly Channel[]
  readonly smtp: Smtp
  /** Takes PagerDuty's events in its place. */
  readonly pagerduty?: `http${string}`
}

export const ourDelivery: Delivery = { teams, escalation, businessHours, heartbeat, smtp }

/** How often, in Alertmanager's terms. */
export interface Timing {
  readonly groupWait: string
  readonly groupInterval: string
  readonly repeatInterval: string
}

/** A first notification, a reminder at half the response time, or the next in line once it has run out. */
export type Step = 'first' | 'reminder' | 'escalation'

/** Where alerts of one severity go, at one step. */
export interface Route {
  readonly receiver: string
  readonly step: Step
  readonly severity: SeverityName
  readonly matchers: readonly string[]
  /** Where `config/teams.ts` names the channels: `platform.tell.critical`. */
  readonly key: string
  readonly channels: readonly Channel[]
  /** What is told in one message. */
  readonly groupBy: readonly string[]
  readonly timing: Timing
  /** Told in business hours only. */
  readonly waits: boolean
}

/** What falls together comes as one page, and what holds an alert back has arrived before it is told. */
const waits = { critical: '30s', high: '1m', medium: '5m', low: '10m' } as const
const intervals = { critical: '1m', high: '5m', medium: '15m', low: '1h' } as const

/** In hours: Alertmanager forgets after 120 whom it told, and repeats. Longer than every response time. */
export const longestRepeat = 96

/** What is about the same: one page. */
export const oneIncident = ['alertname', 'instance', 'slo'] as const
const ladderGroups: Readonly<Record<SeverityName, readonly string[]>> = {
  critical: ['alertname', 'source_alert', 'instance', 'slo'],
  high: ['alertname', 'source_alert', 'instance', 'slo'],
  // A list: nobody is woken up by it.
  medium: ['owner'],
  low: ['owner'],
}

/** A multiple of the group interval, or Alertmanager rounds it up. */
const timingOf = (severity: SeverityName, repeatHours: number): Timing => ({
  groupWait: waits[severity],
  groupInterval: intervals[severity],
  repeatInterval: `${repeatHours}h`,
})

const teamRoutes = ({ teams: all, businessHours: hours }: Delivery, step: 'first' | 'reminder'): readonly Route[] =>
  Object.entries(all).flatMap(([owner, { tell }]) =>
    namesOf(severities).flatMap((severity) => {
      const channels = tell[severity]
      if (!channels) return []
      const isReminder = step === 'reminder'
      return [
        {
          receiver: `${owner}-${severity}${isReminder ? '-reminder' : ''}`,
          step,
          severity,
          matchers: [...(isReminder ? ['step="reminder"'] : []), `owner="${owner}"`, `severity="${severity}"`],
          key: `${owner}.tell.${severity}`,
          channels,
          groupBy: isReminder ? ladderGroups[severity] : oneIncident,
          // The ladder repeats what is not answered.
          timing: timingOf(severity, longestRepeat),
          waits: hours.waits.includes(severity),
        },
      ]
    }),
  )

const escalationRoutes = ({ escalation: next, businessHours: hours }: Delivery): readonly Route[] =>
  namesOf(severities).map((severity) => ({
    receiver: `escalation-${severity}`,
    step: 'escalation',
    severity,
    matchers: ['step="escalation"', `severity="${severity}"`],
    key: `escalation.${severity}.channels`,
    channels: next[severity]?.channels ?? [],
    groupBy: ladderGroups[severity],
    timing: timingOf(severity, severities[severity].respondWithinHours),
    waits: hours.waits.includes(severity),
  }))

/** In the order in which Alertmanager asks them: the first that matches takes the alert. */
export const routesOf = (delivery: Delivery): readonly Route[] => [
  ...teamRoutes(delivery, 'reminder'),
  ...escalationRoutes(delivery),
  ...teamRoutes(delivery, 'first'),
]

/** The dead man's switch goes out every minute and never waits. */
export const heartbeatRoute = {
  receiver: 'heartbeat',
  alertname: heartbeatName,
  timing: { groupWait: '0s', groupInterval: '1m', repeatInterval: '1m' },
} as const

/** Holds back others, and is told to nobody. */
export const silentRoute = { receiver: 'nobody', alertname: aftermathName } as const
