import { createServer, type RequestListener, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { bundlePage } from '../../../dashboards/preview/bundle.ts'
import { isAllowed, upstream } from '../../../dashboards/preview/proxy.ts'
import { previewServer } from '../../../dashboards/preview/server.ts'

const bundle = await bundlePage()
const dashboards = [
  { uid: 'first', title: 'First', description: 'words', tags: ['techplus'], panels: [] },
  { uid: 'second', title: 'Second' },
]

const servers: Server[] = []
/** Something that answers HTTP where a Prometheus should. */
const answering = async (listener: RequestListener) => {
  const server = createServer(listener)
  servers.push(server)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port }: AddressInfo = JSON.parse(JSON.stringify(server.address()))
  return `http://127.0.0.1:${port}`
}
const preview = (prometheusUrl: string, limits: { timeout?: number; largest?: number } = {}) =>
  previewServer({ dashboards, prometheusUrl, scrapeInterval: '15s', bundle, ...limits })

const signal = () => {
  let give = () => {}
  const given = new Promise<void>((done) => {
    give = done
  })
  return { given, give: () => give() }
}

const local = { host: '127.0.0.1:3001' }
const app = preview('http://127.0.0.1:9')
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})
afterAll(() => app.close())

describe('the pages', () => {
  test('begin with the first dashboard and keep what the address says', async () => {
    const { statusCode, headers } = await app.inject({ url: '/?from=now-1h&var-a=b?c', headers: local })
    expect([statusCode, headers.location]).toEqual([302, '/d/first?from=now-1h&var-a=b?c'])
  })

  test.each(['/d/first', '/d/first/some-words', '/d/unknown'])('%s is the page', async (url) => {
    const { statusCode, body, headers } = await app.inject({ url, headers: local })
    expect(statusCode).toBe(200)
    expect(body).toBe(bundle.html)
    expect(headers['content-security-policy']).toContain("script-src 'self';")
    expect(headers['x-content-type-options']).toBe('nosniff')
    expect(headers).not.toHaveProperty('access-control-allow-origin')
  })

  test('list what there is, and give each as it was generated', async () => {
    const list = await app.inject({ url: '/api/dashboards', headers: local })
    expect(list.json()).toEqual({
      prometheus: 'http://127.0.0.1:9',
      scrapeInterval: '15s',
      dashboards: [
        { uid: 'first', title: 'First', description: 'words', tags: ['techplus'] },
        { uid: 'second', title: 'Second', description: '', tags: [] },
      ],
    })
    expect((await app.inject({ url: '/api/dashboards/first', headers: local })).json()).toEqual(dashboards[0])
    expect((await app.inject({ url: '/api/dashboards/third', headers: local })).statusCode).toBe(404)
    expect((await app.inject({ url: '/health', headers: local })).json()).toEqual({ status: 'healthy', dashboards: 2 })
  })

  test('everything they need is in the bundle, and nothing is asked of anybody else', async () => {
    const paths = [...bundle.html.matchAll(/(?:src|href)="(?!data:)([^"]+)"/g)].map(([, path = '']) => path)
    expect(paths).toHaveLength(2)
    for (const path of paths) {
      const { statusCode, headers, rawPayload } = await app.inject({ url: path, headers: local })
      expect(statusCode).toBe(200)
      expect(headers['cache-control']).toContain('immutable')
      expect(rawPayload.length).toBe(bundle.assets.get(path)?.body.length)
    }
    const style = [...bundle.assets].find(([path]) => path.endsWith('.css'))?.[1].body
    const fonts = [
      ...Buffer.from(style ?? [])
        .toString()
        .matchAll(/url\("?([^")]+)/g),
    ].map(([, path = '']) => path)
    expect(fonts.length).toBeGreaterThan(0)
    expect(fonts.filter((path) => !bundle.assets.has(path))).toEqual([])
    expect((await app.inject({ url: '/assets/../package.json', headers: local })).statusCode).toBe(404)
  })
})

