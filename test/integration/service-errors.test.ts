import { spawn } from 'node:child_process'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { z } from 'zod'

/** One item of an envelope, as Sentry's protocol has it: a header, and a payload on the line below. */
interface Item {
  readonly type: string
  readonly payload: z.infer<typeof payloads>
  readonly text: string
  /** Milliseconds since the epoch. */
  readonly at: number
}
const header = z.looseObject({ type: z.string() })
const trace = z.looseObject({ trace_id: z.string(), span_id: z.string(), data: z.looseObject({}).optional() })
const exception = z.looseObject({
  type: z.string(),
  value: z.string(),
  mechanism: z.looseObject({ handled: z.boolean() }),
})
const payloads = z.looseObject({
  level: z.string().optional(),
  release: z.string().optional(),
  environment: z.string().optional(),
  tags: z.looseObject({}).optional(),
  transaction: z.string().optional(),
  exception: z.object({ values: z.array(exception) }).optional(),
  contexts: z.looseObject({ trace: trace.optional() }).optional(),
})

const linesOf = (text: string): unknown[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))

const itemsOf = (envelope: string): Item[] => {
  const [, ...lines] = linesOf(envelope)
  return lines.flatMap((line, i) =>
    i % 2 === 0
      ? [{ type: header.parse(line).type, payload: payloads.parse(lines[i + 1]), text: envelope, at: Date.now() }]
      : [],
  )
}

