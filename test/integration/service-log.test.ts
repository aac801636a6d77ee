import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import Fastify, { type FastifyRequest } from 'fastify'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { ensurePrograms } from '../../compose/local/programs.ts'
import { run } from '../../compose/local/run.ts'
import { root } from '../../compose/plan.ts'
import { instruments } from '../../exporters/service/instruments/instruments.ts'
import { fastifyLog } from '../../exporters/service/log/fastify.ts'
import { serviceLog } from '../../exporters/service/log/log.ts'
import { eventually } from './servers.ts'
import type { Task } from './service-log-child.ts'

const base = mkdtempSync(join(tmpdir(), 'service-log-'))
afterAll(() => rmSync(base, { recursive: true, force: true }))
let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(base, 'logs-'))
})

const started = (task: Omit<Task, 'folder'>, wrap: readonly string[] = []) => {
  const words = [...wrap, process.execPath, '--import', 'tsx', 'test/integration/service-log-child.ts']
  const [command = '', ...args] = [...words, JSON.stringify({ folder, ...task })]
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { out: '', err: '' }
  child.stdout.on('data', (text) => {
    said.out += String(text)
  })
  child.stderr.on('data', (text) => {
    said.err += String(text)
  })
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, ...said }))
  return { child, ended }
}

/** Every line is whole, or this throws. */
const numbersIn = (text: string): readonly number[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line).number)
const read = (name: string) => numbersIn(readFileSync(join(folder, name), 'utf8'))
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at)
/** Of `combined`, the oldest first. */
const rotated = () => {
  const names = readdirSync(folder).filter((name) => /^combined\d*\.log$/.test(name))
  const age = (name: string) => Number(/\d+/.exec(name)?.[0] ?? 0)
  return names.toSorted((a, b) => age(b) - age(a))
}

const ends: readonly (readonly [Task['end'], object])[] = [
  ['exit', { code: 0 }],
  ['throw', { code: 1, err: expect.stringContaining('nobody catches it') }],
  ['SIGTERM', { signal: 'SIGTERM' }],
  ['SIGKILL', { signal: 'SIGKILL' }],
]
test.each(ends)('every line logged right before the process ends is there: %s', async (end, outcome) => {
  expect(await started({ lines: 1_000, end }).ended).toMatchObject(outcome)
  expect(read('combined.log')).toEqual(range(0, 1_000))
  expect(read('error.log')).toEqual(range(0, 100).map((number) => number * 10))
})

test('on the console errors go to the standard error, and spoil no output that is piped', async () => {
  const { out, err } = await started({ lines: 20, console: true, end: 'exit' }).ended
  // Coloured or not: the sign for a colour ends right before the word.
  const levels = (text: string) => text.match(/(?:error|info)(?=\S*: )/g)
  expect([levels(out), levels(err)]).toEqual([Array(18).fill('info'), Array(2).fill('error')])
})

test('over many rotations no file is too large, no line is torn, and nothing is missing in what is kept', async () => {
  const [size, lines] = [1_048_576, 200_000]
  expect(await started({ lines, size, end: 'exit' }).ended).toMatchObject({ code: 0, err: '' })
  const names = rotated()
  expect(names.length).toBe(5)
  expect(names.filter((name) => statSync(join(folder, name)).size > size)).toEqual([])
  const kept = names.flatMap(read)
  expect(kept.length).toBeGreaterThan((4 * size) / 150)
  expect(kept).toEqual(range(lines - kept.length, lines))
})

test('two processes write the same file: no line is missing or torn, and no file is rotated twice', async () => {
  const [size, lines] = [200_000, 20_000]
  const both = [1, 2].map(() => started({ lines, size, keep: 1_000, end: 'exit' }).ended)
  expect(await Promise.all(both)).toMatchObject([
    { code: 0, err: '' },
    { code: 0, err: '' },
  ])
  const names = rotated()
  expect(names.flatMap(read).toSorted((a, b) => a - b)).toEqual(range(0, lines).flatMap((number) => [number, number]))
  const all = names.map((name) => statSync(join(folder, name)).size)
  const sizes = all.slice(0, -1)
  expect(sizes.filter((bytes) => bytes < size * 0.9)).toEqual([])
  // Whoever finds the other at it writes on, and the other may be put aside meanwhile: one file may be larger, not most.
  expect(sizes.filter((bytes) => bytes > size * 1.2).length).toBeLessThan(sizes.length / 2)
  expect(names.length).toBeGreaterThan((0.7 * all.reduce((sum, bytes) => sum + bytes, 0)) / size)
})

const canLimit = (await run(['prlimit', '--version'])).code === 0

// A limit on the size of a file fails as a full disk does, also in the middle of a line, and needs no rights.
test.runIf(canLimit)(
  'a full disk stops no process: lines wait, some are lost and counted, and it goes on by itself',
  async () => {
    const lines = 20_000
    const limited = ['sh', '-c', 'ulimit -S -f 128; exec "$@"', 'sh']
    const { code, out, err } = await started({ lines, end: 'once there is room' }, limited).ended
    expect(code).toBe(0)
    const told = err.split('\n').filter((line) => line.startsWith('log:'))
    expect(told.filter((line) => line.includes('combined.log'))).toEqual([
      expect.stringMatching(/^log: could not write .*combined\.log, lines wait and then are lost: E(FBIG|NOSPC)/),
      expect.stringMatching(/combined\.log can be written again$/),
    ])
    const { heap, lost } = JSON.parse(out)
    expect(heap).toBeLessThan(100_000_000)
    const written = read('combined.log')
    const kept = written.length - 1
    expect([lost > 0, written]).toEqual([true, [...range(0, kept), lines]])
    expect(lost).toBe(lines - kept)
  },
)

