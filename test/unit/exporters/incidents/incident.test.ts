import { describe, expect, test } from 'vitest'
import { emptyBook } from '../../../../exporters/incidents/book.ts'
import { recordable } from '../../../../exporters/incidents/deliveries.ts'
import { type Delivered, delivered, type Incident, type Sight, seen } from '../../../../exporters/incidents/incident.ts'
import type { Silence } from '../../../../exporters/incidents/silences.ts'

const minute = 60_000
const settle = 3 * minute
/** One hour to respond. */
const times = { critical: 60 * minute }
const labels = { alertname: 'ApiDown', severity: 'critical', owner: 'platform' }

const alert = (status: Delivered['status'], from: number, to = 0, more: Partial<Delivered> = {}): Delivered => ({
  status,
  fingerprint: 'a1',
  labels,
  annotations: { summary: 'The API does not answer' },
  generatorURL: '',
  startsAt: from * minute,
  endsAt: to * minute,
  ...more,
})
const firing = (from: number, more?: Partial<Delivered>) => alert('firing', from, 0, more)
const resolved = (from: number, to: number, more?: Partial<Delivered>) => alert('resolved', from, to, more)

/** A book after these deliveries, each at a minute. */
const recorded = (...deliveries: readonly (readonly [at: number, alert: Delivered])[]) => {
  const book = emptyBook()
  for (const [at, one] of deliveries) for (const next of recordable([one], at * minute, times)(book)) book.put(next)
  return book
}
const all = (book: ReturnType<typeof emptyBook>) => [...book.live(), ...book.recent().filter(({ settled }) => settled)]
const inMinutes = (moment: number | undefined) => (moment === undefined ? undefined : moment / minute)
const spans = (book: ReturnType<typeof emptyBook>) =>
  all(book)
    .map(({ startsAt, resolvedAt }) => [inMinutes(startsAt), inMinutes(resolvedAt)])
    .toSorted(([one = 0], [other = 0]) => one - other)

describe('Deliveries of one alert', () => {
  type Case = readonly [what: string, deliveries: readonly Delivered[], spans: readonly unknown[]]
  test.each<Case>([
    ['that fires are one open incident', [firing(1)], [[1, undefined]]],
    ['that come again change nothing', [firing(1), firing(1), firing(1)], [[1, undefined]]],
    ['that is over end it', [firing(1), resolved(1, 5)], [[1, 5]]],
    ['that is over, again, change nothing', [firing(1), resolved(1, 5), resolved(1, 5)], [[1, 5]]],
    ['that fires, after it was over, change nothing', [firing(1), resolved(1, 5), firing(1)], [[1, 5]]],
    ['of which the end comes first count once', [resolved(1, 5), firing(1)], [[1, 5]]],
    ['of which only the end comes count once', [resolved(1, 5)], [[1, 5]]],
    ['with a later start while it is open are the same incident', [firing(1), firing(3)], [[1, undefined]]],
    ['with an earlier start while it is open have that start', [firing(3), firing(1)], [[1, undefined]]],
    ['that end it with another start end the same', [firing(1), resolved(3, 5)], [[1, 5]]],
    [
      'that fires again later are a new incident',
      [firing(1), resolved(1, 5), firing(6)],
      [
        [1, 5],
        [6, undefined],
      ],
    ],
    [
      'of an earlier time leave the open one open',
      [firing(1), resolved(1, 5), firing(6), resolved(1, 5)],
      [
        [1, 5],
        [6, undefined],
      ],
    ],
    [
      'of an earlier time nobody heard of count it as over',
      [firing(6), resolved(1, 5), firing(1), firing(7)],
      [
        [1, 5],
        [6, undefined],
      ],
    ],
    ['that fires at the very end of the last are part of it', [firing(1), resolved(1, 5), firing(5)], [[1, 5]]],
    ['that end before they begin end at their beginning', [firing(5), resolved(5, 4)], [[5, 5]]],
    ['with an unknown severity are none', [firing(1, { labels: { severity: 'page' } })], []],
    ['without a severity are none', [firing(1, { labels: {} })], []],
    ['with a severity named as a method of objects are none', [firing(1, { labels: { severity: 'toString' } })], []],
    ['with a step are none', [firing(1, { labels: { ...labels, step: 'reminder' } })], []],
    ['with an empty step are one', [firing(1, { labels: { ...labels, step: '' } })], [[1, undefined]]],
    ['with an unknown owner are one', [firing(1, { labels: { ...labels, owner: 'nobody' } })], [[1, undefined]]],
  ])('%s', (_what, deliveries, expected) => {
    expect(spans(recorded(...deliveries.map((one, at) => [at + 10, one] as const)))).toEqual(expected)
  })

  test('keep what is worth telling, and the time from the start to the first of them', () => {
    const annotations = { summary: 'The API', runbook_url: 'http://runbook', description: 'long' }
    const book = recorded([3, firing(1, { annotations, generatorURL: 'http://graph' })], [9, firing(1)])
    expect(book.live()).toMatchObject([
      {
        summary: 'The API',
        links: { runbook: 'http://runbook', source: 'http://graph' },
        severity: 'critical',
        owner: 'platform',
      },
    ])
    expect(book.live()).toMatchObject([{ notifiedAt: 3 * minute, took: { notify: 2 * minute }, response: 'undecided' }])
  })

  test('of one fingerprint in one notification count as if they had come one by one', () => {
    const book = emptyBook()
    for (const one of recordable([firing(1), resolved(1, 5), firing(6), firing(1)], 0, times)(book)) book.put(one)
    expect(spans(book)).toEqual([
      [1, 5],
      [6, undefined],
    ])
  })
})

