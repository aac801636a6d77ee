import { expect, test } from 'vitest'
import { intervalOf, type Spaced } from '../../../dashboards/interval.ts'

const asking = (...exprs: readonly string[]) => exprs.map((expr) => ({ expr, legend: '' }))

test.each<[string, readonly string[], Spaced, string | undefined]>([
  ['what is now, at every scrape', ['up'], {}, undefined],
  ['an hour, at every scrape', ['avg_over_time(up[1h])'], {}, undefined],
  [
    'what Grafana fills in, at every scrape',
    ['rate(x_total[$__rate_interval])', 'max_over_time(x[$__range:1m])'],
    {},
    undefined,
  ],
  ['a day, each five minutes', ['avg_over_time(up[1d])'], {}, '5m'],
  ['a week, each half hour', ['avg_over_time(up[7d])'], {}, '30m'],
  ['a month, each two hours', ['avg_over_time(up[30d])'], {}, '2h'],
  ['the longest of several', ['x', 'increase(x_total[10m]) / increase(x_total[1d])', 'max_over_time(x[6h])'], {}, '5m'],
  ['a subquery, by what it looks back over', ['max_over_time(sum(x)[1d:15m])'], {}, '5m'],
  ['no offset', ['increase(x_total[1h] offset 7d)'], {}, undefined],
  ['no value of a label', ['x{route="/[30d]\\"[30d]"}'], {}, undefined],
  ['what is dear, no finer than it says', ['x'], { finest: '1m' }, '1m'],
  ['what is dear and looks back, by the coarser of both', ['avg_over_time(up[1d])'], { finest: '1m' }, '5m'],
  ['what must be seen soon, no coarser than it says', ['avg_over_time(up[7d])'], { coarsest: '15m' }, '15m'],
  ['what must be seen at once, at every scrape', ['avg_over_time(up[7d])'], { coarsest: '1s' }, undefined],
  ['what must be seen at once and is dear', ['avg_over_time(up[7d])'], { coarsest: '1s', finest: '1m' }, '1m'],
])('a chart asks for %s', (_what, exprs, spaced, interval) => {
  expect(intervalOf(asking(...exprs), spaced)).toBe(interval)
})
