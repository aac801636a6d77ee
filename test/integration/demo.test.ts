import { basename } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pause, processesOf, resume } from '../../demo/pause.ts'
import { declinedSource } from '../../demo/payments.ts'
import { demoLogins, setupDemo, urlFor } from '../../demo/setup.ts'
import { sitting } from '../../demo/sittings.ts'
import { demoStand, passwords, tomorrow } from './demo-stand.ts'
import { eventually } from './servers.ts'

const stand = demoStand()
beforeAll(stand.start)
afterAll(stand.end)

describe('the setup', () => {
  test('puts in guests of the past and of the days ahead, and what a cleanup is for', async () => {
    const found = await stand.one(`
      select count(*) > 2000 as many, count(*) < 20000 as "not too many",
             bool_or(status = 'CONFIRMED' and date > now() + interval '30 days') as ahead,
             bool_or(status = 'COMPLETED' and date < now() - interval '1 year') as old,
             bool_or(management_token is not null and token_expires_at < now()) as expired,
             count(distinct status) as statuses
      from reservations`)
    expect(found).toEqual({ many: true, 'not too many': true, ahead: true, old: true, expired: true, statuses: '5' })
  })

  test('runs again: rows stay, passwords are the new ones', async () => {
    const rows = 'select (select count(*) from reservations) + (select count(*) from users) as count'
    const before = await stand.one(rows)
    await setupDemo({ adminUrl: stand.adminUrl, passwords: { ...passwords, exporter: 'another-password' } })
    expect(await stand.one(rows)).toEqual(before)
    const login = (password: string) =>
      stand.one('select 1', urlFor(stand.adminUrl, { login: demoLogins.exporter, password }))
    await login('another-password')
    await expect(login(passwords.exporter)).rejects.toThrow(/password authentication failed/)
    await setupDemo({ adminUrl: stand.adminUrl, passwords })
  })

  test('leaves no password, and nothing made from one, in the statistics', async () => {
    const found = await stand.one<{ count: string }>(
      `select count(*) from pg_stat_statements where query ~* 'scram|password ''|a-password|an-api|another-'`,
    )
    expect(found?.count).toBe('0')
  })
})

describe('a visitor', () => {
  test('looks for a table, books it, looks at it, pays, and cancels', async () => {
    const counted = await stand.outcomes(async () => {
      const { tables } = (await stand.api.inject(tomorrow(3))).json()
      expect(tables[0]).toEqual({ number: expect.any(Number), seats: expect.any(Number) })
      const booked = await stand.book()
      expect(booked.statusCode).toBe(201)
      const { id, token, ...rest } = booked.json()
      expect(rest).toEqual({
        date: sitting(30, 2).toISOString(),
        partySize: 2,
        status: 'CONFIRMED',
        table: expect.any(Number),
      })
      expect((await stand.api.inject(`/reservations/${id}`)).json()).toEqual({ id, ...rest })
      const pay = (source: string) =>
        stand.api.inject({
          method: 'POST',
          url: '/payments',
          payload: { reservationId: id, amountCents: 2000, source },
        })
      expect((await pay('tok_visa')).statusCode).toBe(201)
      expect((await pay(declinedSource)).statusCode).toBe(402)
      expect(
        await stand.one(`
          select min(amount_cents) as cents, array_agg(status order by id) as told, count(charge_id)::int as charges
          from payments where reservation_id = '${id}'`),
      ).toEqual({ cents: 2000, told: ['succeeded', 'declined'], charges: 1 })
      const cancel = (secret: string) =>
        stand.api.inject({ method: 'DELETE', url: `/reservations/${id}?token=${secret}` })
      expect((await cancel('guessed')).statusCode).toBe(404)
      expect((await cancel(token)).json()).toEqual({ id, status: 'CANCELLED' })
      expect((await cancel(token)).statusCode).toBe(404)
      expect(
        await stand.one(`select status, cancelled_at <= now() as cancelled from reservations where id = '${id}'`),
      ).toEqual({ status: 'CANCELLED', cancelled: true })
    })
    expect(counted).toEqual({ confirmed: 1, cancelled: 1 })
  })

  test('holds a token that the database does not know', async () => {
    const { id, token } = (await stand.book()).json()
    const stored = await stand.one<{ management_token: string }>(
      `select management_token from reservations where id = '${id}'`,
    )
    expect(stored?.management_token).toMatch(/^[0-9a-f]{64}$/)
    expect(stored?.management_token).not.toContain(token)
  })

  const refusals = [
    ['without a date', { date: undefined }, 400],
    ['for too many guests', { partySize: 50 }, 400],
    ['for a moment without a sitting', { date: '2030-01-01T03:30:00Z' }, 422],
    ['for the past', { date: sitting(-1, 0).toISOString() }, 422],
    ['too far ahead', { date: sitting(200, 0).toISOString() }, 422],
  ] as const
  test.each(refusals)('who asks %s is refused, and counted as that', async (_words, more, status) => {
    expect(await stand.outcomes(async () => expect((await stand.book(more)).statusCode).toBe(status))).toEqual({
      rejected: 1,
    })
  })

  test('gets the last table once, however many ask at the same time', async () => {
    const date = sitting(100, 1).toISOString()
    const large = await stand.one<{ count: string }>('select count(*) from tables where seats >= 8')
    const seats = Number(large?.count)
    const guests = Array.from({ length: seats }, (_, n) => `one-of-many-${n}@example.com`)
    const counted = await stand.outcomes(async () => {
      // Of those who ask together one may be refused although a table is left: ask until all are gone.
      const asked = await eventually(
        // Each a guest of their own: the database makes two bookings of one guest wait for each other.
        () => Promise.all(guests.map((email) => stand.book({ date, partySize: 8, email }))),
        (answers) => answers.every(({ statusCode }) => statusCode === 409),
      )
      expect(asked[0]?.json()).toEqual({ error: 'no table is free then: choose another sitting' })
    })
    expect(counted).toEqual({ confirmed: seats, rejected: expect.any(Number) })
  })

  test('has a session and sees availability that both expire by themselves', async () => {
    const { headers } = await stand.api.inject(tomorrow(0))
    const again = await stand.api.inject({ url: tomorrow(0), headers: { 'x-session': String(headers['x-session']) } })
    expect(headers['x-session']).toMatch(/^[\w-]{36}$/)
    expect(again.headers['x-session']).toBe(headers['x-session'])
    for (const key of [...(await stand.redis.keys('session:*')), ...(await stand.redis.keys('availability:*'))]) {
      expect(await stand.redis.ttl(key)).toBeGreaterThan(0)
    }
    expect(await stand.redis.exists(`session:${headers['x-session']}`)).toBe(1)
  })
})

