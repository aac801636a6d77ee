import { setImmediate as turn } from 'node:timers/promises'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { Account, Collector, Scraped, Source } from '../../../exporters/collector.ts'
import { type Log, scraper } from '../../../exporters/scrape.ts'
import type { Snapshot } from '../../../exporters/snapshot.ts'
import { gauge, type Sample } from '../../../metrics/metric.ts'
import { samplesOf } from '../../readings.ts'

const vitals = {
  up: gauge({ name: 'demo_up', counts: 'answers', help: 'x' }),
  success: gauge({ name: 'demo_success', counts: 'successes', help: 'x', labels: ['collector'] }),
  duration: gauge({ name: 'demo_duration_seconds', help: 'x', labels: ['collector'] }),
}
const size = gauge({ name: 'demo_size_bytes', help: 'x' })

const lines: string[] = []
const log: Log = {
  info: (_context, message) => lines.push(`info ${message}`),
  warn: (_context, message) => lines.push(`warn ${message}`),
}
beforeEach(() => lines.splice(0))

type Collect = Collector<Account>['collect']
/** What a collector asks through is the account of its questions. */
const answers: Source<Account> = {
  ready: async () => {},
  answered: async () => true,
  reader: (account) => account,
  close: async () => {},
}
const reads: Collect = async () => [size.sample(7)]
const never = () => new Promise<never>(() => {})
const fails = (message: string) => async () => {
  throw new Error(message)
}
const scraping = (collect: Readonly<Record<string, Collect>>, source: Source<Account> = answers) => {
  const collectors = Object.entries(collect).map(([name, work]) => ({ name, metrics: [size], collect: work }))
  const scraped: Scraped<Account> = { kind: 'demo', name: 'main', source, collectors, vitals }
  return scraper(scraped, log)
}

/** Samples in short: `name/collector value`, without the durations. */
const short = ({ readings }: Snapshot) =>
  samplesOf(readings)
    .filter(({ metric }) => metric.name !== vitals.duration.name)
    .map(({ metric, labels, value }) => [metric.name, ...Object.values(labels)].join('/').concat(` ${value}`))

test('A source that answers is up, and each collector is said to have succeeded', async () => {
  const snapshot = await scraping({ one: reads, two: async () => [] })(1000)
  expect(short(snapshot)).toEqual(['demo_up 1', 'demo_size_bytes 7', 'demo_success/one 1', 'demo_success/two 1'])
  expect(lines).toEqual([])
})

test('The time of each collector is told in seconds', async () => {
  const slow = async () => {
    const start = performance.now()
    while (performance.now() - start < 20) await Promise.resolve()
    return []
  }
  const snapshot = await scraping({ slow })(5000)
  const took = samplesOf(snapshot.readings).find(({ metric }) => metric.name === vitals.duration.name)
  expect(took).toMatchObject({ labels: { collector: 'slow' } })
  expect(took?.value).toBeGreaterThanOrEqual(0.02)
  expect(took?.value).toBeLessThan(5)
})

describe('A collector that fails takes nothing from its neighbours', () => {
  test.each<[how: string, collect: Collect, reason: string]>([
    ['that rejects', fails('no such table'), 'no such table'],
    [
      'that throws before it begins to wait',
      () => {
        throw new Error('no such field')
      },
      'no such field',
    ],
    ['that rejects with no error', () => Promise.reject('a text'), 'a text'],
    ['whose error has no message', () => Promise.reject(new TypeError()), 'TypeError'],
    [
      'whose error holds those of several addresses',
      () => Promise.reject(new AggregateError([new Error('refused ::1'), new Error('refused 127.0.0.1')])),
      'refused ::1; refused 127.0.0.1',
    ],
  ])('one %s', async (_how, broken, reason) => {
    const snapshot = await scraping({ broken, fine: reads })(1000)
    expect(short(snapshot)).toEqual(['demo_up 1', 'demo_success/broken 0', 'demo_size_bytes 7', 'demo_success/fine 1'])
    expect(lines).toEqual([`warn demo/main: broken failed: ${reason}`])
  })
})

test('A collector that hangs ends with the budget, told by its signal, and what it answers later is not heard', async () => {
  let answer = (_samples: readonly Sample[]) => {}
  let aborted = false
  const hangs: Collect = (_source, signal) => {
    signal.addEventListener('abort', () => {
      aborted = true
    })
    return new Promise((resolve) => {
      answer = resolve
    })
  }
  const snapshot = await scraping({ hangs, fine: reads })(30)
  answer([size.sample(8)])
  expect(short(snapshot)).toEqual(['demo_up 1', 'demo_success/hangs 0', 'demo_size_bytes 7', 'demo_success/fine 1'])
  expect(aborted).toBe(true)
  expect(lines).toEqual(['warn demo/main: hangs failed: no answer within 30 ms'])
})