describe('the file for logrotate', async () => {
  const { logrotate } = await ensurePrograms(['logrotate'])
  const rotate = (...args: readonly string[]) =>
    run([logrotate.path, ...args, '-s', join(folder, '..', 'state'), join(base, 'techplus')], { env: logrotate.env })

  test('is understood, and its 30 days are kept while the service logs, without a line lost or a signal sent', async () => {
    const text = readFileSync(join(root, 'compose/logrotate/techplus'), 'utf8').replaceAll('/var/log/techplus', folder)
    writeFileSync(join(base, 'techplus'), text, { mode: 0o644 })
    const { child, ended } = started({ lines: 100, end: 'when asked' })
    const files = ['combined', 'error'].map((name) => join(folder, `${name}.log`))
    const logging = () =>
      eventually(
        () => files.map((file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0),
        (sizes) => sizes.every(Boolean),
        { every: 2 },
      )
    await logging()
    expect(await rotate('-d')).toMatchObject({ code: 0, output: expect.not.stringMatching(/^error/m) })
    for (let day = 0; day < 33; day += 1) {
      expect(await rotate('-f')).toEqual({ code: 0, output: '' })
      await logging()
    }
    child.kill('SIGTERM')
    const { code, out } = await ended
    expect(code).toBe(0)
    const packed = range(2, 31)
      .map((number) => `combined.log.${number}.gz`)
      .toReversed()
    expect(
      readdirSync(folder)
        .filter((name) => name.startsWith('combined'))
        .toSorted(),
    ).toEqual(['combined.log', 'combined.log.1', ...packed].toSorted())
    const kept = [
      ...packed.map((name) => numbersIn(gunzipSync(readFileSync(join(folder, name))).toString())),
      read('combined.log.1'),
      read('combined.log'),
    ]
    expect(kept.filter((numbers) => numbers.length === 0)).toEqual([])
    const lines = kept.flat()
    expect(lines).toEqual(range(lines[0] ?? 0, Number(out)))
  })
})

test('Fastify logs its requests and errors through it, without headers and secrets', async () => {
  const report = (part: string, cause: unknown) => expect.unreachable(`${part}: ${String(cause)}`)
  const log = serviceLog({ service: 'api', folder, console: false, instruments: instruments({ report }), report })
  const app = Fastify({ loggerInstance: fastifyLog(log) })
  app.get('/room/:id', async (request: FastifyRequest) => {
    request.log.warn({ room: 'blue', password: 'hunter2' }, 'for %s, %d of %j', 'ann@example.com', 5, {
      token: { of: {}, is: 'hunter2' },
    })
    // @ts-expect-error its types refuse what is often written in JavaScript, and pino would leave the error out
    request.log.error('failed', new Error('late'))
    request.log.child({ part: 'rooms' }, { level: 'error' }).info('not wanted')
    return 'ok'
  })
  app.get('/quiet', { logLevel: 'error' }, async () => 'ok')
  app.get('/fails', async () => {
    throw new Error('no room for ann@example.com')
  })
  const headers = { authorization: 'Bearer hunter2', cookie: 'a=hunter2' }
  for (const url of ['/room/hunter2?token=hunter2', '/quiet', '/fails?for=hunter2', '/nowhere?for=hunter2'])
    await app.inject({ url, headers })
  app.log.fatal(new Error('the end'))
  app.log.trace('not wanted')
  await app.close()
  await log.close()
  const text = readFileSync(join(folder, 'combined.log'), 'utf8')
  expect(text).not.toMatch(/hunter2|ann@|authorization|headers|remoteAddress/)
  const stack = expect.stringContaining('Error: ')
  expect(
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
  ).toMatchObject([
    {
      level: 'info',
      message: 'incoming request',
      reqId: 'req-1',
      req: { method: 'GET', url: '/room/:id' },
    },
    {
      level: 'warn',
      message: 'for [redacted], 5 of {"token":"[redacted]"}',
      reqId: 'req-1',
      room: 'blue',
      password: '[redacted]',
    },
    { level: 'error', message: 'failed late', err: { message: 'late', stack } },
    {
      level: 'info',
      message: 'request completed',
      reqId: 'req-1',
      res: { statusCode: 200 },
      responseTime: expect.any(Number),
    },
    { message: 'incoming request', reqId: 'req-3', req: { method: 'GET', url: '/fails' } },
    {
      level: 'error',
      message: 'no room for [redacted]',
      reqId: 'req-3',
      err: { message: 'no room for [redacted]', stack },
    },
    { message: 'request completed', res: { statusCode: 500 } },
    { message: 'incoming request', req: { method: 'GET', url: '/nowhere' } },
    { message: 'Route GET:/nowhere not found' },
    { message: 'request completed', res: { statusCode: 404 } },
    { level: 'error', message: 'the end', err: { message: 'the end', stack } },
  ])
})
