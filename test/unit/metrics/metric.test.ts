import { describe, expect, test } from 'vitest'
import * as foreign from '../../../metrics/foreign.ts'
import { counter, gauge, histogram, recorded } from '../../../metrics/metric.ts'
import { namesOf } from '../../../metrics/names.ts'
import { rate, sum } from '../../../metrics/promql.ts'

const help = 'x'
const hits = counter({ name: 'hits_total', help, labels: ['route'] })
const took = histogram({ name: 'took_seconds', help, labels: ['route'], buckets: [0.1, 1] })

// The types see most of these first; a name that is computed is seen only here.
const refused: readonly (readonly [what: string, define: () => unknown, fault: string])[] = [
  ['an upper-case letter', () => counter({ name: 'Hits_total', help }), 'Hits_total is no name'],
  ['a hyphen', () => counter({ name: 'http-hits_total', help }), 'http-hits_total is no name'],
  ['a double underscore', () => counter({ name: 'http__hits_total', help }), 'http__hits_total is no name'],
  ['a digit in front', () => counter({ name: '2xx_total', help }), '2xx_total is no name'],
  ['a colon, which rules alone use', () => counter({ name: 'a:hits_total', help }), 'a:hits_total is no name'],
  [
    'an upper-case letter in a label',
    () => counter({ name: 'hits_total', help, labels: ['Route'] }),
    'Route is no name',
  ],
  ['a label of underscores', () => counter({ name: 'hits_total', help, labels: ['__name__'] }), '__name__ is no name'],
  ['a dot in a name of a peer', () => gauge({ name: 'pg.up', peer: 'postgres_exporter', help }), 'pg.up is no name'],
  ['nothing said about it', () => counter({ name: 'hits_total', help: ' ' }), 'say in `help` what the value is'],
  ['bounds that fall', () => histogram({ name: 'a_seconds', help, buckets: [1, 0.5] }), 'bucket bounds must rise'],
  [
    'a bound that is no number',
    () => histogram({ name: 'a_seconds', help, buckets: [0.1, Number.NaN, 1] }),
    'a_seconds: NaN is no bound of a bucket',
  ],
  [
    'a bound without end',
    () => histogram({ name: 'a_seconds', help, buckets: [1, Infinity] }),
    'a_seconds: Infinity is no bound of a bucket: write finite numbers',
  ],
  ['no bounds', () => histogram({ name: 'a_seconds', help, buckets: [] }), 'a_seconds: list the bounds'],
  [
    'a label twice',
    () => counter({ name: 'hits_total', help, labels: ['route', 'code', 'route'] }),
    'hits_total: the label route stands twice',
  ],
  ['a bound twice', () => histogram({ name: 'a_seconds', help, buckets: [1, 1] }), 'bucket bounds must rise, got 1, 1'],
]

// As a program without types calls it.
const untyped: readonly (readonly [what: string, define: unknown, given: object, fault: string])[] = [
  ['a counter without _total', counter, { name: 'hits', help }, 'hits: end the name of a counter in _total'],
  ['a counter of milliseconds', counter, { name: 'took_ms_total', help }, 'took_ms_total: use the base unit'],
  ['a gauge without unit', gauge, { name: 'rooms', help }, 'rooms: end the name in a base unit'],
  ['a gauge in percent', gauge, { name: 'full_percent', help, counts: 'rooms' }, 'full_percent: use the base unit'],
  ['a histogram without unit', histogram, { name: 'took', help, buckets: [1] }, 'took: end the name in a base unit'],
  ['a label of Prometheus', counter, { name: 'hits_total', help, labels: ['instance'] }, 'Prometheus sets the label'],
  ['a histogram without bounds', histogram, { name: 'took_seconds', help }, 'took_seconds: list the bounds'],
  ['a bound in words', histogram, { name: 'took_seconds', help, buckets: ['1'] }, '1 is no bound of a bucket'],
  ['no name', counter, { help }, ' is no name'],
  ['no help', counter, { name: 'hits_total' }, 'say in `help` what the value is'],
]

describe('A definition is refused', () => {
  test.each(refused)('for %s', (_what, define, fault) => {
    expect(define).toThrow(fault)
  })
  test.each(untyped)('for %s, where no type says so', (_what, define, given, fault) => {
    expect(() => typeof define === 'function' && define(given)).toThrow(fault)
  })
})

test('A name of another exporter is kept as it is', () => {
  expect(foreign.alerts.name).toBe('ALERTS')
  expect(gauge({ name: 'pg_replication_lag', peer: 'postgres_exporter', help }).peer).toBe('postgres_exporter')
})

test('A definition holds what it takes to expose it', () => {
  expect(hits).toMatchObject({ type: 'counter', name: 'hits_total', help, labels: ['route'] })
  expect(took).toMatchObject({ type: 'histogram', name: 'took_seconds', buckets: [0.1, 1] })
  expect(gauge({ name: 'a_bytes', help })).toMatchObject({ type: 'gauge', labels: [] })
})

test('A definition is frozen, and so is what it holds', () => {
  for (const part of [hits, hits.labels, hits.matchers, took, took.buckets]) expect(part).toSatisfy(Object.isFrozen)
})

test('A list that was given can change without changing the definition', () => {
  const [labels, buckets] = [['route'], [1, 2]]
  const metric = histogram({ name: 'a_seconds', help, labels, buckets })
  labels.push('code')
  buckets.push(0)
  expect(metric).toMatchObject({ labels: ['route'], buckets: [1, 2] })
})

test('A sample tells of which metric it is, and its labels', () => {
  expect(hits.sample(3, { route: '/' })).toEqual({
    metric: expect.objectContaining({ name: 'hits_total', type: 'counter', labels: ['route'] }),
    value: 3,
    labels: { route: '/' },
  })
  expect(gauge({ name: 'a_bytes', help }).sample(1).labels).toEqual({})
})

test('A recorded series is a rule, and can be asked for', () => {
  const labels = { slo: 'x' }
  const series = recorded({ name: 'route:hits:rate5m', expr: sum(rate(hits, '5m'), ['route']), labels })
  expect(series).toMatchObject({
    name: 'route:hits:rate5m',
    expr: 'sum by (route) (rate(hits_total[5m]))',
    labels: { slo: 'x' },
  })
  expect(series.where({ slo: 'x' }).matchers).toEqual(['slo="x"'])
  for (const part of [series, series.labels]) expect(part).toSatisfy(Object.isFrozen)
  expect(labels).not.toSatisfy(Object.isFrozen)
  expect(recorded({ name: 'all:hits:rate5m', expr: rate(hits, '5m') }).labels).toEqual({})
})

test('A rule takes no window that only Grafana fills in', () => {
  expect(() => recorded({ name: 'all:hits:rate', expr: rate(hits, '$__rate_interval') })).toThrow(
    'all:hits:rate: only Grafana fills in $__ variables: write a duration',
  )
})

test('The names in a table come in the order of the table', () => {
  expect(namesOf({ b: 1, a: 2 })).toEqual(['b', 'a'])
})
