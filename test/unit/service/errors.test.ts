import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { errorTracking } from '../../../exporters/service/errors/errors.ts'
import { lastWords } from '../../../exporters/service/errors/last-words.ts'
import { openSentry } from '../../../exporters/service/errors/sentry.ts'
import { asError, readable } from '../../../exporters/service/errors/thrown.ts'
import { instruments } from '../../../exporters/service/instruments/instruments.ts'

const report = vi.fn()
const sentry = {
  service: 'reservations',
  tracesSampleRate: 1,
  profilesSampleRate: 1,
  otherTracer: false,
  redact: (value: unknown) => value,
  report,
}
const log = { error: vi.fn(), warn: vi.fn() }

test('a DSN without the package is refused with the variable and the command that mends it', () => {
  const require = createRequire(join(tmpdir(), 'nothing-is-installed-here.js'))
  expect(() => openSentry({ ...sentry, dsn: 'http://key@localhost/1', warn: log.warn, require })).toThrow(
    /^SENTRY_DSN is set, and could not load @sentry\/node: the package is not installed\. Type: npm install @sentry\/node@11/,
  )
})

test('without a DSN both kinds of error are 0 from the start, and nothing stays on the process after the close', async () => {
  const listeners = () => process.listenerCount('uncaughtException') + process.listenerCount('unhandledRejection')
  const before = listeners()
  const held = instruments({ report })
  const require = vi.fn()
  const tracking = errorTracking({ ...sentry, require, log, instruments: held, flushLog: async () => {} })
  expect(listeners()).toBe(before + 2)
  tracking.capture(new Error('sent nowhere'))
  await tracking.flush()
  await tracking.close()
  expect(listeners()).toBe(before)
  expect(require).not.toHaveBeenCalled()
  const lines = (await held.readings()).flatMap((kept) => [...kept.lines(false)])
  expect(lines).toEqual([
    ['process_errors_total{kind="uncaughtException"}', 0],
    ['process_errors_total{kind="unhandledRejection"}', 0],
  ])
})

const itself = (value: unknown) => value
const revoked = Proxy.revocable({}, {})
revoked.revoke()
test.each([
  ['undefined', undefined, 'undefined'],
  ['a symbol', Symbol('x'), 'Symbol(x)'],
  ['a number', -0, '0'],
  ['a revoked Proxy', revoked.proxy, '<Revoked Proxy>'],
  ['an object that shows itself', { a: 1, toString: undefined }, '{ a: 1, toString: undefined }'],
  ['a long string', 'x'.repeat(9_999), 'x'.repeat(2_000)],
])('%s that was thrown is told in words', (_what, thrown, words) => {
  expect(readable(thrown, itself)).toBe(words)
})

test('an Error that was thrown stays itself, and of anything else no stack is made up', () => {
  const error = new DOMException('gone', 'AbortError')
  expect(readable(error, itself)).toBe(error)
  expect(asError('a string').stack).toBe('NotAnError: a string')
})

test('what is thrown instead of an Error is redacted, and hidden where that fails', () => {
  expect(readable({ password: 'hunter2' }, () => ({ password: '[redacted]' }))).toBe("{ password: '[redacted]' }")
  const fails = () => {
    throw new Error('not this one')
  }
  expect(readable({ password: 'hunter2' }, fails)).toBe('a value that cannot be read, of type object')
})

test('the last words are the stack and those of its causes, redacted', () => {
  const error = new Error('no room', { cause: new TypeError('hunter2') })
  const words = lastWords(error, (text) => String(text).replaceAll('hunter2', '[redacted]'))
  expect(words).toMatch(/^Error: no room\n {4}at .*\n\[cause\]: TypeError: \[redacted\]\n {4}at /s)
  expect(lastWords('a string', itself)).toBe('Uncaught a string')
})
