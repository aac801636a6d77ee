import { expect, test } from 'vitest'
import type { Kept } from '../../../exporters/reading.ts'
import { type Family, merger, outlives, parcels } from '../../../exporters/service/serving/merge.ts'

const family = (
  name: string,
  type: Family['metric']['type'],
  across: Family['across'],
  lines: Family['lines'],
): Family => ({
  metric: { name, type, help: 'x' },
  across,
  lines,
})
const told = (kept: readonly Kept[]) =>
  Object.fromEntries(kept.map(({ metric, lines }) => [metric.name, [...lines(false)]]))

test('each metric of several processes becomes one as its kind says', () => {
  const all = merger()
  for (const [worker, value] of [2, 5, 3].entries()) {
    all.add(family('visits_total', 'counter', 'sum', [[`visits_total{worker="any"}`, value]]))
    all.add(family('lag_seconds', 'gauge', 'max', [['lag_seconds', value]]))
    all.add(family('up', 'gauge', 'min', [['up', value]]))
    all.add(family('version_info', 'gauge', 'first', [['version_info', worker]]))
  }
  expect(told(all.kept())).toEqual({
    visits_total: [['visits_total{worker="any"}', 10, undefined]],
    lag_seconds: [['lag_seconds', 5, undefined]],
    up: [['up', 2, undefined]],
    version_info: [['version_info', 0, undefined]],
  })
})

test('series that only one of them has are kept as they are, and an exemplar with them', () => {
  const all = merger()
  all.add(family('x_total', 'counter', 'sum', [['x_total{a="1"}', 1, '{trace_id="t"} 1 2']]))
  all.add(
    family('x_total', 'counter', 'sum', [
      ['x_total{a="2"}', 4],
      ['x_total{a="1"}', 2],
    ]),
  )
  expect(told(all.kept()).x_total).toEqual([
    ['x_total{a="1"}', 3, '{trace_id="t"} 1 2'],
    ['x_total{a="2"}', 4],
  ])
})

test('counters and histograms go on counting when their process is gone, gauges do not', () => {
  const kinds = ['counter', 'histogram', 'gauge', 'summary', 'untyped'] as const
  expect(kinds.filter((type) => outlives(family('x', type, 'sum', [])))).toEqual(['counter', 'histogram'])
})

test('what a process tells is cut into messages, and is whole again when they are put together', () => {
  const lines = Array.from({ length: 4_500 }, (_, at) => [`x_total{at="${at}"}`, at] as const)
  const kept: Kept = { metric: { name: 'x_total', type: 'counter', help: 'x', labels: ['at'] }, lines: () => lines }
  const cut = [...parcels([kept])]
  expect(cut.map((one) => one.lines.length)).toEqual([2_000, 2_000, 500])
  const all = merger()
  // As they travel.
  for (const one of cut) all.add(JSON.parse(JSON.stringify(one)))
  expect(told(all.kept()).x_total).toEqual(lines)
})

test('a metric without a series is told all the same', () => {
  const kept: Kept = { metric: { name: 'x_total', type: 'counter', help: 'x', labels: [] }, lines: () => [] }
  expect([...parcels([kept])]).toEqual([family('x_total', 'counter', 'sum', [])])
})

test('bounds of a histogram are floats in OpenMetrics, whichever process they come from', () => {
  const all = merger()
  const series = [
    'x_seconds_bucket{a="le=\\"1\\"",le="1"}',
    'x_seconds_bucket{le="2.5"}',
    'x_seconds_bucket{le="+Inf"}',
    'x_seconds_count',
  ]
  all.add(
    family(
      'x_seconds',
      'histogram',
      'sum',
      series.map((one) => [one, 1] as const),
    ),
  )
  const [kept] = all.kept()
  expect([...(kept?.lines(true) ?? [])].map(([one]) => one)).toEqual([
    'x_seconds_bucket{a="le=\\"1\\"",le="1.0"}',
    'x_seconds_bucket{le="2.5"}',
    'x_seconds_bucket{le="+Inf"}',
    'x_seconds_count',
  ])
  expect([...(kept?.lines(false) ?? [])].map(([one]) => one)).toEqual(series)
})
