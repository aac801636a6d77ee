import { severities } from '../../../config/sla.ts'

/** An alert that is at one step of the ladder when a program is killed; moments are shares of the response time. */
export interface Moment {
  readonly step: string
  /** Of its server. */
  readonly instance: string
  /** How long it has fired at the kill; below zero its delay has not passed yet. */
  readonly age: number
  /** Since it fired: from when to when it is acknowledged. */
  readonly acknowledged?: { readonly from: number; readonly until: number }
  /** Since it fired: when its fault ends. */
  readonly end: number
}

/** The last step has been told, and has not come again. */
const afterwards = 1.06
const minutes = (count: number) => count / (severities.critical.respondWithinHours * 60)

/** Every step of the ladder. */
export const moments: readonly Moment[] = [
  // A Prometheus that was away lets the delay go on where it was: it fires later by as much, and ends behind its last step.
  { step: 'before it fires', instance: 'redis-early', age: minutes(-0.5), end: 1 + minutes(12) },
  // Its group waits for half a minute.
  { step: 'before the first notification', instance: 'redis-fresh', age: minutes(0.3), end: afterwards },
  { step: 'between first notification and reminder', instance: 'redis-waiting', age: 0.25, end: afterwards },
  // The reminder is due, waits for a minute, and then with its group.
  { step: 'at the reminder', instance: 'redis-reminding', age: 0.5 + minutes(0.8), end: afterwards },
  { step: 'between reminder and escalation', instance: 'redis-reminded', age: 0.75, end: afterwards },
  { step: 'at the escalation', instance: 'redis-escalating', age: 1 + minutes(0.8), end: 1 + minutes(12) },
  {
    step: 'acknowledged a moment ago',
    instance: 'redis-answering',
    age: 0.25 + minutes(0.3),
    acknowledged: { from: 0.25, until: 2 },
    end: afterwards,
  },
  {
    step: 'while acknowledged, for good',
    instance: 'redis-answered',
    age: 0.42,
    acknowledged: { from: 0.25, until: 2 },
    end: afterwards,
  },
  {
    step: 'while acknowledged, until later',
    instance: 'redis-held',
    age: 0.58,
    acknowledged: { from: 0.25, until: 0.8 },
    end: afterwards,
  },
  {
    step: 'at the release',
    instance: 'redis-released',
    age: 0.67,
    acknowledged: { from: 0.25, until: 0.67 },
    end: afterwards,
  },
  // Its notification has gone out a moment ago.
  { step: 'at the first notification, and over', instance: 'redis-brief', age: minutes(1.2), end: minutes(1.4) },
  { step: 'at the resolution', instance: 'redis-ending', age: 0.3, end: 0.3 - minutes(0.3) },
]
