import { describe, expect, test } from 'vitest'
import { errorsIn } from '../../promql.ts'
import { everyAlert } from '../../promtool/case.ts'
import { compressedAlert, compressedExpr } from '../../prove/alerts/compress.ts'

describe('an alert where times pass sixty times faster', () => {
  test.each([
    ['rate(a[5m]) > 0.1', 'rate(a[5s]) > 0.1'],
    ['rate(a[1m]) > 60', 'rate(a[4s]) > 60'],
    ['increase(a[1h] offset 10m)', 'increase(a[60s] offset 10s)'],
    ['min_over_time(a[3h:5m] offset 24h)', 'min_over_time(a[93s:5s] offset 214s)'],
    ['a unless a offset 7d', 'a unless a offset 466s'],
  ])('looks back less far, and by the same numbers: %s', (expr, compressed) => {
    expect(compressedExpr(expr)).toBe(compressed)
  })

  test('is as sound as it was, whichever it is', () => {
    const faults = everyAlert.flatMap((alert) => errorsIn(compressedAlert(alert).expr))
    expect(faults).toEqual([])
    expect(everyAlert.map((alert) => compressedAlert(alert).for)).not.toContain('0s')
  })
})