describe('whoever asks', () => {
  test.each(['127.0.0.1:3001', 'localhost', '[::1]:3001', 'LOCALHOST:3001'])(
    'by the name of %s is answered',
    async (host) => {
      expect((await app.inject({ url: '/health', headers: { host } })).statusCode).toBe(200)
    },
  )

  test.each(['evil.example', '127.0.0.1.evil.example:3001', 'localhost.evil.example', '0.0.0.0:3001', '10.0.0.1'])(
    'by the name of %s is not',
    async (host) => {
      const { statusCode, body } = await app.inject({ url: '/api/dashboards', headers: { host } })
      expect(statusCode).toBe(403)
      expect(body).toContain('127.0.0.1, localhost')
    },
  )

  // The second is that of another port of this machine.
  test.each(['cross-site', 'same-site'])(
    'from a page of another origin may open pages, not query: %s',
    async (site) => {
      let asked = 0
      const own = preview(await answering((_request, response) => response.end(String(asked++))))
      const headers = { ...local, 'sec-fetch-site': site }
      const url = '/prometheus/api/v1/query'
      const form = { ...headers, 'content-type': 'application/x-www-form-urlencoded' }
      const refused = [
        await own.inject({ url: `${url}?query=1`, headers }),
        await own.inject({ method: 'POST', url, headers: form, payload: 'query=1' }),
      ]
      expect(refused.map(({ statusCode }) => statusCode)).toEqual([403, 403])
      expect(refused[0]?.json()).toMatchObject({ status: 'error', errorType: 'forbidden' })
      expect(asked).toBe(0)
      expect((await own.inject({ url: '/d/first?from=now-1h', headers })).statusCode).toBe(200)
      expect((await own.inject({ url: '/', headers })).statusCode).toBe(302)
      await own.close()
    },
  )

  test.each([
    ['the preview’s own page', { 'sec-fetch-site': 'same-origin' }],
    ['an address that is typed', { 'sec-fetch-site': 'none' }],
    ['no browser', {}],
  ])('from %s may query', async (_what, site) => {
    const answer = { status: 'success', data: [] }
    const own = preview(
      await answering((_request, response) =>
        response.setHeader('content-type', 'application/json').end(JSON.stringify(answer)),
      ),
    )
    const { statusCode, body } = await own.inject({
      url: '/prometheus/api/v1/query?query=1',
      headers: { ...local, ...site },
    })
    expect([statusCode, JSON.parse(body)]).toEqual([200, answer])
    await own.close()
  })
})

describe('of Prometheus’ API', () => {
  test.each(['query', 'query_range', 'query_exemplars', 'series', 'labels', 'label/job/values'])(
    '%s is passed on',
    (path) => {
      expect(isAllowed(path, 'GET')).toBe(true)
    },
  )

  const forbidden = [
    'admin/tsdb/delete_series',
    'admin/tsdb/snapshot',
    'write',
    'status/config',
    'targets',
    'query/../admin/tsdb/snapshot',
    'label/a/b/values',
    'label/..%2f..%2fstatus/values/x',
    'alerts',
    '',
  ]
  test.each(forbidden)('"%s" is not', async (path) => {
    expect([isAllowed(path, 'GET'), isAllowed(path, 'POST')]).toEqual([false, false])
    let asked = 0
    const own = preview(await answering((_request, response) => response.end(String(asked++))))
    const { statusCode } = await own.inject({ url: `/prometheus/api/v1/${path}`, headers: local })
    expect([403, 404]).toContain(statusCode)
    expect(asked).toBe(0)
    await own.close()
  })

  /** As it stands: `fetch` and `inject` would tidy up a path before they send it. */
  const send = (address: string, method: string, path: string) =>
    new Promise<number | undefined>((done, fail) => {
      const { hostname, port } = new URL(address)
      const asking = request({ hostname, port, method, path, headers: { 'content-type': form } }, (response) => {
        response.resume().once('end', () => done(response.statusCode))
      })
      asking.once('error', fail).end()
    })
  const form = 'application/x-www-form-urlencoded'

  test.each([
    ['POST', 'label/a\\..\\..\\..\\..\\-\\reload#/values'],
    ['GET', 'label/a\\..\\..\\status\\config#/values'],
    ['GET', 'label/%2e%2e/values'],
    ['GET', 'label/%2E%2E/values'],
    ['GET', 'label/../values'],
    ['GET', 'label/..%5c..%5cstatus%5cconfig/values'],
    ['GET', 'label/a#/values'],
    ['GET', 'label/a%23/values'],
    ['GET', 'label/a;b/values'],
    ['GET', 'label/1a/values'],
    ['GET', 'query/'],
    ['GET', 'query#'],
    ['GET', 'query\\..\\..\\..\\-\\healthy'],
    ['POST', 'label/job/values'],
  ])('%s %s does not arrive, however it is sent', async (method, path) => {
    const seen: string[] = []
    const url = await answering((asked, response) => {
      seen.push(`${asked.method} ${asked.url}`)
      response.setHeader('content-type', 'application/json').end('{}')
    })
    const own = preview(`${url.replace('//', '//ann:secret@')}/prometheus`)
    const address = await own.listen({ host: '127.0.0.1', port: 0 })
    expect(await send(address, method, `/prometheus/api/v1/${path}`)).toBe(403)
    expect(seen).toEqual([])
    await own.close()
  })

  test('what is passed on arrives below the path of the URL, and a # in a question is a part of it', async () => {
    const seen: string[] = []
    const url = await answering((asked, response) => {
      seen.push(`${asked.method} ${asked.url}`)
      response.setHeader('content-type', 'application/json').end('{}')
    })
    const own = preview(`${url}/some/where/`)
    const address = await own.listen({ host: '127.0.0.1', port: 0 })
    await send(address, 'GET', '/prometheus/api/v1/label/__name__/values?start=1#x')
    await send(address, 'POST', '/prometheus/api/v1/query')
    expect(seen).toEqual(['GET /some/where/api/v1/label/__name__/values?start=1%23x', 'POST /some/where/api/v1/query'])
    await own.close()
  })

  test('no other method is', async () => {
    for (const method of ['PUT', 'DELETE', 'PATCH'] as const) {
      expect((await app.inject({ method, url: '/prometheus/api/v1/query', headers: local })).statusCode).toBe(404)
    }
  })

  test('questions arrive as they were asked, by GET and by POST, with the login of the URL', async () => {
    const seen: string[] = []
    const url = await answering(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk)
      seen.push(`${request.method} ${request.url} ${Buffer.concat(chunks)} ${request.headers.authorization}`)
      response.setHeader('content-type', 'application/json').end('{"status":"success","data":[]}')
    })
    const own = preview(url.replace('//', '//ann:p%40ss@'))
    const form = 'query=up%7Ba%3D~%22b?c?%22%7D&time=1'
    const get = await own.inject({ url: `/prometheus/api/v1/query?${form}`, headers: local })
    const post = await own.inject({
      method: 'POST',
      url: '/prometheus/api/v1/query',
      headers: { ...local, 'content-type': 'application/x-www-form-urlencoded' },
      payload: form,
    })
    expect([get.json(), post.json()]).toEqual([
      { status: 'success', data: [] },
      { status: 'success', data: [] },
    ])
    const login = `Basic ${Buffer.from('ann:p@ss').toString('base64')}`
    expect(seen).toEqual([`GET /api/v1/query?${form}  ${login}`, `POST /api/v1/query ${form} ${login}`])
    await own.close()
  })

  test('its own words about a wrong query are kept', async () => {
    const said = { status: 'error', errorType: 'bad_data', error: '1:4: parse error: unclosed left parenthesis' }
    const url = await answering((_request, response) => {
      response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify(said))
    })
    const own = preview(url)
    const answer = await own.inject({ url: '/prometheus/api/v1/query?query=sum(', headers: local })
    expect([answer.statusCode, answer.json()]).toEqual([400, said])
    await own.close()
  })
})