const open: Server[] = []
afterEach(() => {
  for (const server of open.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

/** Stands in for Sentry: takes envelopes, and answers unless told to hang. */
const sentry = async ({ hangs = false } = {}) => {
  const items: Item[] = []
  const take = async (request: IncomingMessage, answer: ServerResponse) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part)
    const body = Buffer.concat(parts)
    items.push(...itemsOf(String(request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body)))
    if (!hangs) answer.end('{}')
  }
  const server = createServer((request, answer) => void take(request, answer))
  open.push(server)
  const port = await new Promise<number>((ready) => {
    server.listen(0, '127.0.0.1', () => ready((server.address() as AddressInfo).port))
  })
  const of = (type: string) => items.filter((item) => item.type === type)
  return { dsn: `http://key@127.0.0.1:${port}/1`, items, of }
}

const file = fileURLToPath(new URL('service-errors-child.ts', import.meta.url))
const facts = z.looseObject({
  message: z.string().optional(),
  stack: z.string().optional(),
  counts: z.record(z.string(), z.number()).optional(),
  flushed: z.record(z.string(), z.number()).optional(),
  told: z.object({ log: z.number(), report: z.number() }).optional(),
})

const profilerIsThere = (() => {
  try {
    return createRequire(import.meta.url).resolve('@sentry/profiling-node') !== ''
  } catch {
    return false
  }
})()

/** A process that goes wrong, until it has ended. */
const child = (what: string, dsn = '', settings: object = {}) =>
  new Promise<{ code: number | null; said: z.infer<typeof facts>[]; complaints: string; ended: number }>((resolve) => {
    const program = spawn(process.execPath, ['--import', 'tsx', file, what, dsn, JSON.stringify(settings)])
    let [words, complaints] = ['', '']
    program.stdout.on('data', (part) => {
      words += part
    })
    program.stderr.on('data', (part) => {
      complaints += part
    })
    program.on('close', (code) => {
      resolve({ code, said: linesOf(words).map((fact) => facts.parse(fact)), complaints, ended: Date.now() })
    })
  })

const exceptions = 'process_errors_total{kind="uncaughtException"}'
const rejections = 'process_errors_total{kind="unhandledRejection"}'
const secret = 'hunter2'

describe('without a DSN', () => {
  test('nothing of Sentry is loaded and no socket is opened, and errors are logged and counted', async () => {
    const { code, said } = await child('nothing at all')
    expect(code).toBe(0)
    expect(said).toEqual([
      expect.objectContaining({
        message: 'Unhandled Rejection',
        stack: expect.stringContaining('nobody cares\n    at '),
      }),
      {
        counts: { [exceptions]: 0, [rejections]: 1 },
        opened: 0,
        loaded: 0,
        listeners: 0,
        told: { log: 1, report: 0 },
      },
    ])
  })

  test('an uncaught exception is logged with its stack, the log is flushed, and the process ends with code 1', async () => {
    const { code, said } = await child('an exception')
    expect(code).toBe(1)
    expect(said).toEqual([
      { level: 'error', message: 'Uncaught Exception', stack: expect.stringContaining('\n    at ') },
      { flushed: { [exceptions]: 1, [rejections]: 0 } },
    ])
  })

  test('a log that throws neither ends the process at a rejection nor hides why it ended at an exception', async () => {
    const { code, said, complaints } = await child('a log that throws')
    expect(code).toBe(1)
    expect(said).toEqual([{ flushed: { [exceptions]: 1, [rejections]: 1 } }])
    expect(complaints).toContain('Uncaught Exception: the log failed. Error')
  })

  test('a rejection ends the process where it was asked to', async () => {
    const { code, said } = await child('nothing at all', '', { exitOnUnhandledRejection: true })
    expect(code).toBe(1)
    expect(said.at(-1)).toEqual({ flushed: { [exceptions]: 0, [rejections]: 1 } })
  })
})

describe('with a DSN', () => {
  test('an unhandled rejection is sent once, with the trace it belongs to, and the process goes on', async () => {
    const { dsn, items, of } = await sentry()
    const { code, said } = await child('a rejection', dsn)
    expect(code).toBe(0)
    expect(said.at(-1)).toMatchObject({ counts: { [exceptions]: 0, [rejections]: 1 }, listeners: 0 })
    expect(of('event').map(({ payload }) => payload)).toEqual([
      expect.objectContaining({
        level: 'error',
        release: '1.2.3',
        environment: 'test',
        tags: { service: 'reservations' },
        contexts: expect.objectContaining({
          trace: { trace_id: '4bf92f3577b34da6a3ce929d0e0e4736', span_id: '00f067aa0ba902b7' },
        }),
      }),
    ])
    expect(of('event')[0]?.payload.exception?.values).toEqual([
      expect.objectContaining({
        value: 'a promise was broken with [redacted]',
        mechanism: expect.objectContaining({ handled: false }),
      }),
    ])
    expect(items.filter(({ type }) => type !== 'client_report')).toHaveLength(1)
    expect(items[0]?.text).not.toContain('server_name')
  })

  test('an uncaught exception is sent once, before the process ends with code 1', async () => {
    const { dsn, items, of } = await sentry()
    const { code, said, ended } = await child('an exception', dsn)
    expect(code).toBe(1)
    expect(said.map(({ message, flushed }) => message ?? flushed)).toEqual([
      'Uncaught Exception',
      { [exceptions]: 1, [rejections]: 0 },
    ])
    expect(of('event').map(({ payload }) => [payload.level, payload.exception?.values[0]?.value])).toEqual([
      ['fatal', 'https://pay.example/charge?[cut]'],
    ])
    expect(of('event')[0]?.at).toBeLessThanOrEqual(ended)
    expect(JSON.stringify(items)).not.toContain(secret)
  })

  test('a server that hangs holds the end no longer than patience, however many exceptions follow', async () => {
    const { dsn, of } = await sentry({ hangs: true })
    const { code, said } = await child('exceptions again and again', dsn, { patience: 500 })
    expect(code).toBe(1)
    const flushed = said.flatMap((fact) => fact.flushed?.[exceptions] ?? [])
    // No more than one every 20 ms: a clock that each of them started again would let hundreds come.
    expect(flushed).toEqual([expect.any(Number)])
    expect(flushed[0]).toBeGreaterThan(3)
    expect(flushed[0]).toBeLessThan(40)
    expect(said.filter(({ message }) => message === 'Uncaught Exception').length).toBeGreaterThanOrEqual(
      flushed[0] ?? 0,
    )
    expect(of('event')).toHaveLength(1)
  })

  test('a server that hangs does not hold a process that has closed and has nothing else to do', async () => {
    const { dsn, of } = await sentry({ hangs: true })
    const { code } = await child('captured', dsn, { patience: 300 })
    expect(code).toBe(0)
    expect(of('event')).toHaveLength(1)
  })

  test('whatever was thrown is told and sent once, also what throws when it is looked at', async () => {
    const { dsn, of } = await sentry()
    const { code, said } = await child('strange reasons', dsn, { otherTracer: false, tracesSampleRate: 1 })
    expect(code).toBe(0)
    expect(said.at(-1)?.counts?.[rejections]).toBe(6)
    const values = of('event').map(({ payload }) => payload.exception?.values[0]?.value)
    expect(values).toEqual([
      'undefined',
      'null',
      'a string',
      "{ code: 7, password: '[redacted]' }",
      '[unreadable]',
      'an Error that cannot be read',
    ])
    expect(said.flatMap(({ stack }) => stack ?? [])).toEqual(values.slice(0, 5))
  })

  test('a caught error is sent once, with its cause and its context, and without their secrets', async () => {
    const { dsn, items, of } = await sentry()
    await child('captured', dsn)
    expect(of('event')).toHaveLength(1)
    expect(of('event')[0]?.payload).toMatchObject({
      extra: { note: '[redacted]', url: '/booking?[cut]', deep: { hostile: expect.anything() } },
      exception: { values: [{ value: 'its cause: [redacted]' }, { value: 'a request failed' }] },
    })
    for (const planted of [secret, 'management_token', 'a=b']) expect(JSON.stringify(items)).not.toContain(planted)
  })

  test('100,000 rejections at once are counted, the first are sent, and requests are still answered', async () => {
    const { dsn, of } = await sentry()
    const { code, said } = await child('a storm', dsn)
    expect(code).toBe(0)
    expect(said[0]).toMatchObject({ answer: 'still here' })
    expect(z.number().parse(said[0]?.grown)).toBeLessThan(200e6)
    expect(said.at(-1)?.counts?.[rejections]).toBe(100_000)
    expect(said.at(-1)?.told?.log).toBeLessThan(1_000)
    expect(of('event').length).toBeGreaterThan(0)
    expect(of('event').length).toBeLessThanOrEqual(64)
  })

  test('requests are traced where no other tracer runs, without queries, headers and cookies', async () => {
    const { dsn, items, of } = await sentry()
    await child('traced', dsn, { otherTracer: false, tracesSampleRate: 1 })
    expect(of('transaction').map(({ payload }) => payload.transaction)).toContain('GET /bookings')
    for (const planted of [secret, 'management_token']) expect(JSON.stringify(items)).not.toContain(planted)
  })

  test('no request is traced where another tracer runs', async () => {
    const { dsn, items } = await sentry()
    const { said } = await child('traced', dsn, { otherTracer: true, tracesSampleRate: 1 })
    expect(said[0]).toMatchObject({ answer: 'still here' })
    expect(items).toEqual([])
  })

  test.skipIf(!profilerIsThere)('a process is profiled, whoever traces it', async () => {
    const { dsn, of } = await sentry()
    await child('profiled', dsn, { profilesSampleRate: 1 })
    expect(of('profile_chunk').map(({ payload }) => payload.release)).toEqual(['1.2.3'])
  })

  test.skipIf(profilerIsThere)(
    'it is told once where profiles were asked for and the package is not there',
    async () => {
      const { dsn } = await sentry()
      const { said } = await child('captured', dsn, { profilesSampleRate: 1 })
      expect(said.flatMap(({ message }) => message ?? [])).toEqual([
        'no profiles are sent to Sentry: could not load @sentry/profiling-node. Type: npm install @sentry/profiling-node, or set SENTRY_PROFILES_SAMPLE_RATE=0',
      ])
    },
  )

  test('a DSN that is none is refused at the start, in words that do not repeat it', async () => {
    const { code, complaints } = await child('nothing at all', `no-${secret}`)
    expect(code).toBe(1)
    expect(complaints).toContain('SENTRY_DSN is no DSN')
    expect(complaints.split('SENTRY_DSN is no DSN')[1]).not.toContain(secret)
  })
})
