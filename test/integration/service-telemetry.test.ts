import { execFile } from 'node:child_process'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startProcess } from '../../compose/local/process.ts'
import { dbClientOperationDuration, httpClientRequestDuration } from '../../exporters/service/traces/client-metrics.ts'
import { checked } from './promtool.ts'
import { eventually, freePort, workshop } from './servers.ts'
import { receiver } from './telemetry/receiver.ts'
import type { Span } from './telemetry/wire.ts'

const shop = workshop()
const folder = fileURLToPath(new URL('./telemetry', import.meta.url))
const servers: Record<string, string> = {}
beforeAll(async () => {
  const [postgres, redis] = await Promise.all([shop.postgres(), shop.redis()])
  Object.assign(servers, { DATABASE_URL: postgres.url, REDIS_URL: redis.url })
})
afterAll(shop.end)

/** A program that was started as users start theirs. */
const traced = async (program: string, env: Readonly<Record<string, string>> = {}) => {
  const [api, rooms, metrics] = [await freePort(), await freePort(), await freePort()]
  const ask = async (port: number, path: string, options: RequestInit = {}) =>
    (await fetch(`http://127.0.0.1:${port}${path}`, options)).text()
  const running = shop.keep(
    await startProcess({
      name: program,
      home: join(shop.folder, `${program}-${api}`),
      command: process.execPath,
      args: ['--import', 'tsx', '--import', join(folder, 'register.ts'), join(folder, program)],
      env: {
        ...servers,
        API_PORT: String(api),
        ROOMS_PORT: String(rooms),
        METRICS_PORT: String(metrics),
        PATH_NOT_TRACED: '/health',
        OTEL_BSP_SCHEDULE_DELAY: '200',
        ...env,
      },
      ready: async () => (await fetch(`http://127.0.0.1:${api}/health`)).ok,
    }),
  )
  return {
    rooms,
    running,
    ask: (path: string, options?: RequestInit) => ask(api, path, options),
    metrics: () => ask(metrics, '/metrics'),
    told: async () => JSON.parse(await ask(metrics, '/told')),
    close: (signal: AbortSignal) => ask(metrics, '/close', { signal }),
  }
}

const secret = 'hidden-token'
const headers = { authorization: secret, 'user-agent': secret, 'x-forwarded-for': secret }

/** A span below those above it, each by what made it and its name. */
const pathOf = (span: Span, spans: readonly Span[]): string => {
  const above = spans.find(({ spanId }) => spanId === span.parent)
  const words = `${span.scope.replace('@opentelemetry/instrumentation-', '')} ${span.name}`
  return above ? `${pathOf(above, spans)} > ${words}` : words
}

const handler = 'http GET /bookings/:id > @fastify/otel request > @fastify/otel handler - fastify -> @fastify/otel'
const expected = [
  'http GET /bookings/:id',
  `${handler} > pg pg.query:SELECT postgres`,
  `${handler} > ioredis set`,
  `${handler} > undici GET > http GET /rooms/:id > express request handler`,
  `${handler} > http GET > http GET /rooms/:id > express request handler`,
]

type Program = Awaited<ReturnType<typeof traced>>

