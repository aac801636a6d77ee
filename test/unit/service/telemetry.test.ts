import { createRequire } from 'node:module'
import { describe, expect, test, vi } from 'vitest'
import { clientMetrics, statementKind } from '../../../exporters/service/client-metrics.ts'
import { type Contents, withholdSecrets } from '../../../exporters/service/span-contents.ts'
import { loaded, telemetry } from '../../../exporters/service/telemetry.ts'

test('without an endpoint nothing of OpenTelemetry is loaded', async () => {
  const report = vi.fn()
  const { on, source, traceOf, close } = telemetry({ service: 'quiet', endpoint: undefined, report })
  expect([on, await source(), traceOf(), await close()]).toEqual([false, [], undefined, undefined])
  const cached = Object.keys(createRequire(import.meta.url).cache)
  expect(cached.filter((path) => path.includes('opentelemetry') || path.includes('@fastify/otel'))).toEqual([])
  expect(report).not.toHaveBeenCalled()
})

test('an endpoint without OpenTelemetry says what to install', () => {
  const missing = (name: string) => {
    throw new Error(`Cannot find module '${name}'`)
  }
  expect(() => loaded(missing)).toThrow(/^OTEL_EXPORTER_OTLP_ENDPOINT .* npm install .*@opentelemetry\/sdk-node@0\.223/)
})

describe('of a span', () => {
  const contents = (attributes: Contents['attributes']): Contents => ({ attributes, status: {}, events: [] })
  const cases = [
    ['a query', { 'url.path': '/a?token=x', 'url.query': 'token=x' }, { 'url.path': '/a' }],
    ['a fragment', { 'url.full': 'http://host/a#token' }, { 'url.full': 'http://host/a' }],
    ['a literal', { 'db.query.text': "select 'x', 1 from t" }, { 'db.query.text': "select '…', … from t" }],
    ['parameters', { 'db.postgresql.values': ['x'] }, {}],
    ['headers', { 'http.request.header.cookie': ['x'], 'user_agent.original': 'x', 'client.address': 'x' }, {}],
  ] as const
  test.each(cases)('%s stays here', (_what, given, left) => {
    const { attributes } = contents({ ...given, 'http.route': '/a' })
    withholdSecrets(contents(attributes))
    expect(attributes).toEqual({ ...left, 'http.route': '/a' })
  })

  test('the words of an error stay here, and its kind leaves', () => {
    const status = { code: 2, message: 'x' }
    const event = { attributes: { 'exception.type': 'Error', 'exception.message': 'x', 'exception.stacktrace': 'x' } }
    withholdSecrets({ attributes: {}, status, events: [event, {}] })
    expect([status, event]).toEqual([{ code: 2 }, { attributes: { 'exception.type': 'Error' } }])
  })
})

test.each([
  ['select 1', 'SELECT'],
  ['SELECT\n*', 'SELECT'],
  ['/* a */ -- b\n (select 1)', 'SELECT'],
  ['COMMIT;', 'COMMIT'],
  ['hunter2', 'OTHER'],
  ['', 'OTHER'],
])('%j is of the kind %s', (text, kind) => {
  expect(statementKind(text)).toBe(kind)
})

const printedBy = async (metrics: ReturnType<typeof clientMetrics>, name: string) =>
  (await metrics.source())
    .filter(({ metric }) => metric.name === name)
    .flatMap(({ lines }) => [...lines(false)].map(([series, value]) => `${series} ${value}`))

test('a client that meets ever new servers fills no memory', async () => {
  const metrics = clientMetrics()
  for (let server = 0; server < 600; server += 1) {
    metrics.record('http.client.request.duration', 0.1, { 'server.address': `${server}.example` })
  }
  const counts = (await printedBy(metrics, 'http_client_request_duration_seconds')).filter((line) =>
    /_count/.test(line),
  )
  expect(counts).toHaveLength(501)
  expect(counts.at(-1)).toContain('server_address="other",server_port="other"} 100')
})

test('what is measured of incoming requests is left out', async () => {
  const metrics = clientMetrics()
  metrics.record('http.server.request.duration', 0.1, { 'http.route': '/' })
  expect((await metrics.source()).flatMap(({ lines }) => [...lines(false)])).toEqual([])
})

test('pools of one database are one series, without their logins, and none once they have ended', async () => {
  const metrics = clientMetrics()
  const counts = { totalCount: 3, idleCount: 1, waitingCount: 2, ended: false }
  const first = { ...counts, options: { max: 5, connectionString: 'postgres://ann:hunter2@db/rooms' } }
  const second = { ...counts, options: { host: 'db', database: 'rooms' } }
  for (const pool of [first, second, first]) metrics.watch(pool)
  const pool = '{db_client_connection_pool_name="db:5432/rooms"'
  expect(await printedBy(metrics, 'db_client_connections')).toEqual([
    `db_client_connections${pool},db_client_connection_state="used"} 4`,
    `db_client_connections${pool},db_client_connection_state="idle"} 2`,
  ])
  expect(await printedBy(metrics, 'db_client_connections_max')).toEqual([`db_client_connections_max${pool}} 15`])
  first.ended = true
  expect(await printedBy(metrics, 'db_client_connections_pending_requests')).toEqual([
    `db_client_connections_pending_requests${pool}} 2`,
  ])
})
