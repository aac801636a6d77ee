import { Agent, type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { startProcess } from '../../compose/local/process.ts'
import { eventually, freePort, workshop } from './servers.ts'

const shop = workshop()
afterAll(shop.end)

const root = fileURLToPath(new URL('../..', import.meta.url))
const get = async (port: number, path: string, headers: Readonly<Record<string, string>> = {}) =>
  (await fetch(`http://127.0.0.1:${port}${path}`, { headers })).text()

const open = { accept: 'application/openmetrics-text;version=1.0.0' }

/** A program beside this test. */
const run = async (name: string, file: string, { imports = ['tsx'], args = [] as readonly string[], env = {} }) => {
  const metrics = await freePort()
  const started = await startProcess({
    name,
    home: join(shop.folder, name),
    command: process.execPath,
    args: [...imports.flatMap((one) => ['--import', one]), `test/integration/service/${file}`, ...args],
    cwd: root,
    env: { ...env, NODE_ENV: 'production', METRICS_PORT: String(metrics), LOG_DIR: join(shop.folder, `${name}-logs`) },
    ready: async () => (await fetch(`http://127.0.0.1:${metrics}/health`)).ok,
  })
  return { ...shop.keep(started), metrics }
}

/** The number behind a series; undefined where it is not there. */
const read = async (port: number, series: string) => {
  const line = (await get(port, '/metrics')).split('\n').find((one) => one.startsWith(`${series} `))
  return line === undefined ? undefined : Number(line.slice(series.length + 1))
}

describe('a service whose code knows nothing of it', () => {
  test('is counted by its patterns, and has metrics and health on a port of their own', async () => {
    const ports = { BARE_PORT: await freePort(), EXPRESS_PORT: await freePort(), FASTIFY_PORT: await freePort() }
    const env = Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)]))
    const { metrics } = await run('untouched', 'untouched.cjs', {
      imports: ['tsx', './exporters/service/register.ts'],
      env: { ...env, SERVICE_ROUTES: '/tables/:table' },
    })
    const listening = async () =>
      (await Promise.allSettled(Object.values(ports).map((port) => get(port, '/up')))).every(
        ({ status }) => status === 'fulfilled',
      )
    await eventually(listening, Boolean)
    await get(ports.BARE_PORT, '/tables/7')
    await get(ports.EXPRESS_PORT, '/guests/ann/orders/9')
    await get(ports.FASTIFY_PORT, '/reservations/3')
    const answered = (route: string, status = 200) =>
      read(metrics, `http_requests_total{method="GET",route="${route}",status_code="${status}"}`)
    await eventually(
      () =>
        Promise.all(
          ['/tables/:table', '/guests/:guest/orders/:order', '/reservations/:id'].map((one) => answered(one)),
        ),
      (counts) => counts.join() === '1,1,1',
    )
    expect(await answered('unmatched', 404)).toBeGreaterThan(0)
    expect(JSON.parse(await get(metrics, '/health/ready'))).toMatchObject({ status: 'ready' })
    // Of a latency that is promised as a whole number too: OpenMetrics has floats only.
    expect(await get(metrics, '/metrics', open)).toContain('route="/reservations/:id",status_code="200",le="1.0"}')
    // The scrapes themselves are nobody's visit.
    expect(await get(metrics, '/metrics')).not.toContain('route="/metrics"')
    expect(await read(metrics, 'http_requests_in_flight')).toBe(0)
  })
})

test('a connection that is kept for the next scrape keeps no service alive', async () => {
  const started = await run('closing', 'closes.ts', { args: [String(await freePort())] })
  const agent = new Agent({ keepAlive: true })
  const answer = await new Promise<IncomingMessage>((resolve) => {
    request({ port: started.metrics, host: '127.0.0.1', path: '/metrics', agent }, resolve).end()
  })
  for await (const _part of answer);
  expect(await started.stop()).toMatchObject({ code: 0, signal: null })
  agent.destroy()
})

describe('a service of several workers', () => {
  test('tells of all of them in one answer, and goes on counting what those counted that are gone', async () => {
    const port = await freePort()
    const { metrics } = await run('workers', 'workers.ts', { args: [String(port)] })
    const served = () => read(metrics, 'served_total')
    const answering = (state = 'answering') => read(metrics, `service_workers{state="${state}"}`)
    await eventually(answering, (workers) => workers === 2)
    const pids = new Set<string>()
    let asked = 0
    const ask = async (path: string) => {
      asked += 1
      pids.add(await get(port, path))
    }
    while (pids.size < 2 || asked < 40) await ask('/')
    await eventually(served, (count) => count === asked)
    expect(await read(metrics, 'http_requests_total{method="GET",route="unmatched",status_code="200"}')).toBe(asked)

    expect(await get(metrics, '/metrics', open)).toContain('route="unmatched",status_code="200",le="1.0"}')
    expect(await get(metrics, '/metrics')).toContain('route="unmatched",status_code="200",le="1"}')

    // What it counted since the last scrape it tells before it leaves.
    await ask('/')
    await ask('/leave')
    await eventually(answering, (workers) => workers === 1)
    expect(await served()).toBe(asked)

    // Of one that is killed, what the last scrape found is kept.
    await ask('/')
    expect(await served()).toBe(asked)
    // Its end may reach us before its answer does.
    await ask('/fall').catch(() => undefined)
    await eventually(answering, (workers) => workers === undefined)
    expect(await served()).toBe(asked - 1)
  })

  test('is told of while one hangs, by what is last known of it', async () => {
    const port = await freePort()
    const { metrics } = await run('hanging', 'workers.ts', { args: [String(port)] })
    await eventually(
      () => read(metrics, 'service_workers{state="answering"}'),
      (workers) => workers === 2,
    )
    for (let asked = 0; asked < 10; asked += 1) await get(port, '/')
    await eventually(
      () => read(metrics, 'served_total'),
      (count) => count === 10,
    )
    await get(port, '/hang')
    const silent = await get(metrics, '/metrics')
    expect(silent).toContain('service_workers{state="silent"} 1\n')
    expect(Number(/^served_total (\d+)$/m.exec(silent)?.[1])).toBeGreaterThanOrEqual(10)
    await eventually(
      () => read(metrics, 'served_total'),
      (count) => count === 11,
    )
  })
})
