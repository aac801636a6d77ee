import { stat } from 'node:fs/promises'
import { describe, expect, test, vi } from 'vitest'
import { printed } from '../../../exporters/exposition.ts'
import { type Ask, type Check, healthChecks } from '../../../exporters/service/health/checks.ts'
import { answersOk } from '../../../exporters/service/health/dependencies.ts'
import { instruments } from '../../../exporters/service/instruments/instruments.ts'
import { redaction } from '../../../exporters/service/log/redaction.ts'

const stand = (checks: Readonly<Record<string, Check | Ask>>, more: { readonly patience?: number } = {}) => {
  const own = instruments({ report: (_part, cause) => expect.unreachable(String(cause)) })
  const logged: unknown[] = []
  const clock = { now: 0 }
  const log = {
    // As the log of a service writes it.
    error: (message: string | Error, meta?: unknown) => logged.push([message, redaction().value(meta)]),
    info: (message: string | Error) => logged.push(message),
  }
  const health = healthChecks({ checks, instruments: own, log, patience: 5, now: () => clock.now, ...more })
  own.addSource('health', health.source)
  const ask = async () => {
    clock.now += 2_000
    return (await health.run()).map(({ ok }) => ok)
  }
  return {
    health,
    clock,
    logged,
    ask,
    scrape: async () => [...printed(await own.readings(), { open: false })].join(''),
  }
}

/** A check whose runs end when they are told to. */
const held = () => {
  const runs: { resolve: (value: unknown) => void; reject: (cause: unknown) => void; signal: AbortSignal }[] = []
  const check: Ask = (signal) => new Promise((resolve, reject) => runs.push({ resolve, reject, signal }))
  return { runs, check }
}

describe('health checks', () => {
  test('run side by side, and name each that fails in whatever way', async () => {
    const order: string[] = []
    const meet = (name: string) => async () => {
      order.push(`${name} begins`)
      await new Promise(setImmediate)
      order.push(`${name} ends`)
    }
    const { health } = stand({
      one: meet('one'),
      two: meet('two'),
      rejects: { check: () => Promise.reject(undefined), required: false },
      throws: () => {
        throw new Error('at once')
      },
    })
    expect(await health.run()).toEqual([
      { name: 'one', ok: true, required: true },
      { name: 'two', ok: true, required: true },
      { name: 'rejects', ok: false, required: false },
      { name: 'throws', ok: false, required: true },
    ])
    expect(order).toEqual(['one begins', 'two begins', 'one ends', 'two ends'])
  })

  test('are run once for all who ask at a time, and for those of the second after', async () => {
    let runs = 0
    const { health, clock, scrape } = stand({ database: async () => runs++ })
    const answers = await Promise.all(Array.from({ length: 10_000 }, () => health.run()))
    expect(answers.every(([one]) => one?.ok)).toBe(true)
    clock.now = 999
    await Promise.all([health.run(), scrape()])
    expect(runs).toBe(1)
    clock.now = 1_000
    await health.run()
    expect(runs).toBe(2)
  })

  test('that hang count as failed in time, are told so, and are not begun again before they ended', async () => {
    const { runs, check } = held()
    const { ask } = stand({ database: check })
    expect(await ask()).toEqual([false])
    expect(runs[0]?.signal.aborted).toBe(true)
    expect(await ask()).toEqual([false])
    expect(runs).toHaveLength(1)
    runs[0]?.reject(new Error('much later'))
    await new Promise(setImmediate)
    const next = ask()
    runs[1]?.resolve(1)
    expect(await next).toEqual([true])
    expect(runs).toHaveLength(2)
  })

  test('are not failed by a process that was too busy to read their answer', async () => {
    const { health } = stand({ files: () => stat('.') }, { patience: 10 })
    const outcomes = health.run()
    const start = performance.now()
    while (performance.now() - start < 100);
    expect(await outcomes).toMatchObject([{ ok: true }])
  })

  test('are logged when they begin to fail and when they succeed again, and not between', async () => {
    const outcomes = [true, false, false, true, true, false]
    const { ask, logged } = stand({
      database: async () => {
        if (!outcomes.shift()) throw new Error('refused')
      },
    })
    while (outcomes.length > 0) await ask()
    const failed = ['database health check failed', { check: 'database', fault: 'refused' }]
    expect(logged).toEqual([failed, 'database health check succeeds again', failed])
  })

  test('are gauges, fresh at every scrape; one that hangs shows for how long', async () => {
    const { runs, check } = held()
    const { scrape, clock } = stand({ database: { check, patience: 8 }, redis: async () => 'PONG' })
    const samples = async () => (await scrape()).match(/^health_\S+ \S+$/gm)
    await samples()
    clock.now = 61_000
    expect(await samples()).toEqual([
      'health_check_up{check="redis"} 1',
      'health_check_up{check="database"} 0',
      'health_check_duration_seconds{check="redis"} 0',
      'health_check_duration_seconds{check="database"} 61',
      'health_check_timeout_seconds{check="database"} 0.008',
      'health_check_timeout_seconds{check="redis"} 0.005',
    ])
    expect(runs).toHaveLength(1)
  })
})

