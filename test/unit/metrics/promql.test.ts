import { parser } from '@prometheus-io/lezer-promql'
import { describe, expect, test } from 'vitest'
import { counter, gauge, histogram, matches, not, notMatches, recorded } from '../../../metrics/metric.ts'
import * as q from '../../../metrics/promql.ts'

const help = 'x'
const took = histogram({ name: 'took_seconds', help, labels: ['route'], buckets: [0.1, 1, 2.5, 10] })
const hits = counter({ name: 'hits_total', help, labels: ['route'] })
const size = gauge({ name: 'size_bytes', help, labels: ['route'] })
const users = gauge({ name: 'users', counts: 'users', help })
const build = gauge({ name: 'build_info', help, labels: ['version'] })
const record = recorded({ name: 'route:hits:rate5m', expr: q.rate(hits, '5m') })
const [hitRate, sizes, builds] = [q.rate(hits, '5m'), q.instant(size), q.instant(build)]
const on = ['job', 'instance'] as const

/** The first place that PromQL's own grammar does not understand, if there is one. */
const faultIn = (promql: string) => {
  const expression = promql.replaceAll('$__rate_interval', '5m').replaceAll('$__range', '1h')
  let fault: string | undefined
  parser.parse(expression).iterate({
    enter: ({ type, from }) => {
      if (type.isError) fault ??= expression.slice(from)
    },
  })
  return fault
}

