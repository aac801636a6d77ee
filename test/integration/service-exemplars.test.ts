import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { z } from 'zod'
import { startProcess } from '../../compose/local/process.ts'
import { ensurePrograms } from '../../compose/local/programs.ts'
import { startPrometheus } from '../../compose/local/servers.ts'
import { httpRequestDuration } from '../../exporters/service/http/metrics.ts'
import { eventually, freePort, workshop } from './servers.ts'

const shop = workshop()
/** Takes traces, and forgets them. */
const receiver = createServer((request, response) => {
  request.resume().once('end', () => response.end())
})
afterAll(async () => {
  receiver.close()
  await shop.end()
})

const exemplars = z.object({
  data: z.array(
    z.object({
      seriesLabels: z.record(z.string(), z.string()),
      exemplars: z.array(z.object({ labels: z.object({ trace_id: z.string() }), value: z.string() })),
    }),
  ),
})
const line = z.looseObject({ message: z.string(), trace_id: z.string().optional(), route: z.string().optional() })

const startService = async (otlp: number, metrics: number) => {
  const ports = { BARE_PORT: await freePort(), EXPRESS_PORT: await freePort(), FASTIFY_PORT: await freePort() }
  const env = Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)]))
  const logs = join(shop.folder, 'logs')
  shop.keep(
    await startProcess({
      name: 'service',
      home: join(shop.folder, 'service'),
      command: process.execPath,
      args: [
        '--import',
        'tsx',
        '--import',
        './exporters/service/register.ts',
        'test/integration/service/untouched.cjs',
      ],
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      env: {
        ...env,
        METRICS_PORT: String(metrics),
        LOG_DIR: logs,
        SERVICE_LOG_REQUESTS: 'all',
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${otlp}`,
      },
      ready: async () => (await fetch(`http://127.0.0.1:${ports.FASTIFY_PORT}/ready`)).status === 404,
    }),
  )
  return { ...ports, log: join(logs, 'combined.log') }
}

const watch = async (metrics: number) => {
  const configFile = join(shop.folder, 'prometheus.yml')
  const scrape_configs = [{ job_name: 'api', static_configs: [{ targets: [`127.0.0.1:${metrics}`] }] }]
  writeFileSync(configFile, JSON.stringify({ global: { scrape_interval: '1s' }, scrape_configs }))
  const { prometheus } = await ensurePrograms(['prometheus'])
  const dataDir = join(shop.folder, 'prometheus')
  return shop.keep(await startPrometheus({ program: prometheus, dataDir, port: await freePort(), configFile }))
}

test('an exemplar of a latency, in Prometheus, leads to the line of its request in the log', async () => {
  const otlp = await new Promise<number>((resolve) => {
    receiver.listen(0, '127.0.0.1', () => {
      const address = receiver.address()
      resolve(typeof address === 'object' && address ? address.port : 0)
    })
  })
  const metrics = await freePort()
  const service = await startService(otlp, metrics)
  const { url } = await watch(metrics)
  const asked = { FASTIFY_PORT: '/reservations/3', EXPRESS_PORT: '/guests/ann/orders/9' } as const
  for (const [name, path] of [
    ['FASTIFY_PORT', asked.FASTIFY_PORT],
    ['EXPRESS_PORT', asked.EXPRESS_PORT],
  ] as const) {
    expect((await fetch(`http://127.0.0.1:${service[name]}${path}`)).status).toBe(200)
  }
  const query = new URLSearchParams({
    query: `${httpRequestDuration.name}_bucket{status_code="200"}`,
    start: String(Date.now() / 1000 - 600),
    end: String(Date.now() / 1000 + 600),
  })
  const found = await eventually(
    async () => exemplars.parse(await (await fetch(`${url}/api/v1/query_exemplars?${query}`)).json()).data,
    (series) =>
      ['/reservations/:id', '/guests/:guest/orders/:order'].every((route) =>
        series.some(({ seriesLabels }) => seriesLabels.route === route),
      ),
  )
  const lines = readFileSync(service.log, 'utf8')
    .trimEnd()
    .split('\n')
    .map((text) => line.parse(JSON.parse(text)))
  for (const {
    seriesLabels,
    exemplars: [one],
  } of found) {
    expect(one?.labels.trace_id).toMatch(/^[0-9a-f]{32}$/)
    expect(lines).toContainEqual(
      expect.objectContaining({
        message: 'request answered',
        route: seriesLabels.route,
        trace_id: one?.labels.trace_id,
        duration_seconds: expect.closeTo(Number(one?.value), 5),
      }),
    )
  }
})
