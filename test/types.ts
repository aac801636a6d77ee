import { counter, gauge, histogram, recorded } from '../metrics/metric.ts'
import * as q from '../metrics/promql.ts'

const seconds = histogram({ name: 'demo_duration_seconds', help: 'x', labels: ['route'], buckets: [0.1, 0.5] })
const hits = counter({ name: 'demo_hits_total', help: 'x', labels: ['route', 'code'] })
const size = gauge({ name: 'demo_size_bytes', help: 'x', labels: ['table'] })
const users = gauge({ name: 'demo_users', counts: 'users', help: 'x' })
users.sample(3)
size.sample(3, { table: 'x' })
// @ts-expect-error a gauge says its unit
gauge({ name: 'demo_users', help: 'x' })
// @ts-expect-error ms
gauge({ name: 'demo_users_ms', counts: 'x', help: 'x' })
// @ts-expect-error a counter
counter({ name: 'demo_users', help: 'x' })
// @ts-expect-error a counter
counter({ name: 'demo_milliseconds_total', help: 'x' })
// @ts-expect-error label missing
size.sample(3)
// @ts-expect-error label wrong
size.sample(3, { tabel: 'x' })
// @ts-expect-error label excess
size.sample(3, { table: 'x', y: 'y' })
// @ts-expect-error unknown label
hits.where({ rout: 'x' })
// @ts-expect-error rate of gauge
q.rate(size, '5m')
// @ts-expect-error counter w/o rate
q.instant(hits)
// @ts-expect-error label dropped
q.sum(q.sum(q.rate(hits, '5m'), ['route']), ['code'])
// @ts-expect-error unequal label sets
q.div(q.sum(q.rate(hits, '5m'), ['route']), q.sum(q.rate(hits, '5m'), ['code']))
// @ts-expect-error no bucket
q.countAtMost(seconds, 0.3)
// @ts-expect-error no window
q.rate(hits, '5 minutes')
// @ts-expect-error recorded name
recorded({ name: 'abc', expr: q.rate(hits, '5m') })
// @ts-expect-error on unknown
q.and(q.rate(hits, '5m'), q.instant(size), { on: ['route'] })
const r = recorded({ name: 'a:b:c', expr: q.sum(q.rate(hits, '5m'), ['route']), labels: { slo: 'x' } })
q.sum(q.instant(r), ['route', 'slo'])
// @ts-expect-error instance was dropped by the rule
q.sum(q.instant(r), ['instance'])
q.div(q.sum(q.rate(hits, '5m'), ['instance']), q.sum(q.instant(size), ['instance']))
console.log(q.gt(q.div(q.add(q.rate(hits.where({ code: 'x"y' }), '5m'), 3), 4), 5).promql)
