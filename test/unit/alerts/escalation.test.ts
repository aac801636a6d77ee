import { describe, expect, test } from 'vitest'
import type { Alert } from '../../../alerts/alert.ts'
import { alertFired, firedRecord, overdueName, reminderName } from '../../../alerts/escalation.ts'
import { alertsOf, everyRule } from '../../../alerts/index.ts'
import { escalationGroups, ladderFaults } from '../../../alerts/ladder.ts'
import { overrideFaults } from '../../../alerts/overrides.ts'
import { severities } from '../../../config/sla.ts'
import { namesOf } from '../../../metrics/names.ts'
import { selectedBy } from '../../promql.ts'
import { everyAlert } from '../../promtool/case.ts'
import { secondsIn } from '../../promtool/duration.ts'
import { nodesOf, textOf } from '../../promtool/promql-edit.ts'

const { escalation, ...faults } = everyRule()
const ladder = alertsOf(escalation)
const others = alertsOf(Object.values(faults).flat())

type Matcher = ReturnType<typeof selectedBy>[number]['matchers'][number]

const isMatch = ({ operator, value }: Matcher, has: string) => {
  const same = operator.includes('~') ? new RegExp(`^(?:${value})$`).test(has) : has === value
  return same === operator.startsWith('=')
}

/** What is added to what is selected here, if anything is. */
const addedTo = (expr: string, node: ReturnType<typeof nodesOf>[number]) => {
  for (let above = node.parent; above; above = above.parent) {
    if (above.getChild('Add')) return Number(textOf(expr, above).split(' + ').at(-1))
  }
  return 0
}

/** Seconds that are added to when an alert with these labels first held, once for each selector that finds it. */
const delays = ({ expr }: ReturnType<typeof firedRecord>, labels: Readonly<Record<string, string>>) =>
  nodesOf(expr, ['VectorSelector']).flatMap((node) =>
    selectedBy(textOf(expr, node))
      .filter(({ name }) => name === 'ALERTS_FOR_STATE')
      .filter(({ matchers }) => matchers.every((one) => isMatch(one, labels[one.label] ?? '')))
      .map(() => addedTo(expr, node)),
  )

const labelsOf = ({ alert, labels }: Alert) => ({ alertname: alert, ...labels })
const record = firedRecord(others)

describe('the time at which an alert fired', () => {
  test.each(others.map((one) => [one.id, one] as const))('is known of %s, by its own delay and once', (_id, one) => {
    expect(delays(record, labelsOf(one))).toEqual([secondsIn(one.for)])
  })

  test('follows a delay that is changed for one of several alerts of a name', () => {
    const changed = others.map((one) =>
      one.id === 'HttpAvailabilityBudgetBurn over 1h' || one.id === 'MetricsAbsent of node'
        ? { ...one, for: '47m' as const }
        : one,
    )
    const rule = firedRecord(changed)
    for (const one of changed) expect(delays(rule, labelsOf(one))).toEqual([secondsIn(one.for)])
  })

  test('of an alert that is none of ours is when its expression held', () => {
    expect(delays(record, { alertname: 'SomebodyElses', severity: 'low' })).toEqual([0])
  })

  test('is not asked of what tells that nobody responds', () => {
    for (const one of ladder) expect(delays(record, labelsOf(one))).toEqual([])
  })

  test('cannot be known where nothing tells alerts of one name apart that wait for different times', () => {
    const [one] = others
    if (!one) throw new Error('there is no alert')
    const alike = [
      { ...one, alert: 'Alike', labels: {} },
      { ...one, alert: 'Alike', labels: {}, for: '59m' as const },
    ]
    expect(() => firedRecord(alike)).toThrow(
      'alerts of the name Alike wait for different times, and none of the labels',
    )
  })

  test('is recorded in a group by itself', () => {
    const [first, ...rest] = escalation
    expect(first?.rules.map(({ expr }) => expr)).toEqual([record.expr])
    expect(record.name).toBe(alertFired.name)
    expect(rest.map(({ rules }) => rules.length)).toEqual([ladder.length])
  })
})

describe('what tells that nobody responds', () => {
  test('is there for each severity, at half of its response time and at the whole', () => {
    expect(ladder.map(({ id }) => id)).toEqual(
      [reminderName, overdueName].flatMap((name) => namesOf(severities).map((severity) => `${name} of ${severity}`)),
    )
    const half = severities.high.respondWithinHours * 1800
    const due = ladder.find(({ id }) => id === `${reminderName} of high`)
    expect(due?.comparisons.map(({ operator, bound }) => [operator, bound])).toEqual([['<=', half]])
  })

  test('alone has a step', () => {
    expect(everyAlert.filter(({ labels }) => labels.step !== undefined)).toEqual(ladder)
    expect(new Set(ladder.map(({ labels }) => labels.step))).toEqual(new Set(['reminder', 'escalation']))
  })

  test('has the severity of what it is about, which nothing else can be written for', () => {
    const id = `${reminderName} of low`
    expect(overrideFaults(ladder, { [id]: { severity: 'high', reason: 'x' } })).toEqual([
      `config/overrides.ts: ${id}.severity is given: it has that of the alert which nobody responded to, whose own is changed instead`,
    ])
    expect(overrideFaults(ladder, { [id]: { off: true, reason: 'x' } })).toEqual([])
  })

  test('ends at once when somebody responds', () => {
    expect(ladder.filter(({ keepFiringFor }) => keepFiringFor)).toEqual([])
  })

  test('says what is done, and how one responds', () => {
    const said = ladder.find(({ id }) => id === `${overdueName} of critical`)?.annotations
    expect(said?.action).toContain('call the on-call engineer (phone and Slack)')
    for (const { annotations } of ladder) {
      expect(annotations.action).toContain('by the link in the message, or by Silence beside the alert in Alertmanager')
      // With a name and a target alone it would cover other alerts.
      expect(annotations.action).not.toContain('amtool')
    }
  })
})

describe('a severity that cannot be escalated', () => {
  const sound = severities.low

  test.each([
    ['respondWithinHours is 0', { ...sound, respondWithinHours: 0 }],
    ['respondWithinHours is -1', { ...sound, respondWithinHours: -1 }],
    ['respondWithinHours is NaN', { ...sound, respondWithinHours: Number.NaN }],
    ['respondWithinHours is Infinity', { ...sound, respondWithinHours: Number.POSITIVE_INFINITY }],
    ['respondWithinHours is undefined', { means: 'x', escalation: sound.escalation }],
    ['escalation is missing', { means: 'x', respondWithinHours: 1 }],
    ['escalation is missing', { ...sound, escalation: { action: '', notification: 'x' } }],
  ])('is a fault: %s', (fault, severity) => {
    const found = ladderFaults(others, { ...severities, low: severity })
    expect(found).toHaveLength(1)
    expect(found[0]).toContain(`config/sla.ts: severities.low.${fault}`)
  })

  test('is one that an alert has and that is not there', () => {
    const { low: _, ...rest } = severities
    const found = ladderFaults(others, rest)
    expect(found).toHaveLength(1)
    expect(found[0]).toMatch(/^config\/sla\.ts: severities\.low is missing: nobody would be reminded of \w+/)
  })

  test('is none of ours', () => {
    expect(ladderFaults(everyAlert)).toEqual([])
    expect(escalationGroups(others).flatMap(({ rules }) => rules)).toHaveLength(9)
  })
})
