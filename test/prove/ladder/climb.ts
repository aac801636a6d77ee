import { setTimeout as delay } from 'node:timers/promises'
import { escalation } from '../../../config/teams.ts'
import type { Receivers } from '../../integration/receivers.ts'
import { eventually } from '../../integration/servers.ts'
import { type Heard, heardBy } from './heard.ts'
import { escalationReceiver, law, responseOf, severityOf, type Went } from './law.ts'
import type { Pace } from './pace.ts'
import type { Stand } from './stand.ts'
import { labelsOf, type Shared, type Subject } from './subjects.ts'

/** What an alert says, as Prometheus filled it in. */
export type Annotations = Readonly<Record<string, string>>

/** What became of a subject. */
export interface Climb extends Went {
  /** Of its server, which no other alert is about. */
  readonly instance: string
  readonly annotations: Annotations
  /** When its fault began. */
  readonly begunAt: number
  /** Since when it fires as its first message tells, where Alertmanager heard of it late. */
  readonly toldFiredAt?: number
}

interface Climbing {
  readonly stand: Stand
  readonly receivers: Receivers
  readonly pace: Pace
}

/** Shares of the response time. */
const acknowledgedAfter = 0.25
const releasedAfter = 0.75
/** Milliseconds: at the very end of the response time nobody could say which came first. */
const surely = 100
/** Long enough to see that nothing comes. */
const silentUntil = 1.2

/** A message about one server. */
export interface Message extends Heard {
  /** Whether it says that it is over. */
  readonly over: boolean
}

/** Messages that name this server: no other does. One that lists several says of each whether it is over. */
export const about = (receivers: Receivers, { instance }: Pick<Subject, 'instance'>): readonly Message[] => {
  const named = `(?<![\\w-])${instance}(?![\\w-])`
  const [mentioned, ended] = [new RegExp(named), new RegExp(`^\\W*Resolved: .*${named}`, 'm')]
  return heardBy(receivers).flatMap((heard) =>
    mentioned.test(heard.text) ? [{ ...heard, over: ended.test(heard.text) }] : [],
  )
}

const until = (moment: number) => delay(Math.max(0, moment - Date.now()))

const fired = async (stand: Stand, subject: Subject) => {
  const [alert] = await eventually(
    () => stand.active(labelsOf(subject)),
    (found) => found.length > 0,
    { within: 60_000 },
  )
  if (!alert) throw new Error(`${subject.alert.id} did not fire`)
  return alert
}

/** On-call does what the course says. */
const answer = async ({ stand, pace }: Climbing, subject: Subject, firedAt: number) => {
  if (subject.course === 'unanswered') return {}
  const response = responseOf(pace, subject.alert)
  const releasedAt = subject.course === 'released' ? firedAt + response * releasedAfter : undefined
  await until(firedAt + response * acknowledgedAfter)
  const acknowledgedAt = Date.now()
  await stand.acknowledge(labelsOf(subject), releasedAt ?? firedAt + response * 100)
  return { acknowledgedAt, ...(releasedAt !== undefined && { releasedAt }) }
}

/** Until the last step has been told by every channel, or it is certain that none comes. */
const topReached = async ({ receivers, pace }: Climbing, subject: Subject, firedAt: number) => {
  const response = responseOf(pace, subject.alert)
  if (subject.course === 'acknowledged') return until(firedAt + response * silentUntil)
  await until(firedAt + response + surely)
  const [receiver, channels] = [escalationReceiver(subject.alert), escalation[severityOf(subject.alert)].channels]
  const told = () => about(receivers, subject).filter((one) => one.receiver === receiver).length
  await seen(() => told() >= channels.length)
}

/** Resolves when it is so, or has been waited for long enough: what did not come is told of elsewhere. */
const seen = async (good: () => boolean) => {
  for (const deadline = Date.now() + patience; !good() && Date.now() < deadline; ) await delay(50)
}

/** Milliseconds that what is late is waited for. */
const patience = 30_000

/** Brings a fault about, lets on-call do what the course says, and ends it. */
export const climb = async (climbing: Climbing, subject: Shared): Promise<Climb> => {
  const { stand } = climbing
  const begunAt = Date.now()
  await subject.bring()
  const { startsAt: firedAt, annotations } = await fired(stand, subject)
  const answers = await answer(climbing, subject, firedAt)
  await topReached(climbing, subject, firedAt)
  const endedAt = await subject.end()
  await eventually(
    () => stand.active(labelsOf(subject)),
    (found) => found.length === 0,
    { within: 60_000 },
  )
  const { instance, alert } = subject
  const went = { instance, alert, annotations, begunAt, firedAt, ...answers, endedAt }
  const ends = law(climbing.pace, went).filter(({ step }) => step === 'resolution' || step === 'closing')
  await seen(() => {
    const over = about(climbing.receivers, subject).filter((one) => one.over)
    return ends.every(({ receiver }) => over.some((one) => one.receiver === receiver))
  })
  return went
}
