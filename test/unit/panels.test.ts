import { describe, expect, test } from 'vitest'
import { dashboard, row } from '../../dashboards/dashboard.ts'
import { stat, timeseries } from '../../dashboards/panel.ts'
import { depthsOf, openedWith } from '../prove/panels/depth.ts'

const [hour, day] = [3600, 86_400]

const asking = (expr: string, kind: typeof stat | typeof timeseries = timeseries) =>
  dashboard({
    uid: 'techplus-x',
    title: 'X',
    description: 'x',
    from: 'now-7d',
    rows: [row('How much?', [kind({ title: 'X', description: 'x', unit: 'plain', queries: [{ expr, legend: 'x' }] })])],
  })
const depthOf = (...asked: Parameters<typeof asking>) =>
  (depthsOf([{ dashboard: asking(...asked), hours: 6 }]).get('x_total') ?? 0) / hour

test('a dashboard opens with its own range', () => {
  expect(openedWith(asking('x_total'))).toBe(7 * 24)
})

describe('a series is stored from as long ago as it is read:', () => {
  test.each([
    ['the range', 'x_total', 6],
    ['its window at the first point', 'increase(x_total[1d])', 6 + 24],
    ['an offset', 'increase(x_total[1h] offset 7d)', 6 + 1 + 7 * 24],
    ['the subquery around it', 'max_over_time(rate(x_total[1h])[1d:5m])', 6 + 1 + 24],
    ['the most of several', 'rate(x_total[1h]) / rate(x_total[1d])', 6 + 24],
  ])('%s', (_what, expr, hours) => {
    // What is now was scraped within five minutes.
    expect(depthOf(expr)).toBeGreaterThanOrEqual(hours)
    expect(depthOf(expr)).toBeLessThan(hours + 0.5)
  })

  test('of a value from now the window alone', () => {
    expect(depthOf('increase(x_total[30d])', stat)).toBe((30 * day) / hour)
    expect(depthOf('increase(x_total[$__range])', stat)).toBe(6)
  })
})
