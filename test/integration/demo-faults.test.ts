import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ApiFault } from '../../demo/faults.ts'
import { requestFaults } from '../../demo/request-faults.ts'
import { namesOf } from '../../metrics/names.ts'
import { demoStand, tomorrow } from './demo-stand.ts'
import { eventually } from './servers.ts'

const stand = demoStand()
beforeAll(stand.start)
afterAll(stand.end)

const statusOf = async (url: string) => (await stand.api.inject(url)).statusCode

const millisecondsOf = async (url: string) => {
  const start = performance.now()
  await stand.api.inject(url)
  return performance.now() - start
}

const memoryShare = async () => {
  const info = await stand.redis.info('memory')
  const field = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1])
  return field('used_memory') / field('maxmemory')
}

/** What can be seen of each fault. */
const signs: Readonly<Record<ApiFault, () => Promise<boolean>>> = {
  slow: async () => {
    const times = await Promise.all([0, 1, 2, 3].map((hour) => millisecondsOf(tomorrow(hour))))
    return times.every((time) => time > 650)
  },
  errors: async () => {
    const statuses = await Promise.all([0, 1, 2, 3].map((hour) => statusOf(tomorrow(hour))))
    return statuses.sort().join() === '200,200,500,500'
  },
  'booking-failures': async () => {
    const counted = await stand.outcomes(async () => stand.book())
    return counted.failed === 1 && (await statusOf(tomorrow(0))) === 200
  },
  connections: async () => {
    const found = await stand.one<{ near: boolean }>(`
      select count(*) > 0.8 * (current_setting('max_connections')::int
             - current_setting('superuser_reserved_connections')::int) as near
      from pg_stat_activity where backend_type = 'client backend'`)
    return found?.near === true
  },
  'slow-statement': async () => {
    const found = await stand.one(`
      select where exists (select from pg_stat_statements where query like '%, pg_sleep(%' and mean_exec_time > 1000)
               and exists (select from pg_stat_activity where query like '%, pg_sleep(1.5)%' and pid <> pg_backend_pid())`)
    return found !== undefined
  },
  'unused-index': async () => {
    const found = await stand.one(`
      select from pg_stat_user_indexes
      where indexrelname = 'ballast_unused' and idx_scan = 0 and pg_relation_size(indexrelid) > 10 * 1024 ^ 2`)
    return found !== undefined
  },
  blocked: async () => {
    const found = await stand.one(`
      select from pg_stat_activity where cardinality(pg_blocking_pids(pid)) > 0 and query like '%fault.held%'`)
    return found !== undefined
  },
  'slow-vacuum': async () => {
    const found = await stand.one(`select from pg_stat_progress_vacuum where datname = current_database()`)
    return found !== undefined
  },
  memory: async () => (await memoryShare()) > 0.9,
  'payments-down': async () => {
    const { id } = (await stand.book()).json()
    const payload = { reservationId: id, amountCents: 2_000, source: 'tok_visa' }
    const paid = await stand.api.inject({ method: 'POST', url: '/payments', payload })
    const { checks } = (await stand.api.inject('/health/detailed')).json()
    return paid.statusCode === 502 && checks.external_apis === false && (await statusOf('/health/ready')) === 200
  },
}
/** Those that are seen a moment after the fault is said to be: a mean over 1 s, an outcome that is kept for one, a wait. */
const seenLater: readonly ApiFault[] = ['slow-statement', 'payments-down', 'blocked', 'slow-vacuum']

const start = (name: ApiFault, seconds: number, remoteAddress = '127.0.0.1') =>
  stand.api.inject({ method: 'POST', url: '/faults', payload: { name, seconds }, remoteAddress })
const clear = (name: ApiFault, remoteAddress = '127.0.0.1') =>
  stand.api.inject({ method: 'DELETE', url: `/faults/${name}`, remoteAddress })
const active = async () => (await stand.api.inject('/faults')).json()

describe('a fault', () => {
  test.each(namesOf(signs))('`%s` is seen while it lasts, and no more when it was cleared', async (name) => {
    expect(await signs[name]()).toBe(false)
    expect((await start(name, 60)).statusCode).toBe(201)
    expect(await active()).toEqual([{ name, until: expect.any(String) }])
    if (seenLater.includes(name)) await eventually(signs[name], Boolean)
    else expect(await signs[name]()).toBe(true)
    expect((await clear(name)).statusCode).toBe(204)
    expect(await active()).toEqual([])
    await eventually(signs[name], (seen) => !seen)
  })

  test('ends by itself when its time is over', async () => {
    await start('booking-failures', 1)
    expect((await stand.book()).statusCode).toBe(500)
    await eventually(stand.book, ({ statusCode }) => statusCode === 201)
    expect(await active()).toEqual([])
  })

  test('begins anew when it is started again', async () => {
    const first = (await start('booking-failures', 1)).json()
    const second = (await start('booking-failures', 60)).json()
    expect(Date.parse(second.until)).toBeGreaterThan(Date.parse(first.until) + 30_000)
    await eventually(Date.now, (now) => now > Date.parse(first.until) + 100)
    expect((await stand.book()).statusCode).toBe(500)
    await clear('booking-failures')
    expect((await stand.book()).statusCode).toBe(201)
  })

  test('is switched from this machine only', async () => {
    expect((await start('errors', 60, '10.1.2.3')).statusCode).toBe(403)
    expect(await active()).toEqual([])
    await start('errors', 60)
    expect((await clear('errors', '10.1.2.3')).statusCode).toBe(403)
    expect(await active()).toHaveLength(1)
    await clear('errors')
  })

  test('that has no name of ours, or no time, is refused', async () => {
    for (const payload of [{ name: 'flood', seconds: 60 }, { name: 'slow', seconds: 0 }, { name: 'slow' }]) {
      expect((await stand.api.inject({ method: 'POST', url: '/faults', payload })).statusCode).toBe(400)
    }
  })

  test('that can not start says why, and is not under way', async () => {
    await stand.redis.config('SET', 'maxmemory', '0')
    const refused = await start('memory', 60)
    await stand.redis.config('SET', 'maxmemory', '32mb')
    expect(refused.statusCode).toBe(503)
    expect(refused.json().error).toMatch(/^could not start memory: Redis has no maxmemory/)
    expect(await active()).toEqual([])
  })

  test('of a payment provider that is another program is refused', async () => {
    const { starters } = requestFaults({ paymentsUrl: 'http://pay.example:3002/v2' })
    await expect(starters['payments-down'](60)).rejects.toThrow(
      'the payment provider is http://pay.example:3002, another program: start the demo without PAYMENTS_URL',
    )
  })

  test('of memory leaves when nobody is there to remove it', async () => {
    await start('memory', 60)
    const keys = await stand.redis.keys('fault:*')
    expect(keys.length).toBeGreaterThan(0)
    for (const key of keys) expect(await stand.redis.ttl(key)).toBeGreaterThan(0)
    await clear('memory')
    expect(await stand.redis.keys('fault:*')).toEqual([])
  })

  test('of the database is undone when the API is closed', async () => {
    await start('unused-index', 60)
    await stand.control.clearAll()
    expect(await signs['unused-index']()).toBe(false)
  })
})
