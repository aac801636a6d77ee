import { describe, expect, test } from 'vitest'
import { printed } from '../../../exporters/exposition.ts'
import { instruments } from '../../../exporters/service/instruments/instruments.ts'
import { counter, gauge, histogram } from '../../../metrics/metric.ts'
import { freshInstruments, linesOf } from './kept.ts'

const orders = counter({ name: 'orders_total', help: 'Orders', labels: ['room', 'status'] })
const guests = gauge({ name: 'guests', counts: 'guests', help: 'Guests now', labels: ['room'] })
const wait = histogram({ name: 'wait_seconds', help: 'Waiting', labels: ['room'], buckets: [0.1, 1, 10] })
const plain = counter({ name: 'visits_total', help: 'Visits' })

describe('a counter', () => {
  test('has one series for each set of labels, by whatever order they are named in', async () => {
    const all = freshInstruments()
    const counted = all.counter(orders)
    counted.inc({ room: 'blue', status: 'paid' })
    counted.inc({ status: 'paid', room: 'blue' })
    counted.add(3, { room: 'red', status: 'paid' })
    expect(await linesOf(all, 'orders_total')).toEqual([
      'orders_total{room="blue",status="paid"} 2',
      'orders_total{room="red",status="paid"} 3',
    ])
  })

  test('without labels is there before the first', async () => {
    const all = freshInstruments()
    const counted = all.counter(plain)
    expect(await linesOf(all, 'visits_total')).toEqual(['visits_total 0'])
    counted.inc()
    expect(await linesOf(all, 'visits_total')).toEqual(['visits_total 1'])
  })

  test('keeps values apart that only differ in where one label ends', async () => {
    const all = freshInstruments()
    const counted = all.counter(orders)
    counted.inc({ room: 'a', status: 'bc' })
    counted.inc({ room: 'ab', status: 'c' })
    expect(await linesOf(all, 'orders_total')).toHaveLength(2)
  })

  test('prints whatever stands in a label so that it can be read back', async () => {
    const all = freshInstruments()
    all.counter(orders).inc({ room: 'the "blue"\n\\ one', status: '' })
    expect(await linesOf(all, 'orders_total')).toEqual(['orders_total{room="the \\"blue\\"\\n\\\\ one",status=""} 1'])
  })
})

test('a gauge goes up and down, is set, and is gone when it is removed', async () => {
  const all = freshInstruments()
  const now = all.gauge(guests)
  now.inc({ room: 'blue' })
  now.add(4, { room: 'blue' })
  now.dec({ room: 'blue' })
  now.set(-2.5, { room: 'red' })
  expect(await linesOf(all, 'guests')).toEqual(['guests{room="blue"} 4', 'guests{room="red"} -2.5'])
  now.remove({ room: 'blue' })
  now.remove({ room: 'nowhere' })
  expect(await linesOf(all, 'guests')).toEqual(['guests{room="red"} -2.5'])
  now.inc({ room: 'blue' })
  expect(await linesOf(all, 'guests')).toEqual(['guests{room="red"} -2.5', 'guests{room="blue"} 1'])
})

test('a histogram counts in every bucket that an observation fits in, its bound among them', async () => {
  const all = freshInstruments()
  const waits = all.histogram(wait)
  for (const seconds of [0.1, 0.5, 1, 99]) waits.observe(seconds, { room: 'blue' })
  expect(await linesOf(all, 'wait_seconds')).toEqual([
    'wait_seconds_bucket{room="blue",le="0.1"} 1',
    'wait_seconds_bucket{room="blue",le="1"} 3',
    'wait_seconds_bucket{room="blue",le="10"} 3',
    'wait_seconds_bucket{room="blue",le="+Inf"} 4',
    'wait_seconds_sum{room="blue"} 100.6',
    'wait_seconds_count{room="blue"} 4',
  ])
  expect((await linesOf(all, 'wait_seconds_bucket', true))[1]).toBe('wait_seconds_bucket{room="blue",le="1.0"} 3')
})

