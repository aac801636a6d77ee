import { describe, expect, test } from 'vitest'
import { heartbeatRoute, type Inhibition, inhibitions, routeFaults, routes } from '../../../alerts/routes.ts'
import { severities } from '../../../config/sla.ts'
import { everyAlert, labelsOf } from '../../promtool/case.ts'
import { everyCase } from '../../promtool/index.ts'

type Labels = Readonly<Record<string, string>>

/** Every alert as it arrives in some case of the rule tests, all its labels included. */
const arrived: readonly Labels[] = everyCase.flatMap(({ fires }) =>
  fires.map((firing) => ({ ...labelsOf(firing), alertname: firing.rule.alert })),
)

const isMatch = (matcher: string, labels: Labels) => {
  const [, label = '', operator, value] = matcher.match(/^(\w+)(!?=)"(.*)"$/) ?? []
  if (!operator) throw new Error(`cannot read the matcher ${matcher}`)
  // Alertmanager takes a label that is missing for an empty one.
  return ((labels[label] ?? '') === value) === (operator === '=')
}
const allMatch = (matchers: readonly string[], labels: Labels) => matchers.every((one) => isMatch(one, labels))

const heldBackBy = ({ source, target, equal }: Inhibition) =>
  arrived
    .filter((labels) => allMatch(source, labels))
    .flatMap((cause) =>
      arrived.filter(
        (labels) => allMatch(target, labels) && equal.every((label) => (labels[label] ?? '') === (cause[label] ?? '')),
      ),
    )

describe.each(inhibitions.map((one) => [one.source.join(', '), one] as const))(
  'while %s fires',
  (_source, inhibition) => {
    test('something that can fire is held back', () => {
      expect(arrived.some((labels) => allMatch(inhibition.source, labels))).toBe(true)
      expect(heldBackBy(inhibition)).not.toEqual([])
    })

    test('nothing is held back by a label that both lack', () => {
      for (const labels of heldBackBy(inhibition)) {
        for (const label of inhibition.equal) expect(labels[label]).not.toBeUndefined()
      }
    })

    test('it does not hold back itself, nor the heartbeat', () => {
      const held = heldBackBy(inhibition)
      expect(held.filter((labels) => allMatch(inhibition.source, labels))).toEqual([])
      expect(held.filter(({ alertname }) => alertname === heartbeatRoute.alertname)).toEqual([])
    })
  },
)

describe('what is held back', () => {
  const held = inhibitions.flatMap(heldBackBy)

  test.each([
    ['PostgresConnectionsNearLimit', 'main'],
    ['RedisMemoryNearLimit', 'cache'],
  ])('is %s of %s, while its server is down', (alertname, instance) => {
    expect(held).toContainEqual(expect.objectContaining({ alertname, instance }))
  })

  test.each(['6h', '1d', '3d'])('is the slower burn of the same promise over %s', (window) => {
    expect(held).toContainEqual(expect.objectContaining({ slo: 'http_latency', slo_window: window }))
  })

  test('is never critical', () => {
    expect(held.filter(({ severity }) => severity === 'critical')).toEqual([])
  })
})

describe('a route', () => {
  test('waits for every alert', () => {
    for (const { labels } of everyAlert.filter(({ alert }) => alert !== heartbeatRoute.alertname)) {
      expect(
        routes.filter(({ owner, severity }) => owner === labels.owner && severity === labels.severity),
      ).toHaveLength(1)
    }
  })

  const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 }
  const seconds = (duration: string) => Number.parseInt(duration, 10) * (units[duration.slice(-1)] ?? Number.NaN)

  test.each(routes.map((route) => [route.receiver, route] as const))(
    'to %s repeats at a pace that Alertmanager keeps',
    (_receiver, { severity, timing }) => {
      const repeat = seconds(timing.repeatInterval)
      expect(repeat % seconds(timing.groupInterval)).toBe(0)
      expect(repeat).toBe((severities[severity].respondWithinHours * 3600) / 2)
      // Its default retention, at which it repeats in any case.
      expect(repeat).toBeLessThan(120 * 3600)
      expect(seconds(timing.groupWait)).toBeLessThan(severities[severity].respondWithinHours * 60)
    },
  )
})

describe('what is wrong with routes', () => {
  const team = { words: 'x', level: 2, tell: { high: [{ kind: 'email', to: 'on-call@techplus.com' }] } } as const
  const alert = {
    id: 'DemoDown',
    alert: 'DemoDown',
    expr: 'x',
    comparisons: [],
    for: '1m',
    annotations: { summary: 'x', action: 'x' },
  } as const
  const of = (owner: string, severity: string) => ({ ...alert, labels: { owner, severity } })

  test.each([
    [
      'an alert that nobody is told of',
      [of('demo', 'high'), of('demo', 'low')],
      { demo: team },
      'demo.tell.low is missing: nobody would be told of DemoDown',
    ],
    [
      'an owner that is no team',
      [of('demo', 'high'), of('other', 'high')],
      { demo: team },
      'other.tell.high is missing',
    ],
    [
      'a way that no alert takes',
      [of('demo', 'high')],
      { demo: team, idle: team },
      'idle.tell.high is reached by no alert: leave it out',
    ],
    [
      'a severity without a channel',
      [of('demo', 'high')],
      { demo: { ...team, tell: { high: [] } } },
      'demo.tell.high is empty: name a channel',
    ],
    [
      'a way that only an alert takes which is switched off',
      [{ ...of('demo', 'high'), override: { off: true, reason: 'x' } } as const],
      { demo: team },
      'demo.tell.high is reached by no alert',
    ],
  ])('%s: is told in one line', (_words, alerts, teams, fault) => {
    const faults = routeFaults(alerts, teams)
    expect(faults).toHaveLength(1)
    expect(faults[0]).toContain(`config/teams.ts: ${fault}`)
  })

  test('nothing is, where every alert has a way and every way an alert', () => {
    expect(routeFaults([of('demo', 'high')], { demo: team })).toEqual([])
    expect(routeFaults(everyAlert)).toEqual([])
  })
})
