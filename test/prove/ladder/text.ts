import { severities } from '../../../config/sla.ts'
import { escalation } from '../../../config/teams.ts'
import type { Climb, Message } from './climb.ts'
import { type Due, responseOf, severityOf } from './law.ts'
import { millisecondsIn, type Pace } from './pace.ts'

/** In one line, and without what Slack needs to be escaped. */
const plainly = (text: string) =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .replaceAll('`', 'ˋ')
    .replace(/\s+/g, ' ')

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

/** `Thu 26 Nov 18:26 UTC` */
const moment = (milliseconds: number) => {
  const date = new Date(milliseconds)
  const time = date.toISOString().slice(11, 16)
  return `${days[date.getUTCDay()]} ${date.getUTCDate()} ${months[date.getUTCMonth()]} ${time} UTC`
}

/** Alertmanager fills it in by the clock of this world: of all times it alone is not compressed. */
const respondBy = ({ alert, firedAt, toldFiredAt = firedAt }: Climb) => {
  const hours = severities[severityOf(alert)].respondWithinHours
  return `${moment(toldFiredAt + hours * 3_600_000)} (within ${hours} hour${hours === 1 ? '' : 's'})`
}

const respondFault = (said: string, climb: Climb) => {
  const [right, found = 'nothing'] = [respondBy(climb), /Respond by:\W* (\w[^)]*\))/.exec(said)?.[1]]
  return found === right ? [] : [`by when to respond: it says ${found}, and it is ${right}`]
}

/** What everybody needs who is told to do something. */
const known = ({ alert, annotations }: Climb) => [
  alert.alert,
  annotations.action ?? '',
  annotations.runbook_url ?? '',
  annotations.dashboard_url ?? '',
  '/#/silences/new?filter=',
]

const takeOver = ({ alert }: Climb) => {
  const severity = severityOf(alert)
  const { action, notification } = severities[severity].escalation
  return [escalation[severity].words, `${action} (${notification})`]
}

/** Milliseconds of what Prometheus writes: `3.406s`, `1m 2s`. */
const spoken = (text: string) =>
  text
    .split(' ')
    .map((part) => /^([\d.]+)(ms|[smhd])$/.exec(part))
    .reduce((sum, found) => sum + Number(found?.[1]) * millisecondsIn(`1${found?.[2] ?? 's'}`), 0)

const duration = '([\\d.]+(?:ms|[smhd])(?: \\d+[smhd])*)'
const [left, over] = [new RegExp(`${duration} are left`), new RegExp(`${duration} ago`)]

/** Prometheus keeps the moment at which an alert begins in whole seconds. */
export const wholeSecond = 1000

/** A time that is told, beside what it was when it was told: some time passes from the judgement to the message. */
const timeFault = (text: string, pattern: RegExp, truth: number, patience: number) => {
  const found = pattern.exec(text)?.[1]
  if (found === undefined) return [`a time like ${pattern.source}`]
  const off = Math.abs(spoken(found) - truth)
  return off <= patience + wholeSecond ? [] : [`the right time: it says ${found}, and it is ${truth} ms`]
}

const timeFaults = (pace: Pace, due: Due, climb: Climb, { at, text }: Message, patience: number) => {
  const deadline = climb.firedAt + responseOf(pace, climb.alert)
  // A list tells of others as well.
  const own = text
    .split('\n')
    .filter((line) => line.includes(climb.instance))
    .join('\n')
  if (due.step === 'reminder') return timeFault(own, left, deadline - at, patience)
  if (due.step === 'escalation') return timeFault(own, over, at - deadline, patience)
  return []
}

const wordsOf = (due: Due, climb: Climb): readonly string[] => {
  switch (due.step) {
    case 'first':
      return [...known(climb), climb.annotations.summary ?? '']
    case 'reminder':
      return [...known(climb), 'nobody has responded']
    case 'escalation':
      return [...known(climb), 'nobody has responded', ...takeOver(climb)]
    default:
      return [climb.alert.alert, 'It lasted']
  }
}

/** What a message should say and does not. */
export const missingWords = (pace: Pace, due: Due, climb: Climb, message: Message, patience: number) => {
  const said = plainly(message.text)
  const severity = severityOf(climb.alert)
  return [
    ...(said.toLowerCase().includes(severity) ? [] : [severity]),
    ...wordsOf(due, climb).filter((words) => words === '' || !said.includes(plainly(words))),
    ...(due.step === 'first' ? respondFault(said, climb) : []),
    ...timeFaults(pace, due, climb, message, patience),
  ]
}
