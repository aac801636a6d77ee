import { beforeEach, describe, expect, test } from 'vitest'
import type { Collector, Scraped, Source } from '../../../exporters/collector.ts'
import { type Log, scraper } from '../../../exporters/scrape.ts'
import { gauge, type Sample } from '../../../metrics/metric.ts'

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

type Collect = Collector<Source>['collect']
const answers: Source = { ready: async () => {}, close: async () => {} }
const reads: Collect = async () => [size.sample(7)]
const never = () => new Promise<never>(() => {})
const fails = (message: string) => async () => {
  throw new Error(message)
}
const scraping = (collect: Readonly<Record<string, Collect>>, source: Source = answers) => {
  const collectors = Object.entries(collect).map(([name, work]) => ({ name, metrics: [size], collect: work }))
  const scraped: Scraped = { kind: 'demo', name: 'main', source, collectors, vitals }
  return scraper(scraped, log)
}

/** Samples in short: `name/collector value`, without the durations. */
const short = (samples: readonly Sample[]) =>
  samples
    .filter(({ metric }) => metric.name !== vitals.duration.name)
    .map(({ metric, labels, value }) => [metric.name, ...Object.values(labels)].join('/').concat(` ${value}`))

test('A source that answers is up, and each collector is said to have succeeded', async () => {
  const samples = await scraping({ one: reads, two: async () => [] })(1000)
  expect(short(samples)).toEqual(['demo_up 1', 'demo_size_bytes 7', 'demo_success/one 1', 'demo_success/two 1'])
  expect(lines).toEqual([])
})

test('The time of each collector is told in seconds', async () => {
  const slow = async () => {
    const start = performance.now()
    while (performance.now() - start < 20) await Promise.resolve()
    return []
  }
  const samples = await scraping({ slow })(5000)
  const took = samples.find(({ metric }) => metric.name === vitals.duration.name)
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
    const samples = await scraping({ broken, fine: reads })(1000)
    expect(short(samples)).toEqual(['demo_up 1', 'demo_success/broken 0', 'demo_size_bytes 7', 'demo_success/fine 1'])
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
  const samples = await scraping({ hangs, fine: reads })(30)
  answer([size.sample(8)])
  expect(short(samples)).toEqual(['demo_up 1', 'demo_success/hangs 0', 'demo_size_bytes 7', 'demo_success/fine 1'])
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
  const collect: Collect = async (source, signal) => {
    told.push(source === same, signal.aborted)
    return []
  }
  const same = { ...answers, ready }
  await scraping({ collect }, same)(1234)
  expect(told).toEqual([false, 1234, true, false])
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
