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
  /** Where `config/teams.ts` names the channels: `teams.platform.tell.critical`. */
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

/** Minutes of the group interval, at which alone a message is repeated. */
export const groupMinutes = { critical: 1, high: 5, medium: 15, low: 60 } as const satisfies Record<
  SeverityName,
  number
>

/** In hours: after them Alertmanager forgets whom it told, and repeats. Every response time is shorter. */
export const longestRepeat = 120

/** What is about the same: one page. */
export const oneIncident = ['alertname', 'instance', 'slo'] as const
const ladderGroups: Readonly<Record<SeverityName, readonly string[]>> = {
  critical: ['alertname', 'source_alert', 'instance', 'slo'],
  high: ['alertname', 'source_alert', 'instance', 'slo'],
  // A list: nobody is woken up by it.
  medium: ['owner'],
  low: ['owner'],
}

const span = (minutes: number) => (minutes % 60 === 0 ? `${minutes / 60}h` : `${minutes}m`)

/**
 * Repeated at each response time; what nobody answers has its ladder sooner. Alertmanager writes nothing down of an alert that
 * ends while it is silenced or held back: where the same one fires again, it takes it for told until then.
 */
const timingOf = (severity: SeverityName): Timing => ({
  groupWait: waits[severity],
  groupInterval: span(groupMinutes[severity]),
  repeatInterval: span(severities[severity].respondWithinHours * 60),
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
          key: `teams.${owner}.tell.${severity}`,
          channels,
          groupBy: isReminder ? ladderGroups[severity] : oneIncident,
          timing: timingOf(severity),
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
    timing: timingOf(severity),
    waits: hours.waits.includes(severity),
  }))

/** In the order in which Alertmanager asks them: the first that matches takes the alert. */
export const routesOf = (delivery: Delivery): readonly Route[] => [
  ...teamRoutes(delivery, 'reminder'),
  ...escalationRoutes(delivery),
  ...teamRoutes(delivery, 'first'),
]

/**
 * The dead man's switch goes out every minute and never waits. Whether it is to be repeated is asked once a minute, and what was
 * sent then is written down a moment later: were that a whole minute, every second beat would be left out.
 */
export const heartbeatRoute = {
  receiver: 'heartbeat',
  alertname: heartbeatName,
  timing: { groupWait: '0s', groupInterval: '1m', repeatInterval: '30s' },
} as const

/** Holds back others, and is told to nobody. */
export const silentRoute = { receiver: 'nobody', alertname: aftermathName } as const