describe.each(['imports.ts', 'requires.ts'])('a program that loads its libraries as %s does', (name) => {
  let collector: Awaited<ReturnType<typeof receiver>>
  let program: Program
  beforeAll(async () => {
    collector = await receiver()
    program = await traced(name, { OTLP_URL: collector.url })
    await program.ask(`/bookings/room-4711?token=${secret}`, { headers })
    await program.ask('/bookings', {
      method: 'POST',
      body: '{"a":"hidden-body"}',
      headers: { ...headers, 'content-type': 'application/json' },
    })
    await program.ask('/broken')
    await eventually(
      () => collector.spans.map((span) => span.name),
      (names) => names.includes('GET /broken'),
    )
  })
  afterAll(() => collector.end())
  const spans = () => collector.spans

  test('leaves one trace of a request, through frameworks, databases and other services', async () => {
    const [root] = spans().filter((span) => span.name === 'GET /bookings/:id')
    const trace = spans().filter((span) => span.traceId === root?.traceId)
    expect(trace.map((span) => pathOf(span, trace))).toEqual(expect.arrayContaining(expected))
    expect(root).toMatchObject({ service: 'traced', kind: 2, parent: '' })
    const posted = spans().filter(
      (span) => span.scope.endsWith('-pg') && pathOf(span, spans()).startsWith('http POST /bookings'),
    )
    expect(posted.map((span) => pathOf(span, spans()))).toContain(
      `${handler.replace('GET /bookings/:id', 'POST /bookings')} > pg pg.query:SELECT postgres`,
    )
  })

  test('tells of each request its trace, and traces no probe', async () => {
    const { on, told, seen } = await program.told()
    const root = spans().find((span) => span.name === 'GET /bookings/:id')
    const request = {
      url: `/bookings/room-4711?token=${secret}`,
      traceId: root?.traceId,
      spanId: root?.spanId,
      sampled: true,
    }
    expect([on, told]).toEqual([true, []])
    expect(seen).toContainEqual(request)
    const isHealth = (value: unknown) => value === '/health'
    const health = spans().filter(({ name, attributes }) => Object.values(attributes).some(isHealth) || name === 'ping')
    expect(health).toEqual([])
  })

  test('lets nothing out that a client sent or a database holds', () => {
    const leaks = collector.bodies.filter((body) => body.includes('hidden'))
    expect(spans().filter((span) => JSON.stringify(span).includes('hidden'))).toEqual([])
    expect(leaks).toEqual([])
    // Where the route is known, what it was asked for is not told.
    expect(JSON.stringify(spans())).not.toContain('room-4711')
    expect(spans().find((span) => span.name === 'pg.query:SELECT postgres')?.attributes).toMatchObject({
      'db.query.text': "select '…', $1::text",
    })
  })

  test('measures its clients, and never a second time what it is asked', async () => {
    const text = await program.metrics()
    const count = (labels: string) => new RegExp(`^\\w+_count\\{${labels}.*\\} (\\d+)$`, 'm').exec(text)?.[1]
    const sql = 'db_system_name="postgresql",db_namespace="postgres",db_operation_name="SELECT"'
    // Two pools, two requests; probes are measured too.
    expect(Number(count(`${sql},server_address=`))).toBeGreaterThanOrEqual(5)
    expect(count(`${sql},error_type="22P02"`)).toBe('1')
    expect(count('db_system_name="redis",db_namespace="0",db_operation_name="set",server_address=')).toBe('2')
    expect(count('db_system_name="redis",db_namespace="0",db_operation_name="incr",error_type="ERR"')).toBe('2')
    expect(count('db_system_name="redis",db_namespace="0",db_operation_name="echo",server_address=')).toBe('1')
    const asked = `server_address="127.0.0.1",server_port="${program.rooms}"`
    expect(count(`http_request_method="GET",http_response_status_code="200",${asked}`)).toBe('4')
    // What sends the traces is not among them.
    expect(text.match(/^http_client_request_duration_seconds_count/gm)).toHaveLength(1)
    // The state of pools is told by client_pool_connections.
    expect(text).not.toMatch(/http_server|db_client_connection|otel_|target_info|hidden/)
    expect(await checked(text)).toBe('')
  })

  test('serves of its clients what is defined, and what meters of its own count', async () => {
    const text = await program.metrics()
    for (const { name, type, labels, ...rest } of definitions) {
      expect(text).toContain(`# TYPE ${name} ${type}\n`)
      const series = text.match(new RegExp(`^${name}(?:_bucket)?\\{.*\\}`, 'gm')) ?? []
      const found = series.flatMap((one) => [...one.matchAll(/([a-z_]+)="/g)].map(([, label]) => label))
      // Every request to another service was answered well.
      const missing = name === httpClientRequestDuration.name ? ['error_type'] : []
      const bounds = 'buckets' in rest ? ['le'] : []
      expect([...new Set([...found, ...missing])].sort(), name).toEqual([...labels, ...bounds].sort())
    }
    expect(text).toContain('# TYPE bookings_total counter\nbookings_total{room="blue"} 2\n')
  })
})

const definitions = [dbClientOperationDuration, httpClientRequestDuration]

test('what is not sampled is measured all the same, and a service that has meters of its own keeps them', async () => {
  const collector = await receiver()
  const sampler = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0', OWN_METERS: 'yes' }
  const program = await traced('imports.ts', { OTLP_URL: collector.url, ...sampler })
  await program.ask('/bookings/1')
  await program.close(AbortSignal.timeout(6_000))
  const { seen, told } = await program.told()
  expect(seen).toContainEqual(expect.objectContaining({ url: '/bookings/1', sampled: false }))
  const text = await program.metrics()
  for (const measured of ['"set"', '"SELECT"']) {
    expect(text).toMatch(new RegExp(`^db_client_operation_duration_seconds_count\\{.*${measured}.* \\d+$`, 'm'))
  }
  expect([told, text.includes('bookings')]).toEqual([[], false])
  expect(collector.bodies).toEqual([])
  await collector.end()
})

describe('a receiver of traces that', () => {
  const faults = {
    'never answers': () => undefined,
    'answers 500': (response: ServerResponse) => void response.writeHead(500).end('hidden'),
  }
  test.each(Object.entries(faults))('%s costs no request and no end', async (_fault, answer) => {
    const collector = await receiver(answer)
    const program = await traced('imports.ts', { OTLP_URL: collector.url })
    for (let asked = 0; asked < 5; asked += 1) expect(await program.ask('/bookings/1')).toBe('booked')
    await eventually(
      () => collector.bodies.length,
      (bodies) => bodies > 0,
    )
    expect(await program.ask('/bookings/1')).toBe('booked')
    // Less than the ten seconds that the SDK would wait for an answer.
    expect(await program.close(AbortSignal.timeout(6_000))).toBe('closed')
    const { told } = await program.told()
    expect(told).not.toEqual([])
    expect(told.filter((words: string) => !words.startsWith('telemetry: ') || words.includes('hidden'))).toEqual([])
    await collector.end()
  })
})

test('a receiver that is not there keeps no process that has ended its telemetry', async () => {
  const url = `http://127.0.0.1:${await freePort()}`
  const args = ['--import', 'tsx', join(folder, 'leaves.ts')]
  const child = execFile(process.execPath, args, { env: { ...process.env, OTLP_URL: url } })
  const left = once(child, 'close')
  await once(child.stdout ?? child, 'data')
  // Less than the SDK would go on trying.
  const late = new Promise((resolve) => setTimeout(resolve, 4_000, 'late').unref())
  expect(await Promise.race([left, late])).toEqual([0, null])
})
