import type { Alert } from '../../../alerts/alert.ts'
import { overdueName, reminderName } from '../../../alerts/escalation.ts'
import { postgresDown } from '../../../alerts/postgres/availability.ts'
import { apiDown } from '../../../alerts/probe/reach.ts'
import { type SeverityName, severities } from '../../../config/sla.ts'
import { namesOf } from '../../../metrics/names.ts'
import { alertNamed, type Case } from '../case.ts'
import type { InputSeries } from '../series.ts'
import { answered, arriving, foreign, known, unanswered } from './given.ts'

const due = (severity: SeverityName) => alertNamed(`${reminderName} of ${severity}`)
const overdue = (severity: SeverityName) => alertNamed(`${overdueName} of ${severity}`)

interface Trial {
  readonly name: string
  readonly severity: SeverityName
  readonly about: (severity: SeverityName) => Alert
  readonly series: readonly InputSeries[]
  readonly step: number
  readonly fires?: readonly (readonly [labels: Readonly<Record<string, string>>, value: string])[]
}

const caseOf = ({ name, severity, about, series, step, fires = [] }: Trial): Case => ({
  name,
  about: about(severity),
  series,
  at: `${step}m`,
  fires: fires.map(([labels, value]) => ({ rule: about(severity), labels: unanswered(labels), value })),
})

/** The clock begins when it fires: its delay of a minute after the expression first held. */
const since = -60
const whole = { since, steps: 80 }
const half = 30
const minutes = 60

/** What is left as Prometheus prints it, a minute after the half is over. */
const left: Readonly<Record<SeverityName, string>> = {
  critical: '29m 0s',
  high: '1h 59m 0s',
  medium: '11h 59m 0s',
  low: '1d 11h 59m 0s',
}

/** So many minutes pass until a part of the response time is over. */
const until = 5

/** Of each severity, with one beside it that has no response time here, and one that somebody acknowledged. */
const ofEach = namesOf(severities).flatMap((severity): readonly Trial[] => {
  const [labels, taken] = [
    { ...foreign(severity), instance: 'main' },
    { ...foreign(severity), instance: 'taken' },
  ]
  const seriesFrom = (part: number) => {
    const from = { since: until * 60 - severities[severity].respondWithinHours * 3600 * part, steps: until + 2 }
    const open = [labels, taken, foreign('page')].flatMap((one) => known(one, from))
    return [...open, answered(taken, `1x${until + 2}`)]
  }
  return [
    {
      name: `nobody responded for half of the response time of an alert that is ${severity}`,
      ...{ severity, about: due, series: seriesFrom(0.5), step: until + 1, fires: [[labels, left[severity]]] },
    },
    {
      name: `half of the response time of an alert that is ${severity} is over only now`,
      ...{ severity, about: due, series: seriesFrom(0.5), step: until },
    },
    {
      name: `nobody responded within the response time of an alert that is ${severity}`,
      ...{ severity, about: overdue, series: seriesFrom(1), step: until + 1, fires: [[labels, '1m 0s']] },
    },
    {
      name: `the response time of an alert that is ${severity} is over only now`,
      ...{ severity, about: overdue, series: seriesFrom(1), step: until },
    },
  ]
})

const main = arriving(postgresDown, { job: 'postgres', instance: 'main' })
const other = arriving(postgresDown, { job: 'postgres', instance: 'other' })
const api = arriving(apiDown, { job: 'probe', instance: 'api' })
const burning = foreign('critical', 'BudgetOfAPromise')

const critical = { severity: 'critical' } as const
const answers: readonly Trial[] = [
  {
    name: 'nobody is reminded of what somebody acknowledged, and of the same alert on another target somebody is',
    ...{ ...critical, about: due, step: half + 10, fires: [[other, '20m 0s']] },
    series: [...known(main, whole), ...known(other, whole), answered(main, '1x80'), answered(other, '0x80')],
  },
  {
    name: 'what somebody acknowledged is not escalated',
    ...{ ...critical, about: overdue, step: 70 },
    series: [...known(main, whole), answered(main, '1x80')],
  },
  {
    name: 'what is no longer acknowledged is escalated at once, by the old clock',
    ...{ ...critical, about: overdue, step: 67, fires: [[main, '7m 0s']] },
    series: [...known(main, whole), answered(main, '1x65 0x14')],
  },
  {
    name: 'what is acknowledged late is escalated no longer',
    ...{ ...critical, about: overdue, step: 66 },
    series: [...known(main, whole), answered(main, '0x65 1x14')],
  },
  {
    name: 'an answer counts while the recorder is started anew',
    ...{ ...critical, about: overdue, step: 68 },
    series: [...known(main, whole), answered(main, '1x64 _x14')],
  },
  {
    name: 'an answer counts no longer when the recorder has been gone for longer',
    ...{ ...critical, about: overdue, step: 75, fires: [[main, '15m 0s']] },
    series: [...known(main, whole), answered(main, '1x64 _x14')],
  },
  {
    name: 'the last minute of the response time is nobody reminded of twice',
    ...{ ...critical, about: due, step: minutes },
    series: known(main, whole),
  },
  {
    name: 'an alert without a target is escalated by its name',
    ...{ ...critical, about: overdue, step: 65, fires: [[burning, '5m 0s']] },
    series: known(burning, { since: 0, steps: 80 }),
  },
]

const others: readonly Trial[] = [
  {
    name: 'an alert that has ended is not escalated',
    ...{ ...critical, about: overdue, step: 70 },
    series: known(main, { since, steps: 67 }),
  },
  {
    name: 'an alert that has ended needs no reminder',
    ...{ ...critical, about: due, step: half + 10 },
    series: known(main, { since, steps: half + 6 }),
  },
  {
    name: 'an alert that is pending for hours is not escalated',
    ...{ ...critical, about: overdue, step: 75 },
    series: known(foreign('critical'), { since: 0, steps: 80, state: 'pending' }),
  },
  {
    name: 'what tells that nobody responds is not escalated itself',
    ...{ ...critical, about: overdue, step: 75, fires: [[api, '15m 0s']] },
    series: [
      ...known(api, whole),
      ...known(
        { ...unanswered(foreign('critical')), alertname: reminderName, step: 'reminder' },
        { since: 0, steps: 80 },
      ),
    ],
  },
]

export const ladderCases: readonly Case[] = [...ofEach, ...answers, ...others].map(caseOf)