const silence = (from: number, to: number, more: Partial<Silence> = {}): Silence => ({
  matchers: [{ name: 'alertname', value: 'ApiDown', isRegex: false, isEqual: true }],
  startsAt: from * minute,
  endsAt: to * minute,
  createdBy: 'ann',
  ...more,
})
/** Alertmanager at a minute: up for ever, with the alert active and just heard of, where nothing else is said. */
const sight = (
  at: number,
  { gone = false, silences = [] as readonly Silence[], upSince = -1e6, heard = at } = {},
): Sight => ({
  askedAt: at * minute,
  upSince: upSince * minute,
  active: new Map(gone ? [] : [['a1', { labels, updatedAt: heard * minute }]]),
  silences,
})
const opened = (from = 0, more?: Partial<Delivered>): Incident => {
  const made = delivered(
    { open: undefined, lastEnd: undefined },
    firing(from, more),
    (from + 1) * minute,
    times.critical,
  )
  if (!made) throw new Error('nothing was opened')
  return made
}
const looked = (incident: Incident, ...sights: readonly Sight[]) => {
  const end = sights.reduce((before, now) => seen(before, now, settle), incident)
  const { response, settled, acknowledgedBy } = end
  return {
    response,
    settled,
    acknowledged: end.acknowledgedAt === undefined ? undefined : [inMinutes(end.acknowledgedAt), acknowledgedBy],
    end: inMinutes(end.resolvedAt),
  }
}
const closed = (to: number, from = 0) => {
  const end = delivered(
    { open: opened(from), lastEnd: undefined },
    resolved(from, to),
    (to + 1) * minute,
    times.critical,
  )
  if (!end) throw new Error('nothing was closed')
  return end
}