describe('A source that does not answer is down, and nothing is read from it', () => {
  test.each<[how: string, ready: Source['ready'], reason: string]>([
    ['that refuses', fails('connect ECONNREFUSED'), 'connect ECONNREFUSED'],
    ['that hangs', never, 'no answer within 30 ms'],
    [
      'that throws',
      () => {
        throw new Error('invalid URL')
      },
      'invalid URL',
    ],
  ])('one %s', async (_how, ready, reason) => {
    let asked = false
    const collect: Collect = async () => {
      asked = true
      return []
    }
    expect(short(await scraping({ collect }, { ...answers, ready })(30))).toEqual(['demo_up 0'])
    expect(asked).toBe(false)
    expect(lines).toEqual([`warn demo/main: connection failed: ${reason}`])
  })
})

test('Source and collectors are told the signal, and the source the budget', async () => {
  const told: unknown[] = []
  const ready: Source['ready'] = async (signal, budget) => {
    told.push(signal.aborted, budget)
  }
  const collect: Collect = async (_account, signal) => {
    told.push(signal.aborted)
    return []
  }
  await scraping({ collect }, { ...answers, ready })(1234)
  expect(told).toEqual([false, 1234, false])
})

test('Each collector asks through a reader of its own', async () => {
  const readers: Account[] = []
  const collect: Collect = async (account) => {
    readers.push(account)
    return []
  }
  await scraping({ one: collect, two: collect })(1000)
  expect(new Set(readers).size).toBe(2)
})

test('The time of a collector is that of its questions where it is known, and not its waiting for others', async () => {
  const asks: Collect = async ({ spent }) => {
    spent(1500)
    spent(500)
    return []
  }
  const { readings } = await scraping({ asks })(1000)
  const took = samplesOf(readings).find(({ metric }) => metric.name === vitals.duration.name)
  expect(took).toMatchObject({ value: 2, labels: { collector: 'asks' } })
})

describe('A part that could not be read', () => {
  test('is named in the log, and leaves what was read', async () => {
    const collect: Collect = async ({ failed }) => {
      failed('database shop', new Error('no right'))
      failed('database logs', 'gone')
      return [size.sample(7)]
    }
    expect(short(await scraping({ tables: collect })(1000))).toEqual([
      'demo_up 1',
      'demo_size_bytes 7',
      'demo_success/tables 0',
    ])
    expect(lines).toEqual([
      'warn demo/main: tables of database shop failed: no right',
      'warn demo/main: tables of database logs failed: gone',
    ])
  })

  test('is told of once, and so is each that works again', async () => {
    const broken = [['a', 'b'], ['a', 'b'], ['b'], []]
    const collect: Collect = async ({ failed }) => {
      for (const part of broken.shift() ?? []) failed(part, new Error('no right'))
      return []
    }
    const scrape = scraping({ tables: collect })
    for (const _ of [...broken]) await scrape(1000)
    expect(lines).toEqual([
      'warn demo/main: tables of a failed: no right',
      'warn demo/main: tables of b failed: no right',
      'info demo/main: tables of a works again',
      'info demo/main: tables of b works again',
    ])
  })
})

describe('A connection that was kept, to a server that answers nothing any more, is down', () => {
  test.each<[how: string, collect: Collect, reason: string]>([
    ['and hangs', never, 'no answer within 30 ms'],
    ['and is closed', fails('connection lost'), 'connection lost'],
  ])('%s', async (_how, collect, reason) => {
    const silent = { ...answers, answered: async () => false }
    const scrape = scraping({ one: collect, two: collect }, silent)
    expect(short(await scrape(30))).toEqual(['demo_up 0'])
    expect(short(await scrape(30))).toEqual(['demo_up 0'])
    expect(lines).toEqual([`warn demo/main: connection failed: ${reason}`])
  })
})

describe('Who names collectors gets those', () => {
  test.each<[names: readonly string[] | undefined, said: readonly string[]]>([
    [undefined, ['one', 'two', 'three']],
    [['two'], ['two']],
    [
      ['three', 'one'],
      ['one', 'three'],
    ],
    [['two', 'two'], ['two']],
  ])('%j', async (names, said) => {
    const samples = short(await scraping({ one: reads, two: reads, three: reads })(1000, names))
    expect(samples.filter((line) => line.startsWith('demo_success'))).toEqual(
      said.map((name) => `demo_success/${name} 1`),
    )
  })

  test('and leaves what is known of the others alone', async () => {
    const scrape = scraping({ one: fails('a'), two: reads })
    await scrape(1000)
    await scrape(1000, ['two'])
    await scrape(1000)
    expect(lines).toEqual(['warn demo/main: one failed: a'])
  })
})

