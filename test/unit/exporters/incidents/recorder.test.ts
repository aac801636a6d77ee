import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { guardOf } from '../../../../exporters/guard.ts'
import { emptyBook } from '../../../../exporters/incidents/book.ts'
import type { Ledger } from '../../../../exporters/incidents/ledger.ts'
import { type Recorder, startRecorder } from '../../../../exporters/incidents/recorder.ts'
import { processRegistry } from '../../../../exporters/registry.ts'

const hour = 3_600_000
const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

/** An Alertmanager with these alerts and silences; it answers 500 while it is told to. */
const alertmanager = async () => {
  const told = { alerts: [] as unknown[], silences: [] as unknown[], broken: false, asked: [] as string[] }
  const server = createServer(({ url = '', headers }, response) => {
    told.asked.push(`${headers.authorization ?? ''} ${url}`)
    const [, what = ''] = /\/api\/v2\/(\w+)/.exec(url) ?? []
    const answers: Record<string, unknown> = { ...told, status: { uptime: '2020-01-01T00:00:00.123456789Z' } }
    response.writeHead(told.broken ? 500 : 200).end(JSON.stringify(told.broken ? 'broken' : answers[what]))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  closers.push(() => new Promise((closed) => server.close(closed)))
  const { port } = server.address() as AddressInfo
  return { told, url: `http://127.0.0.1:${port}` }
}

const bookLedger = () => {
  const book = emptyBook()
  const state = { broken: false, changes: 0 }
  const ledger: Ledger = {
    book,
    change: async (decide) => {
      const changes = decide(book)
      if (changes.length === 0) return false
      if (state.broken) throw new Error('no space left on device')
      for (const one of changes) book.put(one)
      state.changes += changes.length
      return true
    },
    probe: async () => {
      if (state.broken) throw new Error('no space left on device')
    },
    close: async () => {},
  }
  return { ledger, state }
}

const start = async (more: Partial<Parameters<typeof startRecorder>[0]> = {}) => {
  const watched = await alertmanager()
  const { ledger, state } = bookLedger()
  const said: string[] = []
  const recorder: Recorder = await startRecorder({
    ledger,
    alertmanagerUrl: watched.url,
    responseTimes: { critical: hour, low: 72 * hour },
    owners: ['platform'],
    registry: processRegistry(),
    host: '127.0.0.1',
    port: 0,
    tell: (words) => said.push(words),
    pollMs: 20,
    ...more,
  })
  closers.unshift(recorder.close)
  const { url } = recorder
  return {
    ...watched,
    state,
    said,
    url,
    text: async (path = '/metrics', headers = {}) => (await fetch(url + path, { headers })).text(),
    post: async (body: unknown, headers: Record<string, string> = { 'content-type': 'application/json' }) => {
      const sent = typeof body === 'string' ? body : JSON.stringify(body)
      const response = await fetch(`${url}/alertmanager`, { method: 'POST', body: sent, headers })
      return { status: response.status, words: await response.text() }
    },
  }
}

const labels = { alertname: 'ApiDown', severity: 'critical', owner: 'platform' }
const alert = {
  status: 'firing',
  labels,
  annotations: { summary: 'The API does not answer' },
  startsAt: '2026-01-01T00:00:00.123456789Z',
  endsAt: '0001-01-01T00:00:00Z',
  generatorURL: 'http://prometheus/graph',
  fingerprint: 'cbed7a1000000000',
}
const notification = { version: '4', groupKey: '{}', truncatedAlerts: 0, status: 'firing', alerts: [alert] }
const active = (given: object = labels) => ({
  fingerprint: alert.fingerprint,
  labels: given,
  updatedAt: new Date().toISOString(),
})
const silence = (more: object = {}) => ({
  matchers: [{ name: 'alertname', value: 'ApiDown', isRegex: false }],
  startsAt: '2026-01-01T00:10:00Z',
  endsAt: '2126-01-01T00:00:00Z',
  createdBy: 'ann',
  annotations: { ticket: '7' },
  ...more,
})

describe('A notification', () => {
  test('is recorded, shown and counted, once', async () => {
    const { post, text } = await start()
    expect(await post(notification)).toEqual({ status: 200, words: 'Recorded.\n' })
    expect(await post(notification)).toMatchObject({ status: 200 })
    const metrics = await text()
    expect(metrics).toContain('incidents_total{severity="critical",owner="platform"} 1\n')
    expect(metrics).toContain('incidents_deliveries_total{result="recorded"} 2\n')
    expect(JSON.parse(await text('/incidents'))).toMatchObject({
      open: [
        { deadline: '2026-01-01T01:00:00.123Z', acknowledgedBy: null, summary: 'The API does not answer', labels },
      ],
      closed: [],
    })
  })

  const { version: _version, ...unversioned } = notification
  const withAlert = (change: object) => ({ ...notification, alerts: [alert, { ...alert, ...change }] })
  test.each<[what: string, body: unknown, fault: string]>([
    ['that is no JSON', '{', 'it is no JSON'],
    ['that is empty', '', 'it is no JSON'],
    ['that is a list', [], 'expected object, received array'],
    ['without a version', unversioned, 'version: expected "4"'],
    ['of another version', { ...notification, version: '5' }, 'version: expected "4"'],
    ['without alerts', { version: '4' }, 'alerts: expected array, received undefined'],
    ['with another status', withAlert({ status: 'pending' }), 'alerts[1].status: '],
    ['without labels', withAlert({ labels: undefined }), 'alerts[1].labels: expected record'],
    [
      'with a number as a label',
      withAlert({ labels: { a: 1 } }),
      'alerts[1].labels.a: expected string, received number',
    ],
    [
      'with an odd start',
      withAlert({ startsAt: 'today' }),
      'alerts[1].startsAt: is no moment like 2026-01-31T12:00:00Z',
    ],
    [
      'from before there were years',
      withAlert({ startsAt: '0001-01-01T00:00:00+01:00' }),
      'alerts[1].startsAt: is no moment like 2026-01-31T12:00:00Z',
    ],
    ['without an end', withAlert({ endsAt: undefined }), 'alerts[1].endsAt: is no moment'],
    ['with an odd fingerprint', withAlert({ fingerprint: '../x' }), 'alerts[1].fingerprint: is no fingerprint'],
  ])('%s is refused with the field at fault, and changes nothing', async (_what, body, fault) => {
    const { post, text, state, said } = await start()
    const { status, words } = await post(body)
    expect(status).toBe(400)
    expect(words).toContain("This is no notification of Alertmanager's webhook, version 4 (")
    expect(words).toContain('have Alertmanager send it, by webhook_configs of a receiver that set no payload')
    expect(words).toContain(fault)
    expect(state.changes).toBe(0)
    expect(said.join()).toContain(fault)
    expect(await text()).toContain('incidents_deliveries_total{result="refused"} 1\n')
  })

  test('that is too large is told so', async () => {
    const { post, text } = await start()
    const { status, words } = await post(' '.repeat(8 * 1024 ** 2 + 1))
    expect({ status, words }).toMatchObject({ status: 413, words: expect.stringContaining('set max_alerts') })
    expect(await text()).toContain('incidents_deliveries_total{result="refused"} 1\n')
  })

  test('of a type that any page could send is not read', async () => {
    const { post, state } = await start()
    expect(await post(notification, { 'content-type': 'text/plain' })).toMatchObject({ status: 415 })
    expect(state.changes).toBe(0)
  })

  test('that left alerts out is recorded, and the log says so', async () => {
    const { post, said } = await start()
    expect(await post({ ...notification, truncatedAlerts: 3 })).toMatchObject({ status: 200 })
    expect(said.join()).toContain('left 3 alerts out')
  })

  test('that cannot be kept is to come again; the log says so once, and once when it is over', async () => {
    const { post, state, said, text } = await start()
    state.broken = true
    expect(await post(notification)).toMatchObject({ status: 503 })
    expect(await post(notification)).toMatchObject({ status: 503 })
    expect(await text()).toMatch(/^incidents_ledger_up 0$/m)
    state.broken = false
    expect(await post(notification)).toMatchObject({ status: 200 })
    const metrics = await text()
    expect(metrics).toMatch(/^incidents_ledger_up 1$/m)
    expect(metrics).toContain('incidents_total{severity="critical",owner="platform"} 1\n')
    expect(metrics).toContain('incidents_deliveries_total{result="failed"} 2\n')
    expect(said).toEqual([expect.stringContaining('no space left on device'), 'incidents are kept again'])
  })
})

describe('While incidents cannot be kept', () => {
  test.each([
    ['answers', false],
    ['does not answer', true],
  ])('it is tried again without anything to keep, where Alertmanager %s', async (_what, silent) => {
    const { post, state, said, text, told } = await start()
    told.broken = silent
    state.broken = true
    await post(notification)
    const looks = told.asked.length
    await vi.waitFor(() => expect(told.asked.length).toBeGreaterThan(looks + 9))
    expect(await text()).toMatch(/^incidents_ledger_up 0$/m)
    state.broken = false
    await vi.waitFor(async () => expect(await text()).toMatch(/^incidents_ledger_up 1$/m))
    expect(state.changes).toBe(0)
    const own = said.filter((words) => !words.includes('Alertmanager'))
    expect(own).toEqual(['could not keep incidents: no space left on device', 'incidents are kept again'])
  })
})

describe('Its metrics', () => {
  test('begin at zero for every severity and team, in both formats, with those of the process', async () => {
    const { text } = await start()
    const plain = await text()
    for (const severity of ['critical', 'low']) {
      const by = `severity="${severity}",owner="platform"`
      for (const name of ['incidents_total', 'sla_response_met_total', 'sla_response_breached_total']) {
        expect(plain).toContain(`${name}{${by}} 0\n`)
      }
      for (const kind of ['notify', 'acknowledge', 'resolve']) {
        expect(plain).toContain(`incident_time_to_${kind}_seconds_count{${by}} 0\n`)
      }
      expect(plain).toContain(`incidents_open{${by},response="late"} 0\n`)
    }
    expect(plain).toContain('process_cpu_seconds_total')
    const open = await text('/metrics', { accept: 'application/openmetrics-text; version=1.0.0' })
    expect(open).toMatch(/# EOF\n$/)
    expect(open).toContain('# TYPE incidents counter\n')
  })

  test('say of every active alert whether a silence covers it, with its own labels', async () => {
    const odd = { ...labels, instance: 'main "x"\n', 'a.b': 'no name', __name__: 'up' }
    const { told, text } = await start()
    told.alerts = [active(odd), { ...active({ ...labels, severity: 'none' }), fingerprint: 'b2' }]
    const covered = 'alertname="ApiDown",severity="critical",owner="platform"}'
    await vi.waitFor(async () =>
      expect(await text()).toContain(`alert_acknowledged{instance="main \\"x\\"\\n",job="",${covered} 0\n`),
    )
    told.silences = [silence(), silence({ createdBy: 'bob', endsAt: '2027-01-01T00:00:00Z' })]
    await vi.waitFor(async () => expect(await text()).toContain(`,${covered} 1\n`))
    const metrics = await text()
    expect(metrics.match(/^alert_acknowledged\{/gm)).toHaveLength(1)
    expect(metrics).toContain('created_by="ann"} 4922899200\n')
  })

  test('leave out who acknowledged when Alertmanager has not answered for long', async () => {
    const { told, text, said } = await start({ staleMs: 300 })
    told.alerts = [active()]
    await vi.waitFor(async () => expect(await text()).toMatch(/^alert_acknowledged\{.* 0$/m))
    expect(await text()).toMatch(/^incidents_alertmanager_up 1$/m)
    told.broken = true
    await vi.waitFor(async () => expect(await text()).toMatch(/^incidents_alertmanager_up 0$/m))
    expect(await text()).toMatch(/^alert_acknowledged\{/m)
    await vi.waitFor(async () => expect(await text()).not.toMatch(/^alert_acknowledged\{/m))
    expect(said.filter((words) => words.includes('could not read from Alertmanager'))).toHaveLength(1)
    told.broken = false
    await vi.waitFor(async () => expect(await text()).toMatch(/^alert_acknowledged\{/m))
    expect(said.at(-1)).toBe('Alertmanager tells its alerts and silences again')
  })

  test('say how open incidents stand, and how they were answered', async () => {
    const { told, text, post } = await start()
    told.alerts = [active()]
    await post(notification)
    const late = 'incidents_open{severity="critical",owner="platform",response="late"} 1\n'
    await vi.waitFor(async () => expect(await text()).toContain(late))
    expect(await text()).toContain('sla_response_breached_total{severity="critical",owner="platform"} 1\n')
    told.silences = [silence({ startsAt: new Date().toISOString() })]
    await vi.waitFor(async () => expect(await text()).toContain('response="acknowledged"} 1\n'))
    expect(JSON.parse(await text('/incidents'))).toMatchObject({
      open: [{ acknowledgedBy: 'ann', response: 'breached' }],
    })
  })
})

test('Only who proves to be allowed gets in; that it runs is told to everybody', async () => {
  const guard = guardOf({ token: () => 'hunter2' })
  const { post, text, url, state, said } = await start({ guard })
  expect(await post(notification)).toMatchObject({ status: 401 })
  await vi.waitFor(() =>
    expect(said).toEqual(['refused a notification: Not without the bearer token that EXPORTER_TOKEN holds.']),
  )
  for (const path of ['/metrics', '/incidents']) expect((await fetch(url + path)).status).toBe(401)
  expect(JSON.parse(await text('/health'))).toEqual({ status: 'healthy' })
  const authorization = 'Bearer hunter2'
  expect(await post(notification, { authorization, 'content-type': 'application/json' })).toMatchObject({ status: 200 })
  expect(state.changes).toBe(1)
  const metrics = await (await fetch(`${url}/metrics`, { headers: { authorization } })).text()
  expect(metrics).toContain('incidents_deliveries_total{result="refused"} 1\n')
})

test('A password in the URL of Alertmanager goes by header, and stays out of the log', async () => {
  const watched = await alertmanager()
  watched.told.broken = true
  const url = watched.url.replace('//', '//ann:hunter2@')
  const { said } = await start({ alertmanagerUrl: `${url}/below/` })
  await vi.waitFor(() => expect(said.join()).toContain('/below/api/v2/'))
  expect(said.join()).not.toContain('hunter2')
  expect(watched.told.asked[0]).toBe(`Basic ${btoa('ann:hunter2')} /below/api/v2/status`)
})