describe('what is wrong', () => {
  const faulty = () => {
    const faults: [part: string, words: string][] = []
    const report = (part: string, cause: unknown) => faults.push([part, cause instanceof Error ? cause.message : ''])
    return { all: instruments({ report }), faults }
  }
  /** What a service in JavaScript may give. */
  const loose = (value: unknown) => JSON.parse(JSON.stringify(value ?? null))

  test.each<[string, (all: ReturnType<typeof faulty>['all']) => void, string]>([
    ['a counter that falls', (all) => all.counter(plain).add(-1), 'visits_total only rises: -1 is less than 0'],
    [
      'a counter that rises without end',
      (all) => all.counter(plain).add(Infinity),
      'visits_total cannot rise by Infinity',
    ],
    ['no number', (all) => all.counter(plain).add(Number.NaN), 'visits_total: NaN is no number'],
    ['a missing label', (all) => all.gauge(guests).set(1, loose({})), 'guests: the label room is missing'],
    [
      'a label that is no string',
      (all) => all.gauge(guests).set(1, loose({ room: 7 })),
      'guests: the label room is no string: 7',
    ],
    ['no labels', (all) => all.histogram(wait).observe(1, loose(undefined)), 'wait_seconds: the label room is missing'],
    [
      'a label that it does not have',
      (all) => all.gauge(guests).set(1, loose({ room: 'red', floor: '1' })),
      'guests has no label floor: it has room',
    ],
  ])('%s is a fault of the instrumentation, and is not counted', async (_words, act, fault) => {
    const { all, faults } = faulty()
    expect(() => act(all)).not.toThrow()
    expect(faults.map(([, words]) => words)).toEqual([fault])
    expect(await linesOf(all, 'guests')).toEqual([])
    expect((await linesOf(all, 'visits_total'))[0] ?? 'visits_total 0').toBe('visits_total 0')
  })

  test('a source that fails leaves the others served', async () => {
    const { all, faults } = faulty()
    all.addSource('weather', () => {
      throw new Error('no idea')
    })
    all.addSource('rooms', async () => [{ metric: guests, lines: () => [['guests{room="red"}', 3]] }])
    expect(await linesOf(all, 'guests')).toEqual(['guests{room="red"} 3'])
    expect(faults).toEqual([['weather', 'no idea']])
  })

  test('a name that two parts tell of is served once, by the first, and that is told once', async () => {
    const { all, faults } = faulty()
    all.counter(plain).inc()
    all.addSource('registry', () => [
      { metric: plain, lines: () => [['visits_total', 9]] },
      { metric: guests, lines: () => [['guests{room="red"}', 1]] },
      { metric: guests, lines: () => [['guests{room="blue"}', 2]] },
    ])
    all.addSource('late', () => [{ metric: guests, lines: () => [['guests{room="red"}', 3]] }])
    for (let scrapes = 0; scrapes < 2; scrapes += 1) {
      expect(await linesOf(all, 'visits_total')).toEqual(['visits_total 1'])
      expect(await linesOf(all, 'guests')).toEqual(['guests{room="red"} 1', 'guests{room="blue"} 2'])
    }
    expect(faults).toEqual([
      ['registry', 'visits_total is told of by another part already: this one is left out'],
      ['late', 'guests is told of by another part already: this one is left out'],
    ])
  })

  test('two metrics of one name are refused when the second is made', () => {
    const all = freshInstruments()
    all.counter(plain)
    expect(() => all.counter(plain)).toThrow('visits_total is defined twice')
  })
})

describe('beyond the limit of series', () => {
  test('observations share one series, and it is told how many they were', async () => {
    const all = freshInstruments(3)
    const counted = all.counter(orders)
    for (let room = 0; room < 10; room += 1) counted.inc({ room: String(room), status: 'paid' })
    counted.inc({ room: '1', status: 'paid' })
    expect(await linesOf(all, 'orders_total')).toEqual([
      'orders_total{room="0",status="paid"} 1',
      'orders_total{room="1",status="paid"} 2',
      'orders_total{room="2",status="paid"} 1',
      'orders_total{room="other",status="other"} 7',
    ])
    expect(await linesOf(all, 'instrumentation_series_limited_total')).toEqual([
      'instrumentation_series_limited_total{metric="orders_total"} 7',
    ])
  })

  test('a series that was removed makes room for another', async () => {
    const all = freshInstruments(1)
    const now = all.gauge(guests)
    now.set(1, { room: 'red' })
    now.remove({ room: 'red' })
    now.set(2, { room: 'blue' })
    expect(await linesOf(all, 'guests')).toEqual(['guests{room="blue"} 2'])
  })
})

test('what is kept is printed as Prometheus reads it, in both formats', async () => {
  const all = freshInstruments()
  all.counter(plain).inc()
  const text = [...printed(await all.readings(), { open: false })].join('')
  expect(text).toContain('# HELP visits_total Visits\n# TYPE visits_total counter\nvisits_total 1\n')
  const open = [...printed(await all.readings(), { open: true })].join('')
  expect(open).toContain('# TYPE visits counter\n# HELP visits Visits\nvisits_total 1\n')
  expect(open).toMatch(/# EOF\n$/)
})
