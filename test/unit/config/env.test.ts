import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readEnv, variableNames } from '../../../config/env.ts'

const folder = mkdtempSync(join(tmpdir(), 'env-'))
afterAll(() => rmSync(folder, { recursive: true }))

const file = (name: string, text: string) => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}
const faultsOf = (source: Readonly<Record<string, string>>) => {
  try {
    readEnv(source)
  } catch (error) {
    return error instanceof Error ? error.message.split('\n').slice(1) : ['no error']
  }
  return []
}

test('An empty environment has the usual ports, loopback hosts and no source', () => {
  const env = readEnv({})
  expect(env).toMatchObject({
    API_PORT: 3000,
    PROMETHEUS_PORT: 9090,
    ALERTMANAGER_PORT: 9093,
    EXPORTER_PORT: 9464,
    EXPORTER_HOST: '127.0.0.1',
    API_HOST: '127.0.0.1',
  })
  for (const name of ['DATABASE_URL', 'REDIS_URL', 'API_URL'] as const) expect(env[name]).toBeUndefined()
})

test('.env.example names every variable once and no other, with its default where it has one', () => {
  const text = readFileSync(new URL('../../../.env.example', import.meta.url), 'utf8')
  const all = [...text.matchAll(/^#?(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value] as const)
  // docker compose reads this one itself.
  const lines = all.filter(([name]) => name !== 'COMPOSE_FILE')
  expect(lines.map(([name]) => name).sort()).toEqual([...variableNames].sort())
  expect(readEnv(Object.fromEntries(lines))).toMatchObject(readEnv({}))
})

test('What is read cannot be changed, and what is not ours is not read', () => {
  const env = readEnv({ EXPORTER_PORT: '1', HOME: '/nowhere', AWS_SECRET_ACCESS_KEY: 'hunter2' })
  expect(env).toSatisfy(Object.isFrozen)
  expect(Object.values(env)).not.toContain('hunter2')
  expect(env).toMatchObject({ EXPORTER_PORT: 1 })
})

const postgresUrl = 'postgres://ann:hunter2@db:5432/app'

test.each<[what: string, source: Readonly<Record<string, string>>, read: object]>([
  ['a URL of PostgreSQL', { DATABASE_URL: postgresUrl }, { DATABASE_URL: postgresUrl }],
  ['its longer protocol', { DATABASE_URL: 'postgresql://db/app' }, { DATABASE_URL: 'postgresql://db/app' }],
  [
    'an encrypted Redis',
    { REDIS_URL: 'rediss://:p%40ss@cache:6380/1' },
    { REDIS_URL: 'rediss://:p%40ss@cache:6380/1' },
  ],
  ['the highest port', { API_PORT: '65535' }, { API_PORT: 65535 }],
  ['no traffic', { TRAFFIC_RATE: '0' }, { TRAFFIC_RATE: 0 }],
  ['part of a request a second', { TRAFFIC_RATE: '0.5' }, { TRAFFIC_RATE: 0.5 }],
  [
    'an empty variable, which is unset',
    { EXPORTER_PORT: '', EXPORTER_HOST: '' },
    { EXPORTER_PORT: 9464, EXPORTER_HOST: '127.0.0.1' },
  ],
  ['a value in a file', { DATABASE_URL_FILE: file('url', `${postgresUrl}\n`) }, { DATABASE_URL: postgresUrl }],
  ['a number in a file', { EXPORTER_PORT_FILE: file('port', '  9999\r\n') }, { EXPORTER_PORT: 9999 }],
  ['a value before that in a file', { API_PORT: '1', API_PORT_FILE: file('other', '2') }, { API_PORT: 1 }],
  ['a file for a variable that is empty', { API_PORT: '', API_PORT_FILE: file('third', '3') }, { API_PORT: 3 }],
  ['an empty file, which leaves it unset', { API_PORT_FILE: file('empty', '\n') }, { API_PORT: 3000 }],
  ['an empty name of a file', { API_PORT_FILE: '' }, { API_PORT: 3000 }],
  [
    'where others reach something, without a slash at its end',
    { GRAFANA_PUBLIC_URL: 'https://Ops.example/grafana//', PROMETHEUS_PUBLIC_URL: 'http://ops.example:8080' },
    { GRAFANA_PUBLIC_URL: 'https://ops.example/grafana', PROMETHEUS_PUBLIC_URL: 'http://ops.example:8080' },
  ],
  [
    'where others reach something, with nothing in it that a template would read',
    { GRAFANA_PUBLIC_URL: 'https://ops.example/{{ "x" }}' },
    { GRAFANA_PUBLIC_URL: 'https://ops.example/%7B%7B%20%22x%22%20%7D%7D' },
  ],
  ['a token', { EXPORTER_TOKEN: 'aB3-._~+/=' }, { EXPORTER_TOKEN: 'aB3-._~+/=' }],
  [
    'a token in a file, and remembers the file',
    { EXPORTER_TOKEN_FILE: file('token', 'hunter2\n') },
    { EXPORTER_TOKEN: 'hunter2', files: { EXPORTER_TOKEN: join(folder, 'token') } },
  ],
  ['no file where the value stands before it', { API_PORT: '1', API_PORT_FILE: file('unread', '2') }, { files: {} }],
  [
    'a user with a password in a file',
    { EXPORTER_USER: 'ann', EXPORTER_PASSWORD_FILE: file('password', 'hunter 2\n') },
    { EXPORTER_USER: 'ann', EXPORTER_PASSWORD: 'hunter 2' },
  ],
  [
    'an authority for an encrypted Redis',
    { REDIS_URL: 'rediss://cache', REDIS_TLS_CA: '/ca.pem' },
    { REDIS_TLS_CA: '/ca.pem' },
  ],
])('It takes %s', (_what, source, read) => {
  expect(readEnv(source)).toMatchObject(read)
})

const noPort = 'is not a port: write a whole number from 1 to 65535'
const noDatabase = 'DATABASE_URL is no URL like postgres://user:password@host:5432/database'

describe('A value that cannot be used is named by its variable, with what would do', () => {
  test.each<[what: string, source: Readonly<Record<string, string>>, fault: string]>([
    ['another protocol', { DATABASE_URL: 'mysql://ann:hunter2@db/app' }, noDatabase],
    ['no protocol', { DATABASE_URL: 'ann:hunter2@db:5432' }, noDatabase],
    ['no URL at all', { DATABASE_URL: 'hunter2' }, noDatabase],
    ['a port of hunter2', { DATABASE_URL: 'postgres://db:hunter2/app' }, noDatabase],
    ['a blank', { DATABASE_URL: ' ' }, noDatabase],
    ['a wrong value in a file', { DATABASE_URL_FILE: file('wrong', 'hunter2') }, noDatabase],
    ['PostgreSQL for Redis', { REDIS_URL: postgresUrl }, 'REDIS_URL is no URL like redis://user:password@host:6379/0'],
    ['Redis for HTTP', { API_URL: 'redis://:hunter2@h' }, 'API_URL is no URL like http://host:3000'],
    ...[
      'ops.example',
      'ftp://ops.example',
      'https://ann:hunter2@ops.example',
      'https://ops.example/?a',
      'https://a/#b',
    ].map((value): [string, Readonly<Record<string, string>>, string] => [
      `${value.replace('hunter2', 'a password')} as an address that paths are added to`,
      { GRAFANA_PUBLIC_URL: value },
      'GRAFANA_PUBLIC_URL is no URL like https://grafana.example.com',
    ]),
    ['port 0', { EXPORTER_PORT: '0' }, `EXPORTER_PORT ${noPort}`],
    ['a port too high', { API_PORT: '65536' }, `API_PORT ${noPort}`],
    ['a negative port', { REDIS_PORT: '-1' }, `REDIS_PORT ${noPort}`],
    ['half a port', { PAGER_PORT: '80.5' }, `PAGER_PORT ${noPort}`],
    ['less than half a port', { PAGER_PORT: '0.5' }, `PAGER_PORT ${noPort}`],
    ['a port in words', { API_PORT: 'hunter2' }, `API_PORT ${noPort}`],
    ['a rate in words', { TRAFFIC_RATE: 'hunter2' }, 'TRAFFIC_RATE is not a rate: write requests a second, such as 5'],
    ['a negative rate', { TRAFFIC_RATE: '-1' }, 'TRAFFIC_RATE is not a rate: write 0 or more requests a second'],
    ['too high a rate', { TRAFFIC_RATE: '1001' }, 'TRAFFIC_RATE is more than the demo can make: write at most 1000'],
    [
      'a token with a blank',
      { EXPORTER_TOKEN: 'hunter2 hunter2' },
      'EXPORTER_TOKEN is no token: write letters, digits and signs of ASCII, without blanks',
    ],
    [
      'a token beyond ASCII',
      { EXPORTER_TOKEN: 'hunter2ä' },
      'EXPORTER_TOKEN is no token: write letters, digits and signs of ASCII, without blanks',
    ],
    [
      'a user with a colon',
      { EXPORTER_USER: 'ann:hunter2', EXPORTER_PASSWORD: 'x' },
      'EXPORTER_USER is no user: basic authentication ends the name at the first colon',
    ],
    [
      'an empty file for a token',
      { EXPORTER_TOKEN_FILE: file('no-token', '\n') },
      'EXPORTER_TOKEN_FILE names an empty file: write the secret into it',
    ],
    [
      'an empty file for a password',
      { EXPORTER_USER: 'ann', EXPORTER_PASSWORD_FILE: file('no-password', '') },
      'EXPORTER_PASSWORD_FILE names an empty file: write the secret into it',
    ],
    [
      'an authority for a Redis that is not encrypted',
      { REDIS_URL: 'redis://:hunter2@cache', REDIS_TLS_CA: '/ca.pem' },
      'REDIS_TLS_CA needs a REDIS_URL that begins with rediss://',
    ],
    [
      'a missing file',
      { REDIS_URL_FILE: '/nowhere/hunter2' },
      'REDIS_URL_FILE names a file that cannot be read: check that it exists and that this user may read it',
    ],
    [
      'a folder',
      { REDIS_URL_FILE: folder },
      'REDIS_URL_FILE names a file that cannot be read: check that it exists and that this user may read it',
    ],
    [
      'the value itself where a file is to be named',
      { DATABASE_URL_FILE: postgresUrl },
      'DATABASE_URL_FILE names a file that cannot be read: check that it exists and that this user may read it',
    ],
  ])('%s', (_what, source, fault) => {
    expect(faultsOf(source)).toEqual([`  ${fault}`])
    expect(() => readEnv(source)).toThrow(/^(?![\s\S]*hunter2)/)
  })
})

describe('Half of what belongs together is refused', () => {
  test.each([
    ['EXPORTER_USER', 'EXPORTER_PASSWORD'],
    ['EXPORTER_PASSWORD', 'EXPORTER_USER'],
    ['EXPORTER_TLS_CERT', 'EXPORTER_TLS_KEY'],
    ['EXPORTER_TLS_KEY', 'EXPORTER_TLS_CERT'],
    ['REDIS_TLS_CERT', 'REDIS_TLS_KEY'],
    ['REDIS_TLS_KEY', 'REDIS_TLS_CERT'],
  ])('%s without %s', (name, needed) => {
    expect(faultsOf({ [name]: 'hunter2' })).toEqual([`  ${needed} is missing: ${name} does nothing without it`])
    expect(faultsOf({ [name]: 'hunter2', [needed]: 'x' })).toEqual([])
  })

  test('an authority for clients without a certificate', () => {
    expect(faultsOf({ EXPORTER_TLS_CLIENT_CA: '/ca.pem' })).toEqual([
      '  EXPORTER_TLS_CERT is missing: EXPORTER_TLS_CLIENT_CA does nothing without it',
    ])
  })

  test('and an unreadable half is told of once', () => {
    expect(faultsOf({ EXPORTER_USER: 'ann', EXPORTER_PASSWORD_FILE: '/nowhere/hunter2' })).toHaveLength(1)
  })
})

test('Every fault is told at once, one a line, and no value among them', () => {
  const source = {
    DATABASE_URL: 'mysql://ann:hunter2@db/app',
    REDIS_URL_FILE: '/nowhere/hunter2',
    EXPORTER_PORT: 'hunter2',
    TRAFFIC_RATE: '-2',
    API_PORT: '4000',
  }
  const faults = faultsOf(source)
  expect(faults.map((line) => line.trim().split(' ')[0]).sort()).toEqual([
    'DATABASE_URL',
    'EXPORTER_PORT',
    'REDIS_URL_FILE',
    'TRAFFIC_RATE',
  ])
  const told = faults.join('\n')
  for (const value of Object.values(source)) expect(told).not.toContain(value)
  expect(told).not.toContain('hunter2')
})

test('The error hides no value in its properties either', () => {
  let thrown: unknown
  try {
    readEnv({ DATABASE_URL: 'mysql://ann:hunter2@db/app' })
  } catch (error) {
    thrown = error
  }
  expect(thrown).toBeInstanceOf(Error)
  expect(thrown).not.toHaveProperty('cause')
  expect(JSON.stringify(thrown)).not.toContain('hunter2')
})
