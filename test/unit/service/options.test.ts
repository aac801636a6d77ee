import { describe, expect, test } from 'vitest'
import { readServiceEnv } from '../../../config/env.ts'
import { createService } from '../../../exporters/service/index.ts'
import { settingsOf } from '../../../exporters/service/options.ts'

const env = (given: Readonly<Record<string, string>> = {}) => readServiceEnv(given)
const faultsOf = (options: unknown) => {
  try {
    settingsOf(options, env())
  } catch (error) {
    return error instanceof Error
      ? error.message
          .split('\n')
          .slice(1)
          .map((line) => line.trim())
      : ['no error']
  }
  return []
}

describe('a wrong option is told by its name, with what it may be', () => {
  test.each<[string, unknown, string]>([
    [
      'one that is none',
      { metrcs: {} },
      'metrcs is no option: known are name, version, metrics, ignore, http, maxSeries, checks, health, pools, log, errors, traces, registry',
    ],
    [
      'one that is none, further in',
      { http: { route: [] } },
      'http.route is no option: known are routes, latencies, log',
    ],
    [
      'one of a choice',
      { log: { folders: 'x' } },
      'log.folders is no option: known are level, folder, size, keep, console, redact',
    ],
    ['a port', { metrics: { port: 70_000 } }, 'metrics.port: is no port: write a whole number from 0 to 65535'],
    [
      'a port in words',
      { metrics: { port: '9465' } },
      'metrics.port: is no port: write a whole number from 0 to 65535',
    ],
    ['a level', { log: { level: 'loud' } }, 'log.level: is no level: write error, warn, info, debug'],
    [
      'a share',
      { errors: { tracesSampleRate: 2 } },
      'errors.tracesSampleRate: is no share: write a number from 0 to 1',
    ],
    ['a route', { ignore: ['health'] }, 'ignore.0: is no route: it begins with /'],
    ['a latency', { http: { latencies: [0] } }, 'http.latencies.0: is no latency: write seconds, more than 0'],
    [
      'a check',
      { checks: { database: true } },
      'checks.database: is no check: write a function that rejects where the dependency is down',
    ],
    [
      'a check that is none, further in',
      { checks: { database: { check: 5 } } },
      'checks.database.check: is no check: write a function that rejects where the dependency is down',
    ],
    [
      'a detail of a check',
      { checks: { database: { check: async () => 1, requred: false } } },
      'checks.database.requred is no option: known are check, patience, required',
    ],
    [
      'a patience in words',
      { checks: { database: { check: async () => 1, patience: 'soon' } } },
      'checks.database.patience: is no patience: write milliseconds, more than 0',
    ],
    [
      'a pool that is not there yet',
      { pools: { main: undefined } },
      'pools.main: is no pool: give a Pool of pg or a client of ioredis',
    ],
    ['an address', { metrics: { host: '' } }, 'metrics.host: is no address: write one such as 127.0.0.1'],
    [
      'a DSN without a protocol',
      { errors: { dsn: 'key@sentry:9000/1' } },
      'errors.dsn: is no URL like https://key@host/1',
    ],
    [
      'an endpoint without a protocol',
      { traces: { endpoint: 'localhost:4318' } },
      'traces.endpoint: is no URL like http://host:4318',
    ],
    ['the metrics of a registry', { registry: { metrics: 1 } }, 'registry: is no registry of prom-client'],
    ['a DSN', { errors: { dsn: 'sentry' } }, 'errors.dsn: is no URL like https://key@host/1'],
    ['an endpoint', { traces: { endpoint: 'otel' } }, 'traces.endpoint: is no URL like http://host:4318'],
    ['a registry', { registry: {} }, 'registry: is no registry of prom-client'],
    ['no options at all', 7, 'the options are no object'],
  ])('%s', (_words, options, fault) => {
    expect(faultsOf(options)).toEqual([fault])
  })

  test('all of them at once', () => {
    expect(faultsOf({ maxSeries: 0, name: '', http: { log: 'some' } })).toEqual([
      'name: is no name: write one character or more',
      'http.log: is none of none, failed, all',
      'maxSeries: is no number of series: write 1 or more',
    ])
  })
})

test('a pattern that no route can have is told when the service starts', () => {
  const start = () =>
    createService({
      metrics: false,
      errors: false,
      log: { folder: false, console: false },
      http: { routes: ['/a/:id', '/a/:id'] },
    })
  expect(start).toThrow('/a/:id is no route: write a pattern such as /reservations/:id, each once')
})

describe('what is not said', () => {
  test('comes from the environment', () => {
    const given = {
      SERVICE_NAME: 'api',
      SERVICE_VERSION: '1.2.3',
      METRICS_HOST: '0.0.0.0',
      METRICS_PORT: '9999',
      NODE_ENV: 'production',
    }
    expect(settingsOf({}, env(given))).toMatchObject({
      name: 'api',
      version: '1.2.3',
      metrics: { host: '0.0.0.0', port: 9999 },
      development: false,
    })
  })

  test('is usual otherwise, and on loopback', () => {
    expect(settingsOf({}, env())).toMatchObject({
      name: 'service',
      metrics: { host: '127.0.0.1', port: 9465 },
      development: true,
    })
  })

  test('comes after what is', () => {
    const settings = settingsOf(
      { name: 'mine', metrics: { port: 1 } },
      env({ SERVICE_NAME: 'theirs', METRICS_PORT: '2' }),
    )
    expect(settings).toMatchObject({ name: 'mine', metrics: { port: 1 } })
  })

  test('and the metrics may be served nowhere', () => {
    expect(settingsOf({ metrics: false }, env()).metrics).toBeUndefined()
  })
})
