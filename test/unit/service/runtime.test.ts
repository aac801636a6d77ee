import { setTimeout as delay } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { printed } from '../../../exporters/exposition.ts'
import { processRegistry } from '../../../exporters/registry.ts'
import { runtimeSource } from '../../../exporters/service/runtime/runtime.ts'
import * as defined from '../../../exporters/service/runtime/runtime-metrics.ts'

const scrape = async (source: ReturnType<typeof runtimeSource>) =>
  [...printed(await source(), { open: false })].join('')
const sampleOf = (text: string, series: string) => {
  const found = text.split('\n').find((line) => line.startsWith(`${series} `))
  return found === undefined ? undefined : Number(found.slice(series.length + 1))
}

const busyFor = (milliseconds: number) => {
  const start = performance.now()
  while (performance.now() - start < milliseconds);
}

/** A source whose event loop has been measured, which takes two of its ticks. */
const measured = async (options: Parameters<typeof runtimeSource>[0] = {}) => {
  const source = runtimeSource(options)
  const look = async () => expect(await scrape(source)).toContain(defined.eventLoopLagMin.name)
  await vi.waitFor(look, { interval: 40, timeout: 10_000 })
  return source
}

const shapeOf = ({ name, type, labels }: { name: string; type: string; labels: readonly string[] }) =>
  `${name} ${type} ${[...labels].sort().join(' ')}`

test('what is defined is what prom-client serves, by name, type and labels', async () => {
  const registry = processRegistry()
  const theirs = Object.values(defined).filter(({ peer }) => peer === 'prom-client')
  const served = registry.getMetricsAsArray().map((metric) => {
    const labels: unknown = Reflect.get(metric, 'labelNames')
    return shapeOf({ name: metric.name, type: String(metric.type), labels: Array.isArray(labels) ? labels : ['?'] })
  })
  expect(theirs.map(shapeOf)).toEqual(expect.arrayContaining(served))
  // Elsewhere it serves less.
  if (process.platform === 'linux') expect(served).toHaveLength(theirs.length)
  expect(Reflect.get(registry.getSingleMetric(defined.gcDuration.name) ?? {}, 'buckets')).toEqual(
    defined.gcDuration.buckets,
  )
})

test('all that is defined is served, under its type', async () => {
  const text = await scrape(await measured())
  const headers = text.match(/^# TYPE .*$/gm)?.map((line) => line.slice('# TYPE '.length))
  const wanted = Object.values(defined).map(({ name, type }) => `${name} ${type}`)
  expect(wanted).toEqual(expect.arrayContaining(headers ?? []))
  if (process.platform === 'linux') expect(headers).toHaveLength(wanted.length)
})

test('two who scrape in turn see the same delay of the event loop, and the next stretch begins for both', async () => {
  const clock = { now: 0 }
  const source = await measured({ now: () => clock.now })
  const lagOf = async () => sampleOf(await scrape(source), defined.eventLoopLagMax.name)
  let first: number | undefined
  // On a busy machine the first look may come before the loop was watched.
  await vi.waitFor(async () => {
    clock.now += 10_000
    await delay(40)
    busyFor(100)
    await delay(20)
    first = await lagOf()
    expect(first).toBeGreaterThan(0.09)
  }, 10_000)
  clock.now += 9_999
  expect(await lagOf()).toBe(first)
  clock.now += 1
  expect(await lagOf()).not.toBe(first)
})

test('a loop that was not measured yet has no delay, rather than a wrong one', async () => {
  const source = runtimeSource()
  const early = await scrape(source)
  expect(early).not.toContain(defined.eventLoopLagMin.name)
  expect(sampleOf(early, defined.eventLoopLag.name)).toBe(0)
  const look = async () => sampleOf(await scrape(source), defined.eventLoopLagMin.name)
  expect(await vi.waitUntil(look, { interval: 40, timeout: 10_000 })).toBeLessThan(60)
})

test('how busy the event loop is, is told of the last stretch of time', async () => {
  const source = await measured({ keepFor: 0 })
  const utilization = async () => sampleOf(await scrape(source), defined.eventLoopUtilization.name) ?? Number.NaN
  await utilization()
  await delay(200)
  const idle = await utilization()
  busyFor(300)
  await delay(20)
  const busy = await utilization()
  expect(busy - idle).toBeGreaterThan(0.4)
  expect(idle).toBeGreaterThanOrEqual(0)
  expect(busy).toBeLessThanOrEqual(1)
})

test('every garbage collection is counted, also of those that came in one turn of the loop', async () => {
  const source = runtimeSource()
  const before = await scrape(source)
  const minor = 'nodejs_gc_duration_seconds_count{kind="minor"}'
  let kept: object[] = []
  for (let turn = 0; turn < 40; turn += 1) kept = Array.from({ length: 100_000 }, (_, at) => ({ at }))
  expect(kept).toHaveLength(100_000)
  const counted = async () => (sampleOf(await scrape(source), minor) ?? 0) - (sampleOf(before, minor) ?? 0)
  // Node tells of them in a later turn.
  await expect.poll(counted, { timeout: 5_000 }).toBeGreaterThan(3)
})

test('the heap knows its limit, and the share of it that is used', async () => {
  const text = await scrape(runtimeSource())
  const limit = sampleOf(text, defined.heapSizeLimit.name) ?? 0
  const used = sampleOf(text, defined.heapUsed.name) ?? 0
  expect(limit).toBeGreaterThan(used)
  expect((sampleOf(text, defined.heapUsedRatio.name) ?? 0) * limit).toBeGreaterThan(used / 2)
})

test.each([
  [defined.processStartTime.name, 'min'],
  [defined.versionInfo.name, 'first'],
  [defined.eventLoopLagP99.name, 'max'],
  [defined.eventLoopLagMin.name, 'min'],
  [defined.eventLoopUtilization.name, 'max'],
  [defined.heapUsed.name, 'sum'],
  [defined.heapSizeLimit.name, 'sum'],
  [defined.heapUsedRatio.name, 'max'],
  [defined.openFds.name, 'sum'],
])('%s of several processes becomes one as its %s', async (name, across) => {
  const families = await (await measured())()
  expect(families.find(({ metric }) => metric.name === name)?.across).toBe(across)
})
