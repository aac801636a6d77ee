import { createRequire } from 'node:module'
import { describe, expect, test, vi } from 'vitest'
import { printed } from '../../../exporters/exposition.ts'
import { merger, parcels } from '../../../exporters/service/serving/merge.ts'
import * as clients from '../../../exporters/service/traces/client-metrics.ts'
import { openMeters } from '../../../exporters/service/traces/open-meters.ts'
import { loaded } from '../../../exporters/service/traces/opentelemetry.ts'

const libraries = loaded(createRequire(import.meta.url))
const http = '@opentelemetry/instrumentation-http'
const undici = '@opentelemetry/instrumentation-undici'
const pg = '@opentelemetry/instrumentation-pg'

/** As a process has them that is traced, and what it prints of them. */
const meters = () => {
  const report = vi.fn()
  const { provider, source } = openMeters(libraries, report)
  const text = async (open = false) => [...printed(await source(), { open })].join('')
  const lines = async (name: string) => (await text()).split('\n').filter((line) => line.startsWith(name))
  const requests = (meter: string) => provider.getMeter(meter).createHistogram('http.client.request.duration')
  return { provider, source, text, lines, requests, metrics: clients.clientMetrics(provider.getMeter('own')), report }
}

const asked = {
  'http.request.method': 'GET',
  'http.response.status_code': 200,
  'server.address': 'b',
  'server.port': 1,
}
const { dbClientOperationDuration, httpClientRequestDuration } = clients

