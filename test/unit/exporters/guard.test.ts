import { afterEach, describe, expect, test } from 'vitest'
import { readEnv } from '../../../config/env.ts'
import { accessOf, exposure } from '../../../exporters/access.ts'
import { type Credentials, guardOf } from '../../../exporters/guard.ts'
import { processRegistry } from '../../../exporters/registry.ts'
import { exporterServer } from '../../../exporters/server.ts'

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`
const token = () => 'a-bearer-token'
const login = { user: 'prometheus', password: () => 'a:scrape pässword' }

const opened: { close(): Promise<unknown> }[] = []
const serve = (credentials: Credentials) => {
  const app = exporterServer({ scraped: [], registry: processRegistry(), log: false, guard: guardOf(credentials) })
  opened.push(app)
  return app
}
afterEach(async () => {
  await Promise.all(opened.splice(0).map((app) => app.close()))
})

describe('Who may scrape', () => {
  test.each<[what: string, credentials: Credentials, authorization: string | undefined, status: number]>([
    ['the token', { token }, 'Bearer a-bearer-token', 200],
    ['the token, its scheme in other letters', { token }, 'bearer  a-bearer-token ', 200],
    ['nothing', { token }, undefined, 401],
    ['an empty header', { token }, '', 401],
    ['a scheme alone', { token }, 'Bearer', 401],
    ['an empty token', { token }, 'Bearer ', 401],
    ['another token', { token }, 'Bearer another-token-', 401],
    ['the beginning of the token', { token }, 'Bearer a-bearer', 401],
    ['more than the token', { token }, 'Bearer a-bearer-token-', 401],
    ['the token in other letters', { token }, 'Bearer A-BEARER-TOKEN', 401],
    ['the token without its scheme', { token }, 'a-bearer-token', 401],
    ['the token as a password', { token }, basic('prometheus:a-bearer-token'), 401],
    ['the token in the scheme of a password', { token }, 'Basic a-bearer-token', 401],
    [
      'user and password in the scheme of a token',
      { login },
      basic('prometheus:a:scrape pässword').replace('Basic', 'Bearer'),
      401,
    ],
    ['user and password', { login }, basic('prometheus:a:scrape pässword'), 200],
    ['another user', { login }, basic('grafana:a:scrape pässword'), 401],
    ['another password', { login }, basic('prometheus:a:scrape password'), 401],
    ['no password', { login }, basic('prometheus'), 401],
    ['the password alone', { login }, basic(':a:scrape pässword'), 401],
    ['what is not base64', { login }, 'Basic prometheus:a:scrape', 401],
    ['the password as a token', { login }, 'Bearer a:scrape', 401],
    ['the token where either will do', { token, login }, 'Bearer a-bearer-token', 200],
    ['the password where either will do', { token, login }, basic('prometheus:a:scrape pässword'), 200],
    ['neither where either will do', { token, login }, basic('a-bearer-token'), 401],
    ['anything where nothing is asked for', {}, 'Bearer x', 200],
    ['nothing where nothing is asked for', {}, undefined, 200],
  ])('%s', async (_what, credentials, authorization, status) => {
    const headers = authorization === undefined ? {} : { authorization }
    const { statusCode } = await serve(credentials).inject({ url: '/metrics', headers })
    expect(statusCode).toBe(status)
  })
})

test('Who is not let in is told how to get in, and nothing else', async () => {
  const { headers, body } = await serve({ token, login }).inject('/metrics')
  expect(headers['www-authenticate']).toEqual([
    'Bearer realm="techplus-exporter"',
    'Basic realm="techplus-exporter", charset="UTF-8"',
  ])
  expect(headers['content-type']).toBe('text/plain; charset=utf-8')
  expect(body).toBe(
    'Not without the bearer token that EXPORTER_TOKEN holds, ' +
      'or the user and the password that EXPORTER_USER and EXPORTER_PASSWORD hold.\n',
  )
})

test.each([
  '/metrics',
  '/metrics/',
  '/metrics/postgres/main',
  '/metrics/redis/cache?collect[]=memory',
  '/',
  '/health/',
  '/health/../metrics',
  '/health%2f..%2fmetrics',
  '//health',
  '/nowhere',
])('%s is shut, whether it is there or not', async (url) => {
  expect((await serve({ token }).inject(url)).statusCode).toBe(401)
})

test('/health is open, and says no more than that', async () => {
  const { statusCode, body } = await serve({ token }).inject('/health')
  expect([statusCode, JSON.parse(body)]).toEqual([200, { status: 'healthy' }])
  expect(JSON.parse((await serve({}).inject('/health')).body)).toHaveProperty('targets')
})

test('A token that was changed counts at the next request', async () => {
  let now = 'first'
  const app = serve({ token: () => now })
  const ask = async (given: string) =>
    (await app.inject({ url: '/metrics', headers: { authorization: `Bearer ${given}` } })).statusCode
  expect([await ask('first'), await ask('second')]).toEqual([200, 401])
  now = 'second'
  expect([await ask('first'), await ask('second')]).toEqual([401, 200])
})

test('Without any variable nobody is asked, and nothing is encrypted', () => {
  expect(accessOf(readEnv({}), () => undefined)).toEqual({ guard: undefined, createServer: undefined })
})

describe('Listening beyond this machine is told of with what is missing', () => {
  const certificate = { EXPORTER_TLS_CERT: '/c.pem', EXPORTER_TLS_KEY: '/c.key' }
  const [guard, encrypt] = [/EXPORTER_TOKEN_FILE/, /EXPORTER_TLS_CERT and EXPORTER_TLS_KEY/]
  test.each<[what: string, given: Readonly<Record<string, string>>, told: readonly RegExp[]]>([
    ['loopback', {}, []],
    ['loopback of IPv6', { EXPORTER_HOST: '::1' }, []],
    ['loopback by name', { EXPORTER_HOST: 'localhost' }, []],
    ['another address of loopback', { EXPORTER_HOST: '127.1.2.3' }, []],
    ['a host that begins like loopback', { EXPORTER_HOST: '127.example.org' }, [guard, encrypt]],
    ['everywhere', { EXPORTER_HOST: '0.0.0.0' }, [/0\.0\.0\.0/, guard, encrypt, /EXPORTER_HOST/]],
    ['everywhere in IPv6', { EXPORTER_HOST: '::' }, [guard, encrypt]],
    ['with a token', { EXPORTER_HOST: '::', EXPORTER_TOKEN: 'x' }, [encrypt]],
    ['with a password', { EXPORTER_HOST: '::', EXPORTER_USER: 'x', EXPORTER_PASSWORD: 'y' }, [encrypt]],
    ['with a certificate', { EXPORTER_HOST: '::', ...certificate }, [guard]],
    ['with both', { EXPORTER_HOST: '::', EXPORTER_TOKEN: 'x', ...certificate }, []],
    ['with both sides certified', { EXPORTER_HOST: '::', EXPORTER_TLS_CLIENT_CA: '/ca', ...certificate }, []],
  ])('%s', (_what, given, told) => {
    const words = exposure(readEnv(given))
    expect(words === undefined).toBe(told.length === 0)
    for (const one of told) expect(words).toMatch(one)
    for (const one of [guard, encrypt].filter((each) => !told.includes(each))) expect(words ?? '').not.toMatch(one)
  })
})