describe('A look at Alertmanager', () => {
  const open = { response: 'undecided', settled: false, acknowledged: undefined, end: undefined }
  type Case = readonly [what: string, incident: Incident, sights: readonly Sight[], expected: object]
  test.each<Case>([
    ['finds it waiting', opened(), [sight(30)], open],
    [
      'finds a silence',
      opened(),
      [sight(30, { silences: [silence(20, 90)] })],
      { ...open, response: 'met', acknowledged: [20, 'ann'] },
    ],
    [
      'finds one from before it fired',
      opened(5),
      [sight(30, { silences: [silence(1, 90)] })],
      { ...open, response: 'met', acknowledged: [5, 'ann'] },
    ],
    [
      'finds one that is over',
      opened(),
      [sight(30, { silences: [silence(10, 12)] })],
      { ...open, response: 'met', acknowledged: [10, 'ann'] },
    ],
    [
      'finds the first of two',
      opened(),
      [sight(30, { silences: [silence(20, 90, { createdBy: 'bob' }), silence(10, 15)] })],
      { ...open, response: 'met', acknowledged: [10, 'ann'] },
    ],
    [
      'finds one that ended before it fired, which is none',
      opened(20),
      [sight(30, { silences: [silence(1, 20)] })],
      open,
    ],
    [
      'finds one from before it fired that ended before anybody was told, which is none',
      opened(5),
      [sight(30, { silences: [silence(1, 5.5)] })],
      open,
    ],
    [
      'finds one from before it fired that ended as somebody was told, which is none',
      opened(5),
      [sight(30, { silences: [silence(1, 6)] })],
      open,
    ],
    [
      'finds one from before it fired that ended after somebody was told',
      opened(5),
      [sight(30, { silences: [silence(1, 6.5)] })],
      { ...open, response: 'met', acknowledged: [5, 'ann'] },
    ],
    [
      'finds one since it fired that ended before anybody was told',
      opened(5),
      [sight(30, { silences: [silence(5, 5.5)] })],
      { ...open, response: 'met', acknowledged: [5, 'ann'] },
    ],
    [
      'finds the answer after one that is none',
      opened(5),
      [sight(30, { silences: [silence(1, 5.5, { createdBy: 'deploy' }), silence(20, 90)] })],
      { ...open, response: 'met', acknowledged: [20, 'ann'] },
    ],
    ['finds one that is to begin, which is none yet', opened(), [sight(30, { silences: [silence(31, 90)] })], open],
    [
      'finds one that was taken back before it began, which is none',
      opened(),
      [sight(30, { silences: [silence(10, 10)] })],
      open,
    ],
    ['finds none, and the deadline past', opened(), [sight(61)], { ...open, response: 'breached' }],
    ['finds none at the deadline', opened(), [sight(60)], open],
    ['finds the deadline past, and Prometheus silent since', opened(), [sight(61, { heard: 59 })], open],
    [
      'finds the deadline long past, and Prometheus silent since',
      opened(),
      [sight(64, { heard: 59 })],
      { ...open, response: 'breached' },
    ],
    [
      'finds a silence from in time, late',
      opened(),
      [sight(500, { silences: [silence(59, 90)] })],
      { ...open, response: 'met', acknowledged: [59, 'ann'] },
    ],
    [
      'finds one from too late',
      opened(),
      [sight(90, { silences: [silence(61, 99)] })],
      { ...open, response: 'breached', acknowledged: [61, 'ann'] },
    ],
    [
      'finds one after the breach',
      opened(),
      [sight(61), sight(90, { silences: [silence(80, 99)] })],
      { ...open, response: 'breached', acknowledged: [80, 'ann'] },
    ],
    [
      'keeps who was first',
      opened(),
      [sight(30, { silences: [silence(20, 90)] }), sight(40, { silences: [silence(15, 90)] })],
      { ...open, response: 'met', acknowledged: [20, 'ann'] },
    ],
    ['misses it once', opened(), [sight(30, { gone: true })], open],
    [
      'misses it for long',
      opened(),
      [sight(30, { gone: true }), sight(33, { gone: true })],
      { ...open, response: 'met', settled: true, end: 30 },
    ],
    ['misses it, not for long', opened(), [sight(30, { gone: true }), sight(32.9, { gone: true })], open],
    ['misses it and finds it again', opened(), [sight(30, { gone: true }), sight(31), sight(33, { gone: true })], open],
    [
      'misses it past a deadline that nobody saw pass',
      opened(),
      [sight(61, { gone: true }), sight(64, { gone: true })],
      { ...open, response: 'met', settled: true, end: 61 },
    ],
    [
      'misses it after a breach',
      opened(),
      [sight(61), sight(62, { gone: true }), sight(65, { gone: true })],
      { ...open, response: 'breached', settled: true, end: 62 },
    ],
    [
      'misses it in an Alertmanager that has just begun',
      opened(),
      [sight(30, { gone: true, upSince: 28 }), sight(33, { gone: true, upSince: 31 })],
      open,
    ],
    [
      'misses it before and after Alertmanager was restarted',
      opened(),
      [sight(30, { gone: true }), sight(34, { gone: true, upSince: 31 }), sight(36, { gone: true, upSince: 31 })],
      open,
    ],
    [
      'misses it long after that too',
      opened(),
      [sight(30, { gone: true }), sight(35, { gone: true, upSince: 31 }), sight(38, { gone: true, upSince: 31 })],
      { ...open, response: 'met', settled: true, end: 35 },
    ],
    [
      'takes no silence from after it went',
      opened(),
      [sight(30, { gone: true }), sight(33, { gone: true, silences: [silence(31, 90)] })],
      { ...open, response: 'met', settled: true, end: 30 },
    ],
    ['was before the notification', opened(30), [sight(30.5, { gone: true }), sight(33.5, { gone: true })], open],
    [
      'finds it over in time',
      closed(40),
      [sight(50, { gone: true })],
      { ...open, response: 'met', settled: true, end: 40 },
    ],
    [
      'finds it over too late',
      closed(90),
      [sight(91, { gone: true })],
      { ...open, response: 'breached', settled: true, end: 90 },
    ],
    [
      'finds it over too late, and silenced in time',
      closed(90),
      [sight(91, { gone: true, silences: [silence(50, 60)] })],
      { ...open, response: 'met', settled: true, acknowledged: [50, 'ann'], end: 90 },
    ],
    [
      'finds it over too late, and silenced after',
      closed(90),
      [sight(95, { gone: true, silences: [silence(91, 99)] })],
      { ...open, response: 'breached', settled: true, end: 90 },
    ],
    ['was before its end', closed(90), [sight(89, { gone: true })], { ...open, end: 90 }],
  ])('%s', (_what, incident, sights, expected) => {
    expect(looked(incident, ...sights)).toEqual(expected)
  })

  test('that finds nothing new changes nothing', () => {
    const incident = opened()
    expect(seen(incident, sight(30), settle)).toBe(incident)
  })

  test('just after a restart of Alertmanager misses nothing', () => {
    const incident = opened()
    expect(seen(incident, sight(30, { gone: true, upSince: 28 }), settle)).toBe(incident)
  })

  test('that missed an alert counts for nothing once it is told to fire, with whatever start', () => {
    const missed = seen(opened(), sight(30, { gone: true }), settle)
    expect(missed.missedAt).toBe(30 * minute)
    const again = delivered({ open: missed, lastEnd: undefined }, firing(31), 31 * minute, times.critical)
    expect(again).toEqual(opened())
  })

  const matcher = (name: string, value: string, isRegex = false, isEqual = true) => ({ name, value, isRegex, isEqual })
  test.each([
    [[matcher('alertname', 'ApiDown'), matcher('owner', 'platform')], true],
    [[matcher('alertname', 'ApiDown'), matcher('owner', 'support')], false],
    [[matcher('alertname', 'Api', true)], false],
    [[matcher('alertname', 'Api.*|Redis.*', true)], true],
    [[matcher('alertname', '(?i)apidown', true)], true],
    [[matcher('alertname', 'ApiDown', false, false)], false],
    [[matcher('alertname', 'Redis.*', true, false)], true],
    [[matcher('nothing', '')], true],
    [[matcher('nothing', '.+', true)], false],
    [[matcher('nothing', 'x', false, false)], true],
    [[matcher('toString', '')], true],
    [[matcher('alertname', 'Api)(Down', true)], true],
    [[matcher('alertname', '(', true)], false],
    [[matcher('alertname', '(', true, false)], false],
    [[], false],
  ])('takes the matchers %j as Alertmanager does: %s', (matchers, covered) => {
    const { acknowledged } = looked(opened(), sight(30, { silences: [silence(10, 90, { matchers })] }))
    expect(acknowledged !== undefined).toBe(covered)
  })
})