describe('health', () => {
  const memory = expect.objectContaining({ rss: expect.any(Number), heapUsed: expect.any(Number) })
  const [timestamp, uptime] = [expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/), expect.any(Number)]

  test('has the shape of the handbook', async () => {
    const [simple, detailed] = [await stand.api.inject('/health'), await stand.api.inject('/health/detailed')]
    expect(simple.json()).toEqual({ status: 'healthy', timestamp, uptime, memory, version: '1.2.3' })
    const checks = { database: true, redis: true, external_apis: true }
    expect(detailed.statusCode).toBe(200)
    expect(detailed.json()).toEqual({ status: 'healthy', timestamp, checks, uptime, memory })
  })

  type Name = 'database' | 'redis'
  /** An outcome is good for a moment, for all who ask. */
  const unhealthy = () =>
    eventually(
      () => stand.api.inject('/health/detailed'),
      ({ statusCode }) => statusCode === 503,
      { within: 3_000 },
    )

  /** Makes a server go away; what it returns brings it back. */
  const losses = {
    hangs: async (name: Name) => {
      const { server } = stand.servers[name]
      const pids = processesOf(basename(server.log, '.log'), stand.folder) ?? []
      expect(pids).toContain(server.pid)
      pause(pids)
      return async () => resume(pids)
    },
    'is gone': (name: Name) => stand.stopServer(name),
  } as const
  test.each([
    ['database', 'hangs'],
    ['redis', 'hangs'],
    ['database', 'is gone'],
    ['redis', 'is gone'],
  ] as const)('shows within 3 seconds that the %s %s; the API answers, and is itself again', async (name, loss) => {
    const restore = await losses[loss](name)
    try {
      const detailed = await unhealthy()
      const checks = { database: true, redis: true, external_apis: true, [name]: false }
      expect(detailed.json()).toMatchObject({ status: 'unhealthy', checks })
      expect((await stand.api.inject('/health')).statusCode).toBe(200)
      expect(await stand.outcomes(async () => expect((await stand.book()).statusCode).toBe(500))).toEqual({ failed: 1 })
    } finally {
      await restore()
    }
    // One after the other: whoever books until the health is told of has no table left in the end.
    for (const [ask, good] of [
      [() => stand.api.inject('/health/detailed'), 200],
      [stand.book, 201],
    ] as const) {
      await eventually(ask, ({ statusCode }) => statusCode === good)
    }
  })

  test('shows that the payment provider is gone, and who pays is told to come again', async () => {
    const { id } = (await stand.book()).json()
    await stand.payments.close()
    const detailed = await unhealthy()
    expect(detailed.json().checks).toEqual({ database: true, redis: true, external_apis: false })
    const payload = { reservationId: id, amountCents: 100, source: 'tok_visa' }
    expect((await stand.api.inject({ method: 'POST', url: '/payments', payload })).statusCode).toBe(502)
    expect(await stand.one(`select status, charge_id from payments where reservation_id = '${id}'`)).toEqual({
      status: 'failed',
      charge_id: null,
    })
  })
})
