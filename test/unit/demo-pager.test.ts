import { expect, test } from 'vitest'
import { buildPager } from '../../demo/pager.ts'

const alert = (more: object = {}) => ({
  status: 'firing',
  labels: { alertname: 'RedisDown', severity: 'critical', instance: 'cache', owner: 'platform' },
  annotations: { summary: 'Redis cache does not answer\u001b[2J' },
  startsAt: '2030-01-01T00:00:00Z',
  ...more,
})
const page = (app: ReturnType<typeof buildPager>, alerts: readonly object[]) =>
  app.inject({ method: 'POST', url: '/alerts', payload: { status: 'firing', receiver: 'pager', alerts } })

test('the pager prints one line for each alert, without what steers a terminal', async () => {
  const lines: string[] = []
  const app = buildPager({ print: (line) => lines.push(line) })
  const nameless = alert({ status: 'resolved', labels: {}, annotations: {} })
  expect((await page(app, [alert(), nameless])).statusCode).toBe(200)
  expect(lines.map((line) => line.replace(/^\d\d:\d\d:\d\d /, ''))).toEqual([
    'FIRING   critical RedisDown (cache, for platform) Redis cache does not answer [2J',
    'RESOLVED -        alert without a name',
  ])
  expect((await app.inject('/alerts')).json()[0]).toEqual({ ...alert(), receivedAt: expect.any(String) })
})

test('the pager keeps the last 500 alerts, and refuses what is none', async () => {
  const app = buildPager({ print: () => undefined })
  const alerts = Array.from({ length: 501 }, (_, n) => alert({ fingerprint: `${n}` }))
  await page(app, alerts)
  const kept: readonly { fingerprint: string }[] = (await app.inject('/alerts')).json()
  expect([kept.length, kept[0]?.fingerprint, kept.at(-1)?.fingerprint]).toEqual([500, '1', '500'])
  expect((await page(app, [{ status: 'loud' }])).statusCode).toBe(400)
})

test('the pager tells when the heartbeat came last', async () => {
  const app = buildPager()
  expect((await app.inject('/heartbeat')).json()).toEqual({ count: 0, last: null })
  for (const _ of [1, 2]) await app.inject({ method: 'POST', url: '/heartbeat', payload: { alerts: [] } })
  expect((await app.inject('/heartbeat')).json()).toEqual({ count: 2, last: expect.stringMatching(/^20/) })
})
