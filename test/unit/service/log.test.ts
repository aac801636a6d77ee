import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterEach, expect, test, vi } from 'vitest'
import winston from 'winston'
import { instruments } from '../../../exporters/service/instruments/instruments.ts'
import { type ServiceLogOptions, serviceLog } from '../../../exporters/service/log/log.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

const made = (options: Partial<ServiceLogOptions> = {}) => {
  const folder = mkdtempSync(join(tmpdir(), 'log-'))
  folders.push(folder)
  const faults: unknown[] = []
  const report = (_part: string, cause: unknown) => faults.push(cause)
  const counts = instruments({ report })
  const log = serviceLog({ service: 'techplus-api', folder, console: false, instruments: counts, report, ...options })
  const lines = (name: string): readonly Record<string, unknown>[] =>
    readFileSync(join(folder, name), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
  const counted = async () =>
    Object.fromEntries(
      (await counts.readings()).flatMap(({ lines }) => [...lines(false)].map(([series, value]) => [series, value])),
    )
  return { log, folder, faults, counted, combined: () => lines('combined.log'), errors: () => lines('error.log') }
}

test('a line has what the handbook gives it, and errors stand in a file of their own too', () => {
  const { log, combined, errors } = made()
  log.info('started', { port: 3000 })
  log.error('failed')
  log.debug('not wanted')
  expect(combined()).toEqual([
    {
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
      level: 'info',
      message: 'started',
      service: 'techplus-api',
      port: 3000,
    },
    expect.objectContaining({ level: 'error', message: 'failed' }),
  ])
  expect(errors()).toEqual([expect.objectContaining({ message: 'failed' })])
})

const refused = {
  name: 'Error',
  message: 'refused',
  stack: expect.stringContaining('Error: refused\n'),
  code: 'E1',
  cause: { name: 'Error', message: 'dns', stack: expect.any(String) },
}
const failure = () => Object.assign(new Error('refused', { cause: new Error('dns') }), { code: 'E1' })
const cases: readonly (readonly [name: string, log: (log: ReturnType<typeof made>['log']) => void, shown: object])[] = [
  [
    'beside a message',
    (log) => log.error('check failed', failure()),
    { message: 'check failed', error: refused, stack: refused.stack },
  ],
  ['as the message', (log) => log.error(failure()), { message: 'refused', error: refused, stack: refused.stack }],
  ['in the meta', (log) => log.error('a', { why: { err: failure() } }), { message: 'a', why: { err: refused } }],
  ['in a list', (log) => log.error('a', [failure()]), { meta: [refused] }],
  [
    'by winston, beside',
    (log) => log.winston.error('b', failure()),
    { message: 'b refused', error: refused, stack: refused.stack },
  ],
  ['by winston, alone', (log) => log.winston.error(failure()), { message: 'refused', stack: refused.stack }],
]
test.each(cases)('an error is told with its message, stack and cause: %s', (_name, act, shown) => {
  const { log, combined } = made()
  act(log)
  expect(combined()).toEqual([expect.objectContaining(shown)])
})

test('no secret gets into a line, by whatever way it was logged', () => {
  const { log, folder } = made({ redact: ['roomCode'] })
  log.info('for ann@example.com', { password: 'hunter2', roomCode: 'hunter2' })
  log.warn(new Error('postgres://ann:hunter2@db'))
  log.winston.info('token=hunter2', { cookie: 'hunter2' })
  log.winston.info({ message: 'Bearer hunter2', apiKey: 'hunter2' })
  log.winston.child({ secret: 'hunter2' }).info('child')
  const written = readFileSync(join(folder, 'combined.log'), 'utf8')
  expect(written.split('\n').length).toBe(6)
  expect(written).not.toMatch(/hunter2|ann@/)
  expect(log.redacted({ password: 'hunter2' })).toEqual({ password: '[redacted]' })
})

test('what the meta names like a field of the line stands beside it; its trace counts', () => {
  const { log, combined } = made({ traceOf: () => ({ traceId: 't1', spanId: 's1' }) })
  log.info('a', { level: 'x', message: 'y', timestamp: 'z' })
  log.info('b', { trace_id: 'mine' })
  log.info('c', 5)
  expect(combined()).toEqual([
    expect.objectContaining({
      level: 'info',
      message: 'a',
      meta_level: 'x',
      meta_message: 'y',
      meta_timestamp: 'z',
      trace_id: 't1',
      span_id: 's1',
    }),
    expect.objectContaining({ trace_id: 'mine', span_id: 's1' }),
    expect.objectContaining({ meta: 5 }),
  ])
})

test('lines are counted by level, and those below the level are not', async () => {
  const { log, counted } = made({ level: 'warn' })
  expect(await counted()).toEqual({
    'log_messages_total{level="error"}': 0,
    'log_messages_total{level="warn"}': 0,
    'log_messages_total{level="info"}': 0,
    'log_messages_total{level="debug"}': 0,
    log_messages_lost_total: 0,
    instrumentation_series_limited_total: undefined,
  })
  log.error('a')
  log.winston.error('b')
  log.info('c')
  log.winston.info('d')
  log.winston.level = 'debug'
  log.debug('e')
  expect(await counted()).toMatchObject({
    'log_messages_total{level="error"}': 2,
    'log_messages_total{level="info"}': 0,
    'log_messages_total{level="debug"}': 1,
  })
})

test('a transport of others that is slow, fails or throws holds up no line and is no fault of the caller', () => {
  const { log, combined, faults } = made()
  const never = new Writable({ objectMode: true, highWaterMark: 1, write: () => undefined })
  log.winston.add(new winston.transports.Stream({ stream: never }))
  const stuck = new winston.transports.Console()
  stuck.log = () => undefined
  log.winston.add(stuck)
  for (let number = 0; number < 100; number += 1) log.info('a', { number })
  expect(combined().map(({ number }) => number)).toEqual(Array.from({ length: 100 }, (_, at) => at))
  const broken = new winston.transports.Console()
  broken.log = () => {
    throw new Error('broken')
  }
  log.winston.add(broken)
  log.info('b')
  log.winston.emit('error', new Error('emitted'))
  expect(combined().at(-1)).toMatchObject({ message: 'b' })
  expect(faults.map(String)).toEqual(['Error: broken', 'Error: emitted'])
})

test('where no trace can be told the line is written without', () => {
  const { log, combined, faults } = made({
    traceOf: () => {
      throw new Error('no context')
    },
  })
  log.info('a')
  expect([combined().length, faults.map(String)]).toEqual([1, ['Error: no context']])
})

test('after it is closed, any number of times, a line is counted as lost', async () => {
  const { log, combined, counted, faults } = made()
  log.info('a')
  await log.flush()
  await Promise.all([log.close(), log.close()])
  await log.close()
  log.info('b')
  expect([combined().length, (await counted()).log_messages_lost_total, faults]).toEqual([1, 1, []])
})

test('without files and console it writes nothing, and says nothing of it', () => {
  const said = vi.spyOn(console, 'error')
  const { log, folder } = made({ files: false })
  log.error('a')
  expect(said.mock.calls).toEqual([])
  said.mockRestore()
  expect(() => readFileSync(join(folder, 'combined.log'))).toThrow('ENOENT')
})

test('a folder that cannot be used at the start is named, with what to set', () => {
  const { folder } = made()
  const inTheWay = join(folder, 'file')
  writeFileSync(inTheWay, '')
  expect(() => made({ folder: inTheWay })).toThrow(`could not write logs into the folder ${inTheWay}: E`)
  expect(() => made({ folder: inTheWay })).toThrow(/LOG_DIR or the option log\.folder/)
})