describe('a scrape', () => {
  /** As far as it comes while one check has 20 seconds and hangs. */
  const hanging = () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate'] })
    const { runs, check } = held()
    let pings = 0
    const { scrape, clock } = stand({ database: { check, patience: 20_000 }, redis: async () => (pings += 1) })
    const pass = async (milliseconds: number) => {
      clock.now += milliseconds
      await vi.advanceTimersByTimeAsync(milliseconds)
    }
    const upTo = async (milliseconds: number) => {
      const text = scrape()
      await pass(milliseconds)
      return (await text).match(/^health_check_(?:up|duration_seconds)\{check="database"\} \S+$/gm)
    }
    return { runs, upTo, pass, pings: () => pings }
  }
  const samples = (up: number, seconds: number) => [
    `health_check_up{check="database"} ${up}`,
    `health_check_duration_seconds{check="database"} ${seconds}`,
  ]

  test('waits for no check that hangs: it shows how that ended last, and that it failed when its patience is over', async () => {
    const { runs, upTo, pass, pings } = hanging()
    const first = upTo(0)
    runs[0]?.resolve(1)
    expect(await first).toEqual(samples(1, 0))
    await pass(5_000)
    expect(await upTo(1_500)).toEqual(samples(1, 1.5))
    await pass(10_000)
    expect(await upTo(1_500)).toEqual(samples(1, 13))
    // The others are not kept waiting by it.
    expect([runs.length, pings()]).toEqual([2, 3])
    await pass(8_000)
    expect(await upTo(0)).toEqual(samples(0, 21))
    runs[1]?.resolve(1)
    await pass(1_000)
    const last = upTo(0)
    runs[2]?.resolve(1)
    expect(await last).toEqual(samples(1, 0))
    vi.useRealTimers()
  })

  test('that finds the first run under way shows no outcome, and for how long it runs', async () => {
    const { upTo } = hanging()
    expect(await upTo(1_500)).toEqual(samples(1, 1.5).slice(1))
    vi.useRealTimers()
  })
})

test.each([0, -1, 60_001, Infinity, Number.NaN])(
  'a check with a patience of %d ms is refused by its name',
  (patience) => {
    const words = `the patience of the health check database is ${patience}: write milliseconds, more than 0 and at most 60000`
    expect(() => stand({ database: { check: async () => 1, patience } })).toThrow(words)
  },
)

describe('what is logged of a fault', () => {
  test.each([
    [
      new Error('could not', { cause: new Error('connect to postgres://ann:s3cret@db/x?password=s3cret') }),
      'could not: connect to postgres://[redacted]@db/x?password=[redacted]',
    ],
    [Object.assign(new AggregateError([new Error('s3cret')]), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    ['redis://:s3cret@cache', 'redis://[redacted]@cache'],
  ])('says why, and holds no secret: %s', async (cause, fault) => {
    const { ask, logged } = stand({ database: () => Promise.reject(cause) })
    await ask()
    expect(logged).toEqual([['database health check failed', { check: 'database', fault }]])
  })

  test('is not the key that no header can hold, nor a password in the URL', async () => {
    const { ask, logged } = stand({ payments: answersOk('http://127.0.0.1:9/', { secret: () => 's3\ncret' }) })
    await ask()
    expect(JSON.stringify(logged)).toContain('such as a line break')
    expect(JSON.stringify(logged)).not.toContain('cret"')
    expect(() => answersOk('http://ann:s3cret@pay/')).toThrow(/^http:\/\/pay: write no password/)
    expect(() => answersOk('s3cret')).toThrow(/write https:\/\/host\/path$/)
  })
})
