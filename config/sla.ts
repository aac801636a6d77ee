import type { SeverityName } from './severity.ts'
import type { Team } from './teams.ts'

export type { SeverityName } from './severity.ts'

/** A support severity of the handbook's SLA: how soon a human responds, and what happens when nobody does. */
export interface Severity {
  /** What the severity means, in the handbook's sense. */
  readonly means: string
  /** Hours until a human has responded. */
  readonly respondWithinHours: number
  /** What is done when the response time runs out, and by which means. */
  readonly escalation: { readonly action: string; readonly notification: string }
}

/** The four severities and their response times, from the handbook (Support technique, SLA and Escalade). */
export const severities = {
  critical: {
    means: 'the system is down',
    respondWithinHours: 1,
    escalation: { action: 'call the on-call engineer', notification: 'phone and Slack' },
  },
  high: {
    means: 'a major function is affected',
    respondWithinHours: 4,
    escalation: { action: 'assign to senior support', notification: 'email' },
  },
  medium: {
    means: 'a minor function is affected',
    respondWithinHours: 24,
    escalation: { action: 'assign to the support team', notification: 'ticket' },
  },
  low: {
    means: 'an improvement',
    respondWithinHours: 72,
    escalation: { action: 'list for the next planning', notification: 'list' },
  },
} as const satisfies Record<SeverityName, Severity>

/** What is promised to the users of the service over a window of time. */
export interface Objective {
  /** The promise in words, as it would stand in a contract. */
  readonly promise: string
  /** What a value of it is called where there is no room for the promise. */
  readonly title: string
  /** Share of events that must be good: above 0, below 1. */
  readonly target: number
  /** The period over which the share is kept, in days. */
  readonly window: `${number}d`
  /** The team that answers for it. */
  readonly owner: Team
  /** Watched for each route or each target as well, not only for all together. */
  readonly each?: 'route' | 'instance'
  /** With fewer bad events than this in a window nobody is told: one error at night is no outage. 10 where it is left out. */
  readonly leastBadEvents?: number
}

/** A promise about time taken. */
export interface LatencyObjective extends Objective {
  /** A request slower than this is a bad one. Must be a bucket of the histogram that measures it. */
  readonly seconds: number
}

/** Every promise. A change here changes the rules, the alerts and the pages. */
export const sla = {
  httpAvailability: {
    promise: '99.9 % of API requests are answered without a server error',
    title: 'Answered without an error',
    target: 0.999,
    window: '30d',
    owner: 'platform',
  },
  httpLatency: {
    promise: '99 % of API requests are answered within 500 ms',
    title: 'Answered in time',
    target: 0.99,
    seconds: 0.5,
    window: '30d',
    owner: 'platform',
  },
  reservationSuccess: {
    promise: '99.5 % of reservation attempts end in a confirmation or a clear refusal, not in an error of ours',
    title: 'Reservations made',
    target: 0.995,
    window: '30d',
    owner: 'reservations',
  },
  apiReachable: {
    promise: '99.9 % of the time the API answers its health check when asked from outside',
    title: 'Reachable',
    target: 0.999,
    window: '30d',
    owner: 'platform',
  },
} as const satisfies Record<string, Objective | LatencyObjective>

export type PromiseName = keyof typeof sla
