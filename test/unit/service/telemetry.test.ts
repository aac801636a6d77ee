import { createRequire } from 'node:module'
import { describe, expect, test, vi } from 'vitest'
import { statementKind } from '../../../exporters/service/traces/client-metrics.ts'
import { loaded } from '../../../exporters/service/traces/opentelemetry.ts'
import { type Contents, withholdSecrets } from '../../../exporters/service/traces/span-contents.ts'
import { telemetry } from '../../../exporters/service/traces/telemetry.ts'

test.each([
  ['without an endpoint', {}],
  ['where it is disabled', { disabled: true, endpoint: 'http://127.0.0.1:4318' }],
])('%s nothing of OpenTelemetry is loaded', async (_where, options) => {
  const report = vi.fn()
  const { on, source, traceOf, close } = telemetry({ service: 'quiet', ...options, report })
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
    const { attributes } = contents({ ...given, 'url.scheme': 'http' })
    withholdSecrets(contents(attributes))
    expect(attributes).toEqual({ ...left, 'url.scheme': 'http' })
  })

  test('the path stays here where the route is known', () => {
    const { attributes } = contents({ 'url.path': '/a/x', 'url.full': 'http://host:1/a/x?y', 'http.route': '/a/:id' })
    withholdSecrets(contents(attributes))
    expect(attributes).toEqual({ 'url.full': 'http://host:1', 'http.route': '/a/:id' })
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
