import { createServer, get, type IncomingMessage } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type MetricsServer, metricsServer } from '../../../exporters/service/serving/metrics-server.ts'
import { counter } from '../../../metrics/metric.ts'

const ending: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ending.splice(0).toReversed()) await end()
})

const visits = counter({ name: 'visits_total', help: 'Visits' })
const kept = [{ metric: visits, lines: () => [['visits_total', 7] as const] }]

const serve = (more: Partial<Parameters<typeof metricsServer>[0]> = {}) => {
  const faults: string[] = []
  const report = (part: string, cause: unknown) =>
    faults.push(`${part}: ${cause instanceof Error ? cause.message : cause}`)
  const health = (path: string) =>
    path === '/health' ? Promise.resolve({ status: 503, body: { status: 'unhealthy' } }) : undefined
  const server = metricsServer({ host: '127.0.0.1', port: 0, readings: async () => kept, health, report, ...more })
  ending.push(() => server.close())
  return { server, faults }
}

const ask = async ({ server }: { readonly server: MetricsServer }, path: string, init: RequestInit = {}) =>
  fetch(`${await server.ready()}${path}`, init)

describe('the port of the metrics', () => {
  test('tells them in the text format, and in OpenMetrics to whoever prefers it', async () => {
    const served = serve()
    const text = await ask(served, '/metrics')
    expect(text.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(await text.text()).toBe('# HELP visits_total Visits\n# TYPE visits_total counter\nvisits_total 7\n')
    const open = await ask(served, '/metrics?x=1', {
      headers: { accept: 'application/openmetrics-text;version=1.0.0' },
    })
    expect(open.headers.get('content-type')).toContain('application/openmetrics-text; version=1.0.0')
    expect(await open.text()).toContain('# TYPE visits counter\n')
  })

  test('compresses them for whoever asks', async () => {
    const { server } = serve()
    const url = await server.ready()
    const answer = await new Promise<IncomingMessage>((resolve) => {
      get(`${url}/metrics`, { headers: { 'accept-encoding': 'gzip' } }, resolve)
    })
    expect(answer.headers['content-encoding']).toBe('gzip')
    const parts: Buffer[] = []
    for await (const part of answer) parts.push(part)
    expect(gunzipSync(Buffer.concat(parts)).toString()).toContain('visits_total 7')
  })

  test('answers probes with the status of their answer', async () => {
    const answer = await ask(serve(), '/health?probe=1')
    expect([answer.status, await answer.json()]).toEqual([503, { status: 'unhealthy' }])
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  test.each([
    ['no other path', '/', {}, 404],
    ['no other method', '/metrics', { method: 'POST' }, 405],
    ['HEAD without a body', '/metrics', { method: 'HEAD' }, 200],
  ] as const)('knows %s', async (_words, path, init, status) => {
    const answer = await ask(serve(), path, init)
    expect(answer.status).toBe(status)
    if (status === 200) expect(await answer.text()).toBe('')
  })

  test('answers 500 where the metrics cannot be read, and reports why', async () => {
    const served = serve({ readings: () => Promise.reject(new Error('no memory')) })
    expect((await ask(served, '/metrics')).status).toBe(500)
    expect(served.faults).toEqual(['metrics server: no memory'])
  })

  test('reads once for all who ask at the same time', async () => {
    const asked = 20
    let come = 0
    let go: (all: typeof kept) => void = () => undefined
    const everybody = new Promise<typeof kept>((resolve) => {
      go = resolve
    })
    const readings = vi.fn(() => everybody)
    const served = serve({ readings })
    served.server.server.on('request', () => {
      come += 1
      if (come === asked) go(kept)
    })
    await Promise.all(Array.from({ length: asked }, () => ask(served, '/metrics').then((answer) => answer.text())))
    expect(readings).toHaveBeenCalledTimes(1)
  })

  test('that is taken is told with what to do, and had as soon as it is free', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => taken.once('listening', resolve))
    const address = taken.address()
    const port = typeof address === 'object' && address ? address.port : 0
    const { server, faults } = serve({ port, retryEvery: 10 })
    const words = `could not serve /metrics on 127.0.0.1:${port}: the port is in use; set METRICS_PORT to another one`
    await expect(server.ready()).rejects.toThrow(words)
    expect(faults[0]).toBe(`metrics server: ${words}`)
    await new Promise((resolve) => taken.close(resolve))
    await vi.waitFor(async () => expect((await fetch(`http://127.0.0.1:${port}/metrics`)).status).toBe(200))
  })

  test('on an address that this machine has not is told by the variable that names it', async () => {
    const { server } = serve({ host: '192.0.2.1' })
    await expect(server.ready()).rejects.toThrow('192.0.2.1:0: this machine has no such address; set METRICS_HOST')
  })
})