describe('what is served is what is defined:', () => {
  const definitions = [dbClientOperationDuration, httpClientRequestDuration]
  const served = async () => {
    const { metrics, requests, provider, source } = meters()
    const where = { 'server.address': 'b', 'server.port': 1, 'error.type': 'x' }
    const db = { 'db.system.name': 'postgresql', 'db.namespace': 'a', 'db.operation.name': 'SELECT' }
    const statement = { 'db.query.text': 'select 1', 'url.full': 'http://b/?c' }
    provider
      .getMeter(pg)
      .createHistogram('db.client.operation.duration')
      .record(0.2, { ...db, ...where, ...statement })
    metrics.record(0.2, { ...db, ...where })
    requests(undici).record(0.2, { ...asked, ...where, 'url.scheme': 'http', ...statement })
    return source()
  }
  test.each(definitions)('$name', async ({ name, type, help, labels, ...rest }) => {
    const families = (await served()).filter(({ metric }) => metric.name === name)
    expect(families.map(({ metric }) => metric)).toEqual([{ name, type, help, labels: [] }])
    const series = families.flatMap(({ lines }) => [...lines(false)].map(([one]) => one))
    const found = series.flatMap((one) => [...one.matchAll(/([a-z_]+)="/g)].map(([, label]) => label))
    expect(new Set(found)).toEqual(new Set([...labels, ...('buckets' in rest ? ['le'] : [])]))
    const bounds = series.flatMap((one) => /le="(.*?)"/.exec(one)?.[1] ?? [])
    expect(bounds).toEqual('buckets' in rest ? [...rest.buckets.map(String), '+Inf'] : [])
  })
  test('and nothing else', async () => {
    expect((await served()).map(({ metric }) => metric.name).sort()).toEqual(definitions.map(({ name }) => name).sort())
  })
})

test('two instrumentations of one metric are one sum, whatever order they name its labels in', async () => {
  const { requests, lines } = meters()
  requests(http).record(0.2, asked)
  const reversed = Object.fromEntries(Object.entries(asked).reverse())
  requests(undici).record(0.3, { ...reversed, 'server.port': '1' })
  const labels = 'http_request_method="GET",http_response_status_code="200",server_address="b",server_port="1"'
  const { name } = httpClientRequestDuration
  expect(await lines(`${name}_count`)).toEqual([`${name}_count{${labels}} 2`])
  expect(await lines(`${name}_sum`)).toEqual([`${name}_sum{${labels}} 0.5`])
  expect(await lines(`${name}_bucket{${labels},le="0.25"`)).toEqual([`${name}_bucket{${labels},le="0.25"} 1`])
})

test('workers of a cluster are one sum', async () => {
  const all = merger()
  for (const seconds of [0.2, 0.3]) {
    const { requests, provider, source } = meters()
    requests(undici).record(seconds, asked)
    provider
      .getMeter('app')
      .createCounter('bookings')
      .add(3, seconds === 0.2 ? { a: 'x', b: 'y' } : { b: 'y', a: 'x' })
    for (const family of parcels(await source())) all.add(family)
  }
  const text = [...printed(all.kept(), { open: false })].join('')
  expect(text).toContain('bookings_total{a="x",b="y"} 6\n')
  expect(text).toMatch(/^http_client_request_duration_seconds_count\{.*\} 2$/m)
})

test('a statement is of a kind, and no word of it is shown', async () => {
  const { provider, lines } = meters()
  const { name } = dbClientOperationDuration
  const durations = provider.getMeter(pg).createHistogram('db.client.operation.duration')
  for (const word of ['select', 'hunter2']) {
    durations.record(0.1, { 'db.system.name': 'postgresql', 'db.operation.name': word })
  }
  expect(await lines(`${name}_count`)).toEqual(
    ['SELECT', 'OTHER'].map((kind) => `${name}_count{db_system_name="postgresql",db_operation_name="${kind}"} 1`),
  )
})

test('what is counted of incoming requests, and of all pools in one sum, is left out', async () => {
  const { provider, text } = meters()
  provider.getMeter(http).createHistogram('http.server.request.duration').record(0.1, { 'http.route': '/' })
  provider.getMeter(pg).createUpDownCounter('db.client.connection.count').add(1)
  expect(await text()).toBe('')
})

test('a client that meets ever new servers fills no memory, from scrape to scrape', async () => {
  const { requests, lines } = meters()
  const duration = requests(undici)
  const { name } = httpClientRequestDuration
  for (let server = 0; server < 600; server += 1) {
    duration.record(0.1, { 'server.address': `${server}.example` })
    if (server % 200 === 0) await lines(name)
  }
  const counts = await lines(`${name}_count`)
  expect(counts).toHaveLength(501)
  expect(counts.at(-1)).toContain('server_address="other",server_port="other"} 100')
})

describe('a meter of the service itself', () => {
  test('may name its labels as it likes', async () => {
    const { provider, lines } = meters()
    const counter = provider.getMeter('app').createHistogram('app.sizes', { advice: { explicitBucketBoundaries: [1] } })
    counter.record(1, { 'a.b': 'x', a_b: 'y', le: 'z', '1st': 'w', '': 'v', c: 'u\n"' })
    expect(await lines('app_sizes_count')).toEqual([
      'app_sizes_count{key_="v",key_1st="w",a_b="x;y",c="u\\n\\"",key_le="z"} 1',
    ])
  })

  test('has bounds that OpenMetrics takes', async () => {
    const { provider, text } = meters()
    provider
      .getMeter('app')
      .createHistogram('app.sizes', { advice: { explicitBucketBoundaries: [1, 2.5] } })
      .record(1)
    expect([...(await text(true)).matchAll(/le="(.*?)"/g)].map(([, bound]) => bound)).toEqual(['1.0', '2.5', '+Inf'])
  })

  test('that fails or never answers is told of, and the others are served', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { provider, text, report } = meters()
    const app = provider.getMeter('app')
    app.createCounter('bookings').add(1)
    app.createObservableGauge('broken').addCallback(() => Promise.reject(new Error('broken')))
    app.createObservableGauge('stuck').addCallback(() => new Promise(() => undefined))
    const printing = text()
    await vi.advanceTimersByTimeAsync(2_000)
    expect(await printing).toContain('bookings_total 1\n')
    vi.useRealTimers()
    expect(report.mock.calls.map(([part, { cause }]) => `${part}: ${cause.message}`).sort()).toEqual([
      'client metrics: Operation timed out.',
      'client metrics: broken',
    ])
  })

  test('is shown as it was observed now, and not what has ended', async () => {
    const { provider, lines } = meters()
    const guests = new Map([
      ['blue', 2],
      ['red', 1],
    ])
    const gauge = provider.getMeter('app').createObservableGauge('guests')
    gauge.addCallback((result) => {
      for (const [room, count] of guests) result.observe(count, { room })
    })
    expect(await lines('guests')).toEqual(['guests{room="blue"} 2', 'guests{room="red"} 1'])
    guests.delete('blue')
    expect(await lines('guests')).toEqual(['guests{room="red"} 1'])
  })

  test('is observed for each of two who ask at once', async () => {
    const { provider, text } = meters()
    provider
      .getMeter('app')
      .createObservableGauge('rooms')
      .addCallback((result) => result.observe(7))
    expect(await Promise.all([text(), text()])).toEqual([
      expect.stringContaining('rooms 7\n'),
      expect.stringContaining('rooms 7\n'),
    ])
  })
})
