import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startProcess } from '../../compose/local/process.ts'
import { apiFaults, processFaults } from '../../demo/faults.ts'
import { startTraffic } from '../../demo/traffic.ts'
import { demoStand } from './demo-stand.ts'
import { eventually, freePort } from './servers.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const stand = demoStand()
beforeAll(stand.start)
afterAll(stand.end)

const runFault = (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
  const child = spawn(process.execPath, ['--import', 'tsx', 'demo/fault.ts', ...args], {
    cwd: root,
    env: { ...process.env, ...env },
  })
  const said: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => said.push(String(text)))
  const code = once(child, 'close').then(([status]) => status)
  return { code, said: () => said.join(''), interrupt: () => child.kill('SIGINT') }
}

test('`npm run fault` lists every fault when no name is given, or an unknown one', async () => {
  const [none, unknown, time] = [runFault([]), runFault(['flood']), runFault(['slow', 'soon'])]
  expect([await none.code, await unknown.code, await time.code]).toEqual([0, 1, 1])
  for (const name of Object.keys({ ...apiFaults, ...processFaults })) expect(none.said()).toContain(`\n  ${name} `)
  expect(unknown.said()).toMatch(/^There is no fault flood\./)
  expect(time.said()).toContain('soon is no time')
})

test('`npm run fault` says so where there is no demo to break', async () => {
  const fault = runFault(['slow', '5'], { API_PORT: String(await freePort()) })
  expect(await fault.code).toBe(1)
  expect(fault.said()).toContain('is the demo running (npm start)?')
})

test('the demo runs in one process, takes a fault from the command line, and ends when asked', async () => {
  const ports = {
    API_PORT: await freePort(),
    METRICS_PORT: await freePort(),
    PAYMENTS_PORT: await freePort(),
    PAGER_PORT: await freePort(),
  }
  const env = Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)]))
  const at = (name: keyof typeof ports, path: string) => fetch(`http://127.0.0.1:${ports[name]}${path}`)
  const main = stand.keep(
    await startProcess({
      name: 'demo',
      home: join(stand.folder, 'demo'),
      command: process.execPath,
      args: ['--import', 'tsx', '--import', './exporters/service/register.ts', 'demo/main.ts'],
      cwd: root,
      env: {
        ...env,
        LOG_DIR: join(stand.folder, 'logs'),
        DATABASE_URL: stand.urls.database,
        REDIS_URL: stand.urls.redis,
        TRAFFIC_RATE: '20',
      },
      ready: async () => (await at('API_PORT', '/health/detailed')).ok,
    }),
  )
  expect((await at('PAYMENTS_PORT', '/v1/charges?limit=1')).status).toBe(200)
  expect(await (await at('PAGER_PORT', '/alerts')).json()).toEqual([])
  const metrics = async () => (await at('METRICS_PORT', '/metrics')).text()
  await eventually(metrics, (body) => body.includes('route="/tables",status_code="200"'))
  expect(await metrics()).not.toContain('status_code="500"')

  const fault = runFault(['errors', '60'], env)
  await eventually(metrics, (body) => body.includes('status_code="500"'))
  fault.interrupt()
  expect(await fault.code).toBe(0)
  expect(fault.said()).toContain('errors is cleared.')
  expect(await (await at('API_PORT', '/faults')).json()).toEqual([])

  // Switched from inside a container, by somebody who does not wait.
  expect(await runFault(['errors', '60', '--start'], env).code).toBe(0)
  expect(await (await at('API_PORT', '/faults')).json()).toMatchObject([{ name: 'errors' }])
  expect(await runFault(['errors', '--end'], env).code).toBe(0)
  expect(await (await at('API_PORT', '/faults')).json()).toEqual([])

  // Connections that break while nobody uses them.
  await stand.one(
    `select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'techplus-api'`,
  )
  await eventually(
    async () => readFileSync(join(stand.folder, 'logs/combined.log'), 'utf8'),
    (lines) => /^\{.*"level":"warn".*lost a connection: /m.test(lines),
  )

  expect(await main.stop()).toMatchObject({ asked: true, code: 0 })
})

// Last: it closes the API.
test('visitors do all that visitors do, and go on when the API is gone', async () => {
  const url = await stand.api.listen({ host: '127.0.0.1', port: 0 })
  const traffic = startTraffic({ url, rate: 200 })
  const expected = [
    'method="GET",route="/tables",status_code="200"',
    'method="POST",route="/reservations",status_code="201"',
    'method="POST",route="/reservations",status_code="400"',
    'method="GET",route="/reservations/:id",status_code="200"',
    'method="DELETE",route="/reservations/:id",status_code="200"',
    'method="POST",route="/payments",status_code="201"',
    'method="POST",route="/payments",status_code="402"',
    'method="GET",route="unmatched",status_code="404"',
  ]
  await eventually(
    async () => {
      const body = await stand.metrics()
      return expected.filter((labels) => !body.includes(`http_requests_total{${labels}}`))
    },
    (missing) => missing.length === 0,
  )
  expect(await stand.metrics()).not.toMatch(/status_code="5/)
  await stand.api.close()
  const { unanswered } = traffic.counts
  await eventually(
    () => traffic.counts.unanswered,
    (now) => now > unanswered + 20,
  )
  await traffic.stop()
})
