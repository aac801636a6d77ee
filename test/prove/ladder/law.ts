import type { Alert } from '../../../alerts/alert.ts'
import { type SeverityName, severities } from '../../../config/sla.ts'
import { type Channel, escalation, type TeamContact, teams } from '../../../config/teams.ts'
import { namesOf } from '../../../metrics/names.ts'
import type { Pace } from './pace.ts'

/** What must be told of an alert, in this order. */
export const steps = ['first', 'reminder', 'escalation', 'resolution'] as const
export type Step = (typeof steps)[number]

/** What on-call does: nothing, acknowledge for good, or acknowledge and let go of it again. */
export const courses = ['unanswered', 'acknowledged', 'released'] as const
export type Course = (typeof courses)[number]

/** How an incident went, in milliseconds since 1970. */
export interface Went {
  readonly alert: Alert
  /** When it fired, as Alertmanager has it. */
  readonly firedAt: number
  readonly acknowledgedAt?: number
  /** When the silence ended. */
  readonly releasedAt?: number
  readonly endedAt: number
}

/** A message that must come, once by each of these channels. */
export interface Due {
  /** A step, or its end where it is told. */
  readonly step: Step | 'closing'
  readonly receiver: string
  readonly via: readonly Channel['kind'][]
  /** When, by the law; it may come a little later and never before. */
  readonly at: number
}

export const severityOf = ({ labels }: Alert): SeverityName => {
  const found = namesOf(severities).find((one) => one === labels.severity)
  if (!found) throw new Error(`${labels.severity} is no severity`)
  return found
}

export const ownerOf = ({ labels }: Alert): string => labels.owner ?? ''

/** Milliseconds until somebody must have responded, where times pass faster. */
export const responseOf = (pace: Pace, alert: Alert): number =>
  pace.seconds(severities[severityOf(alert)].respondWithinHours * 3600) * 1000

const kinds = (channels: readonly Channel[]) => channels.map(({ kind }) => kind)

const tellOf = (alert: Alert): readonly Channel[] => {
  const team = new Map<string, TeamContact>(Object.entries(teams)).get(ownerOf(alert))
  const channels = team?.tell[severityOf(alert)]
  if (!channels) throw new Error(`config/teams.ts does not say how ${ownerOf(alert)} is told of ${alert.id}`)
  return channels
}

export const firstReceiver = (alert: Alert) => `${ownerOf(alert)}-${severityOf(alert)}`
export const reminderReceiver = (alert: Alert) => `${firstReceiver(alert)}-reminder`
export const escalationReceiver = (alert: Alert) => `escalation-${severityOf(alert)}`

const isHeldBack = ({ acknowledgedAt, releasedAt }: Went, at: number) =>
  acknowledgedAt !== undefined && acknowledgedAt <= at && (releasedAt === undefined || at < releasedAt)

/** When a step is due: at its time, or when what held it back ends; undefined where it never is. */
const dueAt = (went: Went, at: number): number | undefined => {
  const due = isHeldBack(went, at) ? went.releasedAt : at
  return due !== undefined && due < went.endedAt ? due : undefined
}

/** When it is no longer told that somebody has to respond: it is acknowledged, or over. */
const answeredAfter = ({ acknowledgedAt, endedAt }: Went, at: number) =>
  acknowledgedAt !== undefined && acknowledgedAt > at ? Math.min(acknowledgedAt, endedAt) : endedAt

/** A reminder, and where it came by telephone, its end: when it is answered, or when it is too late for it. */
const reminderOf = (went: Went, at: number, overdue: number): readonly Due[] => {
  const { alert } = went
  const [via, receiver] = [kinds(tellOf(alert)), reminderReceiver(alert)]
  const opened = via.filter((kind) => kind === 'pagerduty')
  const closed = Math.min(overdue, answeredAfter(went, at))
  return [
    { step: 'reminder', receiver, via, at },
    ...(opened.length > 0 ? [{ step: 'closing', receiver, via: opened, at: closed } as const] : []),
  ]
}

const escalationOf = (went: Went, at: number): readonly Due[] => {
  const { alert } = went
  const [via, receiver] = [kinds(escalation[severityOf(alert)].channels), escalationReceiver(alert)]
  return [
    { step: 'escalation', receiver, via, at },
    { step: 'closing', receiver, via, at: answeredAfter(went, at) },
  ]
}

/** Everything that must be told of an incident, and nothing else may be. */
export const law = (pace: Pace, went: Went): readonly Due[] => {
  const { alert, firedAt, endedAt } = went
  const response = responseOf(pace, alert)
  const overdue = firedAt + response
  const [reminded, escalated] = [dueAt(went, firedAt + response / 2), dueAt(went, overdue)]
  const first = { receiver: firstReceiver(alert), via: kinds(tellOf(alert)) }
  return [
    { step: 'first', ...first, at: firedAt },
    // What could only be told after the whole time is an escalation.
    ...(reminded !== undefined && reminded < overdue ? reminderOf(went, reminded, overdue) : []),
    ...(escalated === undefined ? [] : escalationOf(went, escalated)),
    // Alertmanager tells nobody of the end of what is silenced.
    ...(isHeldBack(went, endedAt) ? [] : [{ step: 'resolution', ...first, at: endedAt } as const]),
  ]
}

/** Whether somebody answered in time: acknowledged it, or ended it. */
export const isMet = (pace: Pace, { alert, firedAt, acknowledgedAt, endedAt }: Went): boolean =>
  Math.min(acknowledgedAt ?? endedAt, endedAt) <= firedAt + responseOf(pace, alert)
