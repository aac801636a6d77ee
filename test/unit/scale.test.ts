import { describe, expect, test } from 'vitest'
import { seriesIn, valueAt } from '../prove/scale/exposition.ts'
import { reachOf } from '../prove/scale/reach.ts'
import type { Seen } from '../prove/scale/run.ts'
import { scrapesOf } from '../prove/scale/simulated.ts'
import { tooDear } from '../prove/scale.ts'

const text = `# TYPE http_requests_total counter
http_requests_total{method="GET",route="/a \\"b\\"",status_code="500"} 240
# TYPE redis_client_ready gauge
redis_client_ready 1
# TYPE unread gauge
unread{x="y"} 3.5
`
const [requests, ready, unread] = seriesIn(text)

describe('a recorded scrape', () => {
  test('is read series by series', () => {
    expect(requests).toMatchObject({
      name: 'http_requests_total',
      labels: { method: 'GET', route: '/a "b"', status_code: '500' },
      value: 240,
      counts: true,
    })
    expect(ready).toMatchObject({ name: 'redis_client_ready', labels: {}, value: 1, counts: false })
  })

  test('moves on: counters rise, and nothing else does', () => {
    expect(requests && valueAt(requests, 150)).toBe(250)
    expect(ready && valueAt(ready, 150)).toBe(1)
  })

  test('has as much of a past as rules look back at', () => {
    const day = 86_400
    // The hour of a week ago: what a fall of traffic is measured by.
    expect(requests && reachOf(requests)).toBe(7 * day + 3600)
    expect(ready && reachOf(ready)).toBe(2 * day)
    expect(unread && reachOf(unread)).toBe(0)
  })
})

test('targets are of each kind in turn, and have names of their own', () => {
  const scrapes = scrapesOf(4).map(({ job, instance }) => `${job}/${instance}`)
  expect(scrapes).toEqual([
    ...['postgres/postgres-0', 'reservations/postgres-0', 'redis/redis-1'],
    ...['api/api-2', 'probe/api-2', 'postgres/postgres-3', 'reservations/postgres-3'],
  ])
})

describe('of what was measured it is too dear', () => {
  const seen: Seen = {
    targets: 1000,
    scrapes: 1667,
    series: 1,
    samplesPerSecond: 1,
    memory: 1,
    scraping: 0.1,
    groups: new Map([['calm', { seconds: 1.4, interval: 15 }]]),
    told: new Map([['calm', 1.3]]),
    failures: 0,
    past: 1,
    load: 1,
  }

  test('what takes a tenth of its interval, or fails', () => {
    expect(tooDear(seen)).toEqual([])
    const calm = (interval: number, seconds: number) => new Map([['calm', { seconds, interval }]])
    const words = '1000 targets: calm takes 1.50 s of every 15 s'
    expect(tooDear({ ...seen, groups: calm(15, 1.5) })).toEqual([words])
    expect(tooDear({ ...seen, told: new Map([['calm', 1.5]]) })).toEqual([words])
    expect(tooDear({ ...seen, groups: calm(60, 1.5) })).toEqual([])
    expect(tooDear({ ...seen, told: new Map() })).toEqual(['1000 targets: Prometheus did not evaluate calm'])
    expect(tooDear({ ...seen, failures: 3 })).toEqual(['1000 targets: 3 evaluations failed'])
  })
})
