import { describe, expect, test } from 'vitest'
import { readServiceEnv } from '../../../config/env.ts'

const protocols = ['OTEL_EXPORTER_OTLP_PROTOCOL', 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL']

describe.each(protocols)('%s', (name) => {
  test.each(['grpc', 'http/json', 'hunter2'])('is refused where it is %s, with what would do', (protocol) => {
    expect(() => readServiceEnv({ [name]: protocol })).toThrow(
      `the environment has faults:\n  ${name} is not supported: write http/protobuf, or leave it out`,
    )
  })

  test('may be http/protobuf, or nothing', () => {
    for (const protocol of ['http/protobuf', '', undefined])
      expect(() => readServiceEnv({ [name]: protocol })).not.toThrow()
  })
})

test.each([
  [{}, false],
  [{ OTEL_SDK_DISABLED: '' }, false],
  [{ OTEL_SDK_DISABLED: 'false' }, false],
  [{ OTEL_SDK_DISABLED: 'true' }, true],
  [{ OTEL_SDK_DISABLED: 'TRUE' }, true],
])('of %j OpenTelemetry is disabled: %j', (source, disabled) => {
  expect(readServiceEnv(source).OTEL_SDK_DISABLED).toBe(disabled)
})

test('OTEL_SDK_DISABLED is true or false', () => {
  expect(() => readServiceEnv({ OTEL_SDK_DISABLED: 'yes' })).toThrow(/OTEL_SDK_DISABLED is neither true nor false/)
})

test.each([
  ['trace', 'debug'],
  ['SILLY', 'debug'],
  ['http', 'info'],
  ['warning', 'warn'],
  ['fatal', 'error'],
  ['silent', 'silent'],
])('LOG_LEVEL %s, as other programs write it, is %s', (given, level) => {
  expect(readServiceEnv({ LOG_LEVEL: given }).LOG_LEVEL).toBe(level)
})

test.each([
  ['LOG_LEVEL', 'is no level: write error, warn, info, debug'],
  ['SERVICE_ERRORS', 'is neither on nor off'],
  ['SERVICE_EXIT_ON_REJECTION', 'is neither true nor false'],
])('a wrong %s is told', (name, words) => {
  expect(() => readServiceEnv({ [name]: 'hunter2' })).toThrow(`the environment has faults:\n  ${name} ${words}`)
})
