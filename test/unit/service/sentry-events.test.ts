import { expect, test } from 'vitest'
import { bareEvent, scrubbing } from '../../../exporters/service/errors/sentry-events.ts'

const hide = (value: unknown): unknown => JSON.parse(JSON.stringify(value).replaceAll('hunter2', '[redacted]'))

test('what is personal or secret is taken out of every part of an event, and what leads to its trace stays', () => {
  const [trace_id, span_id, profiler_id] = ['hunter2a', 'hunter2b', 'hunter2c']
  const frames = [{ filename: '/app/booking.js', function: 'charge', lineno: 7 }]
  expect(
    scrubbing(hide)({
      type: 'transaction',
      message: 'of hunter2',
      transaction: 'GET /bookings?management_token=x',
      exception: { values: [{ type: 'Error', value: 'hunter2', stacktrace: { frames } }] },
      breadcrumbs: [{ message: 'hunter2', data: { url: 'https://a.example/b?c=d', 'http.query': 'c=d' } }],
      contexts: {
        trace: { trace_id, span_id, data: { 'url.full': 'https://a.example/#access_token=x', 'url.query': 'x' } },
        profile: { profile_id: 'hunter2d', profiler_id },
        booking: { secret: 'hunter2' },
      },
      tags: { by: 'hunter2' },
      extra: { list: ['hunter2'], Cookie: 'a', headers: { Authorization: 'b', 'set-cookie': 'c' } },
      request: {
        method: 'POST',
        url: 'https://a.example/b?c=d',
        data: 'card',
        cookies: { a: 'b' },
        headers: { host: 'x' },
      },
      user: { email: 'ann@example.com' },
      server_name: 'db-7',
    }),
  ).toEqual({
    type: 'transaction',
    message: 'of [redacted]',
    transaction: 'GET /bookings?[cut]',
    exception: { values: [{ type: 'Error', value: '[redacted]', stacktrace: { frames } }] },
    breadcrumbs: [{ message: '[redacted]', data: { url: 'https://a.example/b?[cut]' } }],
    contexts: {
      trace: { trace_id, span_id, data: { 'url.full': 'https://a.example/?[cut]' } },
      profile: { profile_id: 'hunter2d', profiler_id },
      booking: { secret: '[redacted]' },
    },
    tags: { by: '[redacted]' },
    extra: { list: ['[redacted]'], headers: {} },
    request: { method: 'POST', url: 'https://a.example/b?[cut]' },
  })
})

test('a part whose redaction is of another kind is not sent', () => {
  expect(scrubbing(() => 7)({ message: 'hunter2', extra: { a: 'hunter2' } })).toEqual({})
})

test('of an event that cannot be scrubbed nothing is sent but that it was', () => {
  const event = { event_id: '1', level: 'fatal', message: 'hunter2', extra: { a: 'hunter2' } } as const
  expect(JSON.stringify(bareEvent(event))).not.toContain('hunter2')
  expect(bareEvent(event)).toMatchObject({ event_id: '1', level: 'fatal', type: undefined })
})