test('Scrapes by different collectors go one after the other, each with the time that is left to it', async () => {
  const events: string[] = []
  const gates: (() => void)[] = []
  const budgets: number[] = []
  const collect =
    (name: string): Collect =>
    async () => {
      events.push(`${name} begins`)
      await new Promise<void>((open) => gates.push(open))
      events.push(`${name} ends`)
      return []
    }
  const ready: Source['ready'] = async (_signal, budget) => {
    budgets.push(budget)
  }
  const scrape = scraping({ one: collect('one'), two: collect('two') }, { ...answers, ready })
  const all = [scrape(5000, ['one']), scrape(5000, ['two']), scrape(5000, ['one']), scrape(5000, ['two'])]
  await vi.waitFor(() => expect(gates).toHaveLength(1))
  for (let turns = 0; turns < 20; turns += 1) await turn()
  expect(events).toEqual(['one begins'])
  gates[0]?.()
  await vi.waitFor(() => expect(gates).toHaveLength(2))
  gates[1]?.()
  const [one, two, ...joined] = await Promise.all(all)
  expect(joined).toEqual([one, two])
  expect(events).toEqual(['one begins', 'one ends', 'two begins', 'two ends'])
  expect(budgets[0]).toBe(5000)
  expect(budgets[1]).toBeLessThan(5000)
  expect(Number.isInteger(budgets[1])).toBe(true)
})

test('Whoever joins a scrape of a silent source is answered by a deadline of their own', async () => {
  const scrape = scraping({ hangs: never })
  const ended: string[] = []
  const both = [scrape(2_000).then(() => ended.push('first')), scrape(20).then((read) => ended.push(...short(read)))]
  await Promise.all(both)
  expect(ended).toEqual(['demo_up 0', 'first'])
})

test('A scrape that has waited past its deadline is down, in the words of the time it was given', async () => {
  const scrape = scraping({ hangs: never, fine: reads })
  const [, late] = await Promise.all([scrape(60, ['hangs']), scrape(30, ['fine'])])
  expect(short(late).filter((line) => line.startsWith('demo_success'))).not.toContain('demo_success/hangs 0')
  expect(lines[0]).toBe('warn demo/main: hangs failed: no answer within 60 ms')
})

test('A deadline that is missed again and again is told of once', async () => {
  const scrape = scraping({ hangs: never, fine: reads })
  for (const _ of [1, 2, 3]) await scrape(15)
  expect(lines).toEqual(['warn demo/main: hangs failed: no answer within 15 ms'])
})

test('Those who ask while a scrape is under way share its result; who asks later starts another', async () => {
  let runs = 0
  let open = () => {}
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  const collect: Collect = async () => {
    runs += 1
    await gate
    return [size.sample(runs)]
  }
  const scrape = scraping({ collect })
  const all = [scrape(1000), scrape(1000), scrape(1000)]
  open()
  const [first, ...rest] = await Promise.all(all)
  expect(runs).toBe(1)
  for (const other of rest) expect(other).toBe(first)
  expect(await scrape(1000)).not.toBe(first)
  expect(runs).toBe(2)
})

test('A scrape that failed is not shared with those who ask after it', async () => {
  const outcomes = [fails('away'), async () => {}]
  const scrape = scraping({}, { ...answers, ready: async () => outcomes.shift()?.() })
  expect(short(await scrape(1000))).toEqual(['demo_up 0'])
  expect(short(await scrape(1000))).toEqual(['demo_up 1'])
})

test('A failure is logged when it begins, when its reason changes and when it ends, and not at every scrape', async () => {
  const reasons = ['a', 'a', 'b', undefined, undefined, 'a']
  const collect: Collect = async () => {
    const reason = reasons.shift()
    if (reason) throw new Error(reason)
    return []
  }
  const scrape = scraping({ part: collect })
  for (const _ of [...reasons]) await scrape(1000)
  expect(lines).toEqual([
    'warn demo/main: part failed: a',
    'warn demo/main: part failed: b',
    'info demo/main: part works again',
    'warn demo/main: part failed: a',
  ])
})

test('A server that is away says nothing about its collectors, which fail on as before when it is back', async () => {
  const states = ['up', 'away', 'away', 'up']
  const ready = async () => {
    if (states.shift() === 'away') throw new Error('away')
  }
  const scrape = scraping({ part: fails('a') }, { ...answers, ready })
  for (const _ of [...states]) await scrape(1000)
  expect(lines).toEqual([
    'warn demo/main: part failed: a',
    'warn demo/main: connection failed: away',
    'info demo/main: connection works again',
  ])
})