describe('where Prometheus does not answer', () => {
  const ask = async (url: string, limits = {}) => {
    const own = preview(url, limits)
    const { statusCode, body } = await own.inject({ url: '/prometheus/api/v1/query?query=up', headers: local })
    await own.close()
    return { statusCode, ...JSON.parse(body) }
  }

  test('because it is down, that is said, and what to do', async () => {
    const url = await answering(() => undefined)
    await new Promise((done) => servers.splice(0)[0]?.close(done))
    expect(await ask(url.replace('//', '//ann:secret@'))).toEqual({
      statusCode: 502,
      status: 'error',
      errorType: 'unreachable',
      error: `Prometheus at ${url} cannot be reached (ECONNREFUSED): start it (npm start), or point PROMETHEUS_URL to one that runs.`,
    })
  })

  test('because it is slow, that is said', async () => {
    const url = await answering(() => undefined)
    expect(await ask(url, { timeout: 100 })).toMatchObject({
      statusCode: 504,
      errorType: 'timeout',
      error: `Prometheus at ${url} did not answer within 0.1 s.`,
    })
  })

  test('with an endless answer, it is cut short', async () => {
    const url = await answering((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      const more = () => response.write('x'.repeat(65_536), () => setImmediate(more))
      more()
    })
    expect(await ask(url, { largest: 1024 ** 2 })).toMatchObject({
      statusCode: 502,
      errorType: 'too_large',
      error: 'The answer is larger than 1 MB: ask for less, or for a shorter time.',
    })
  })

  test.each([
    [200, 'check PROMETHEUS_URL'],
    [401, 'put a login into PROMETHEUS_URL'],
  ])('but somebody else with %i and a page, that is said', async (status, hint) => {
    const url = await answering((_request, response) => {
      response.writeHead(status, { 'content-type': 'text/html' }).end('<html>')
    })
    expect(await ask(url)).toMatchObject({ statusCode: 502, error: `${url} answered ${status} and no JSON: ${hint}.` })
  })

  test('and whoever asked has gone, it is told to stop', async () => {
    const [begun, stopped] = [signal(), signal()]
    const url = await answering((_request, response) => {
      begun.give()
      response.once('close', () => stopped.give())
    })
    const own = preview(url)
    const address = await own.listen({ host: '127.0.0.1', port: 0 })
    const impatient = new AbortController()
    const answer = fetch(`${address}/prometheus/api/v1/query?query=up`, { signal: impatient.signal })
    await begun.given
    impatient.abort()
    await expect(answer).rejects.toThrow('aborted')
    await stopped.given
    await own.close()
  })

  test('a URL keeps its path and shows no login', () => {
    expect(upstream('https://ann:p@host/prom/')).toMatchObject({ url: 'https://host/prom' })
  })
})