const tables: Readonly<Record<string, readonly (readonly [expression: { readonly promql: string }, text: string])[]>> =
  {
    'A selector': [
      [q.instant(users), 'users'],
      [q.instant(users.where({})), 'users'],
      [q.instant(size.where({ route: '/' })), 'size_bytes{route="/"}'],
      [q.instant(size.where({ route: '' })), 'size_bytes{route=""}'],
      [q.instant(size.where({ route: not('/'), job: 'api' })), 'size_bytes{route!="/",job="api"}'],
      [q.instant(size.where({ route: matches('/a|/b') })), 'size_bytes{route=~"/a|/b"}'],
      [q.instant(size.where({ route: notMatches('/a.*') })), 'size_bytes{route!~"/a.*"}'],
      [q.instant(size.where({ route: 'a "b" \\ c' })), 'size_bytes{route="a \\"b\\" \\\\ c"}'],
      [q.instant(size.where({ route: 'a\nb\tc' })), 'size_bytes{route="a\\nb\\tc"}'],
      [q.instant(size.where({ route: matches('\\d+') })), 'size_bytes{route=~"\\\\d+"}'],
      [q.instant(size.where({ route: '} or vector(1) #' })), 'size_bytes{route="} or vector(1) #"}'],
      [q.instant(size.where({ route: '/é' }), { offset: '7d' }), 'size_bytes{route="/é"} offset 7d'],
      [q.instant(record.where({ route: '/' })), 'route:hits:rate5m{route="/"}'],
    ],
    'A function over a range': [
      [hitRate, 'rate(hits_total[5m])'],
      [q.rate(hits, '$__rate_interval'), 'rate(hits_total[$__rate_interval])'],
      [q.increase(hits.where({ route: '/' }), '1h', { offset: '1d' }), 'increase(hits_total{route="/"}[1h] offset 1d)'],
      [q.irate(hits, '1m'), 'irate(hits_total[1m])'],
      [q.resets(hits, '1d'), 'resets(hits_total[1d])'],
      [q.avgOverTime(size, '1h'), 'avg_over_time(size_bytes[1h])'],
      [q.maxOverTime(record, '1h'), 'max_over_time(route:hits:rate5m[1h])'],
      [q.maxOverTime(hitRate, '1h'), 'max_over_time(rate(hits_total[5m])[1h:])'],
      [q.minOverTime(q.gt(sizes, 1), '1h'), 'min_over_time((size_bytes > 1)[1h:])'],
      [q.sumOverTime(q.instant(size, { offset: '1d' }), '1h'), 'sum_over_time((size_bytes offset 1d)[1h:])'],
      [q.lastOverTime(q.sum(sizes, ['route']), '1h'), 'last_over_time(sum by (route) (size_bytes)[1h:])'],
      [q.sumOverTime(record, '1h', { every: '5m' }), 'sum_over_time(route:hits:rate5m[1h:5m])'],
      [q.increase(hits, '1h', { at: 'end', offset: '1d' }), 'increase(hits_total[1h] @ end() offset 1d)'],
      [
        q.sumOverTime(q.gt(sizes, 1), '$__range', { every: '$__rate_interval', at: 'end' }),
        'sum_over_time((size_bytes > 1)[$__range:$__rate_interval] @ end())',
      ],
      [q.maxOverTime(q.gt(sizes, 1), '1h', { every: '1m' }), 'max_over_time((size_bytes > 1)[1h:1m])'],
      [q.countOverTime(users, '1h'), 'count_over_time(users[1h])'],
      [q.changes(users, '1h'), 'changes(users[1h])'],
      [q.delta(users, '1h'), 'delta(users[1h])'],
      [q.deriv(users, '1h'), 'deriv(users[1h])'],
      [q.predictLinear(size, '6h', 14_400), 'predict_linear(size_bytes[6h], 14400)'],
    ],
    'A histogram': [
      [q.rate(q.countOf(took), '5m'), 'rate(took_seconds_count[5m])'],
      [q.rate(q.sumOf(took.where({ route: '/' })), '5m'), 'rate(took_seconds_sum{route="/"}[5m])'],
      [q.rate(q.countAtMost(took, 0.1), '5m'), 'rate(took_seconds_bucket{le="0.1"}[5m])'],
      [q.rate(q.countAtMost(took, 1), '5m'), 'rate(took_seconds_bucket{le=~"1(\\\\.0)?"}[5m])'],
      [q.rate(q.countAtMost(took, 10), '5m'), 'rate(took_seconds_bucket{le=~"10(\\\\.0)?"}[5m])'],
      [q.histogramQuantile(0.99, took, '5m'), 'histogram_quantile(0.99, sum by (le) (rate(took_seconds_bucket[5m])))'],
      [
        q.histogramQuantile(0.5, took.where({ route: not('/') }), '5m', ['route']),
        'histogram_quantile(0.5, sum by (route, le) (rate(took_seconds_bucket{route!="/"}[5m])))',
      ],
    ],
    'An aggregation': [
      [q.sum(hitRate), 'sum(rate(hits_total[5m]))'],
      [q.max(hitRate, ['route']), 'max by (route) (rate(hits_total[5m]))'],
      [q.min(hitRate, on), 'min by (job, instance) (rate(hits_total[5m]))'],
      [q.avg(q.add(sizes, 1)), 'avg(size_bytes + 1)'],
      [q.count(sizes, ['route']), 'count by (route) (size_bytes)'],
      [q.topk(5, hitRate), 'topk(5, rate(hits_total[5m]))'],
      [q.bottomk(5, sizes), 'bottomk(5, size_bytes)'],
    ],
    'An operator': [
      [q.div(hitRate, sizes), 'rate(hits_total[5m]) / size_bytes'],
      [q.div(q.add(hitRate, 3), 4), '(rate(hits_total[5m]) + 3) / 4'],
      [q.sub(sizes, q.sub(sizes, sizes)), 'size_bytes - (size_bytes - size_bytes)'],
      [q.mul(q.add(sizes, sizes), q.add(sizes, 2)), '(size_bytes + size_bytes) * (size_bytes + 2)'],
      [q.gt(sizes, -1), 'size_bytes > -1'],
      [q.sub(sizes, -0.5), 'size_bytes - -0.5'],
      [q.gte(sizes, 1e21), 'size_bytes >= 1e+21'],
      [q.lt(sizes, Number.POSITIVE_INFINITY), 'size_bytes < Inf'],
      [q.ne(sizes, Number.NEGATIVE_INFINITY), 'size_bytes != -Inf'],
      [q.lte(q.gte(sizes, 1), 2), '(size_bytes >= 1) <= 2'],
      [q.eq(sizes, q.complement(sizes)), 'size_bytes == (1 - size_bytes)'],
      [q.complement(q.div(sizes, sizes)), '1 - (size_bytes / size_bytes)'],
      [q.secondsSince(q.div(sizes, 1000)), 'time() - (size_bytes / 1000)'],
      [q.secondsUntil(q.add(sizes, 60)), '(size_bytes + 60) - time()'],
      [q.and(q.gt(sizes, 1), q.lt(sizes, 2)), '(size_bytes > 1) and (size_bytes < 2)'],
      [q.unless(sizes, hitRate), 'size_bytes unless rate(hits_total[5m])'],
      [q.or(q.or(sizes, hitRate), sizes), '(size_bytes or rate(hits_total[5m])) or size_bytes'],
    ],
    'A pairing of sides': [
      [q.div(hitRate, builds, { on }), 'rate(hits_total[5m]) / on (job, instance) build_info'],
      [q.div(sizes, q.sum(sizes), { on: [] }), 'size_bytes / on () sum(size_bytes)'],
      [q.mul(sizes, builds, { on, groupLeft: [] }), 'size_bytes * on (job, instance) group_left () build_info'],
      [
        q.mul(sizes, builds, { on, groupLeft: ['version'] }),
        'size_bytes * on (job, instance) group_left (version) build_info',
      ],
      [q.gt(sizes, builds, { on: ['job'] }), 'size_bytes > on (job) group_left () build_info'],
      [q.and(sizes, builds, { on }), 'size_bytes and on (job, instance) build_info'],
      [q.unless(sizes, q.eq(builds, 1), { on }), 'size_bytes unless on (job, instance) (build_info == 1)'],
      [q.or(sizes, hitRate, { on: ['route'] }), 'size_bytes or on (route) rate(hits_total[5m])'],
      [q.and(sizes, builds, { ignoring: ['version'] }), 'size_bytes and ignoring (version) build_info'],
      [
        q.unless(sizes, q.eq(builds, 1), { ignoring: ['version', 'route'] }),
        'size_bytes unless ignoring (version, route) (build_info == 1)',
      ],
    ],
    'Another function': [
      [q.abs(sizes), 'abs(size_bytes)'],
      [q.ceil(sizes), 'ceil(size_bytes)'],
      [q.round(q.div(sizes, 2)), 'round(size_bytes / 2)'],
      [q.timestamp(sizes), 'timestamp(size_bytes)'],
      [q.clampMin(sizes, 0), 'clamp_min(size_bytes, 0)'],
      [q.clampMax(sizes, Number.POSITIVE_INFINITY), 'clamp_max(size_bytes, Inf)'],
      [q.vector(0.5), 'vector(0.5)'],
      [q.absent(hitRate), 'absent(sum(rate(hits_total[5m])))'],
      [
        q.labelReplace(sizes, 'path', '$1 "x"', 'route', '/(\\w+).*'),
        'label_replace(size_bytes, "path", "$1 \\"x\\"", "route", "/(\\\\w+).*")',
      ],
    ],
  }

describe.each(Object.entries(tables))('%s', (_what, rows) => {
  test.each(rows.map(([{ promql }, text]) => [text, promql]))('is written %s', (text, promql) => {
    expect(promql).toBe(text)
    expect(faultIn(promql)).toBeUndefined()
  })
})

test('The grammar does find a fault', () => {
  expect(faultIn('size_bytes{route="a"b"}')).toBeDefined()
})

test('A bound that is no bucket is refused, with the bounds that there are', () => {
  const bounds: readonly number[] = took.buckets
  expect(() => q.countAtMost({ ...took, buckets: bounds }, 3)).toThrow(
    '3 is no bucket of took_seconds: choose one of 0.1, 1, 2.5, 10',
  )
})

test('Neither an expression nor a selection can be changed', () => {
  for (const value of [hitRate, q.div(hitRate, 2), size.where({ route: '/' }), q.countOf(took)]) {
    expect(value).toSatisfy(Object.isFrozen)
  }
  expect(size.where({ route: '/' }).matchers).toSatisfy(Object.isFrozen)
})
