import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startPostgres } from '../../compose/local/postgres.ts'
import { type Running, type Server, startProcess } from '../../compose/local/process.ts'
import { ensurePrograms } from '../../compose/local/programs.ts'
import { startAlertmanager } from '../../compose/local/servers.ts'
import { yaml } from '../../compose/yaml.ts'
import { postgresLedger } from '../../exporters/incidents/postgres-ledger.ts'
import type { Task } from './incidents-child.ts'
import { eventually, freePort, workshop } from './servers.ts'

const child = fileURLToPath(new URL('incidents-child.ts', import.meta.url))
const shop = workshop()
const programs = await ensurePrograms(['alertmanager', 'alertmanager-0.3'])
const second = 1_000
const responseTimes = { critical: 30 * second, high: 3 * second }
const settleMs = 2 * second

const database = { dataDir: join(shop.folder, 'postgres'), port: 0, durable: false }
let postgres: Server
let ofOwn = ''
beforeAll(async () => {
  database.port = await freePort()
  postgres = await startPostgres(database)
  await asAdmin("create database incidents; create role recorder login password 'hunter2'")
  ofOwn = Object.assign(new URL(postgres.url), {
    username: 'recorder',
    password: 'hunter2',
    pathname: '/incidents',
  }).href
})
afterAll(async () => {
  await postgres.stop()
  await shop.end()
})
const asAdmin = async (sql: string, name = 'postgres') => {
  const client = new Client(Object.assign(new URL(postgres.url), { pathname: `/${name}` }).href)
  await client.connect()
  try {
    // Each by itself: a database is not made within a transaction.
    for (const statement of sql.split('; ')) await client.query(statement)
  } finally {
    await client.end()
  }
}

/** An Alertmanager that tells a recorder, which can be killed and started again. */
const stand = async (name: string, ledger: Task['ledger'], version: keyof typeof programs = 'alertmanager') => {
  const [port, alertmanagerPort] = [await freePort(), await freePort()]
  const configFile = join(shop.folder, `${name}.yml`)
  const to = { url: `http://127.0.0.1:${port}/alertmanager`, send_resolved: true }
  const times = { group_wait: '1ms', group_interval: '1s', repeat_interval: '1h' }
  writeFileSync(
    configFile,
    yaml({
      route: { receiver: 'recorder', group_by: ['...'], ...times },
      receivers: [{ name: 'recorder', webhook_configs: [to] }],
    }),
  )
  const dataDir = join(shop.folder, `alertmanager-${name}`)
  const alertmanager = shop.keep(
    await startAlertmanager({ program: programs[version], port: alertmanagerPort, dataDir, configFile }),
  )
  const task: Task = { port, alertmanagerUrl: alertmanager.url, ledger, responseTimes, settleMs }
  let running: Running | undefined
  const start = async (wrap: readonly string[] = []) => {
    running = shop.keep(
      await startProcess({
        name: 'recorder',
        home: join(shop.folder, `recorder-${name}`),
        command: process.execPath,
        args: ['--import', 'tsx', child, JSON.stringify(task)],
        wrap,
        ready: async () => (await fetch(`http://127.0.0.1:${port}/health`)).ok,
      }),
    )
    return running.pid
  }
  const kill = async () => {
    if (running) process.kill(running.pid, 'SIGKILL')
    await running?.exited
  }
  const api = async (path: string, body?: object, method = body ? 'POST' : 'GET') => {
    const sent = body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
    const response = await fetch(`${alertmanager.url}/api/v2/${path}`, { method, ...sent })
    const words = await response.text()
    if (!response.ok) throw new Error(`${path}: ${words}`)
    return words
  }
  const alert = (alertname: string, more: object = {}, severity = 'critical') =>
    api('alerts', [
      { labels: { alertname, severity, owner: 'platform' }, annotations: { summary: alertname }, ...more },
    ])
  const silence = async (alertname: string) => {
    const matchers = [{ name: 'alertname', value: `${alertname}|Never`, isRegex: true }]
    const endsAt = new Date(Date.now() + 600 * second).toISOString()
    const made = await api('silences', {
      matchers,
      startsAt: new Date().toISOString(),
      endsAt,
      createdBy: 'ann',
      comment: '',
    })
    return String(JSON.parse(made).silenceID)
  }
  /** Values by series, as they are now. */
  const metrics = async () => {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    const lines = [...text.matchAll(/^([^#\s]\S*) (\S+)$/gm)]
    return new Map(lines.map(([, series = '', value]) => [series, Number(value)]))
  }
  const shows = (series: string, value: number | undefined) =>
    eventually(
      async () => (await metrics()).get(series),
      (now) => now === value,
    )
  const stop = async () => void (await running?.stop())
  return { start, kill, stop, api, alert, silence, metrics, shows }
}

const by = (severity: string) => `{severity="${severity}",owner="platform"}`
const acknowledged = (name: string) =>
  `alert_acknowledged{instance="",job="",alertname="${name}",owner="platform",severity="critical"}`
const now = () => new Date().toISOString()

describe.each([
  ['a file', 'alertmanager', () => ({ folder: join(shop.folder, 'incidents') })],
  ['PostgreSQL', 'alertmanager-0.3', () => ({ url: ofOwn })],
] as const)('With %s and %s', (kind, version, ledgerOf) => {
  let on: Awaited<ReturnType<typeof stand>>
  beforeAll(async () => {
    if (kind === 'PostgreSQL') await asAdmin('grant create on schema public to recorder', 'incidents')
    on = await stand(kind.slice(-4), ledgerOf(), version)
    await on.start()
  })
  afterAll(async () => on.stop())

  test('a silence made while the recorder was killed acknowledges; taken away it covers no more', async () => {
    await on.alert('Answered')
    await on.shows(`incidents_total${by('critical')}`, 1)
    await on.kill()
    const id = await on.silence('Answered')
    await on.start()
    await on.shows(`sla_response_met_total${by('critical')}`, 1)
    await on.shows(acknowledged('Answered'), 1)
    await on.api(`silence/${id}`, undefined, 'DELETE')
    await on.shows(acknowledged('Answered'), 0)
    const metrics = await on.metrics()
    expect(metrics.get(`incident_time_to_acknowledge_seconds_count${by('critical')}`)).toBe(1)
    expect(metrics.get(`incidents_open{severity="critical",owner="platform",response="acknowledged"}`)).toBe(1)
  })

  test('an end while the recorder was killed is told again by Alertmanager, and counted once', async () => {
    await on.kill()
    await on.alert('Answered', { endsAt: now() })
    await on.start()
    await on.shows(`incident_time_to_resolve_seconds_count${by('critical')}`, 1)
    expect((await on.metrics()).get(`incidents_total${by('critical')}`)).toBe(1)
  })

  test('an alert that ends while it is silenced is over, although nobody is told', async () => {
    await on.alert('Quiet')
    await on.shows(`incidents_total${by('critical')}`, 2)
    await on.silence('Quiet')
    await on.shows(acknowledged('Quiet'), 1)
    await on.alert('Quiet', { endsAt: now() })
    await on.shows(`incident_time_to_resolve_seconds_count${by('critical')}`, 2)
    await on.shows(acknowledged('Quiet'), undefined)
  })

  test('one nobody answers is a breach, once, however often the recorder is killed', async () => {
    await on.alert('Late', {}, 'high')
    await on.shows(`incidents_total${by('high')}`, 1)
    await on.kill()
    await on.start()
    await on.shows(`sla_response_breached_total${by('high')}`, 1)
    await on.kill()
    await on.start()
    await on.alert('Late', { endsAt: now() }, 'high')
    await on.shows(`incident_time_to_resolve_seconds_count${by('high')}`, 1)
    const metrics = await on.metrics()
    expect(metrics.get(`sla_response_breached_total${by('high')}`)).toBe(1)
    expect(metrics.get(`sla_response_met_total${by('high')}`)).toBe(0)
  })

  test('each of many is counted once, though the recorder is killed among them', async () => {
    const before = (await on.metrics()).get(`incidents_total${by('critical')}`) ?? 0
    for (const round of [1, 2]) {
      for (let number = 0; number < 15; number += 1) await on.alert(`Many${round}-${number}`)
      await on.kill()
      await on.start()
    }
    await on.shows(`incidents_total${by('critical')}`, before + 30)
    for (let number = 0; number < 15; number += 1) await on.alert(`Many1-${number}`, { endsAt: now() })
    await on.kill()
    await on.start()
    await on.shows(`incident_time_to_resolve_seconds_count${by('critical')}`, 2 + 15)
    expect((await on.metrics()).get(`incidents_total${by('critical')}`)).toBe(before + 30)
  })
})

test('A full disk loses nothing: what could not be kept is told again once there is room', async () => {
  const on = await stand('full', { folder: join(shop.folder, 'full') })
  // A limit on the size of a file fails as a full disk does, also in the middle of a line, and needs no rights.
  const pid = await on.start(['sh', '-c', 'ulimit -S -f 4; exec "$@"', 'sh'])
  for (let number = 0; number < 12; number += 1) await on.alert(`Full${number}`)
  await eventually(on.metrics, (now) => (now.get('incidents_deliveries_total{result="failed"}') ?? 0) > 0)
  await on.shows('incidents_ledger_up', 0)
  execFileSync('prlimit', ['--pid', String(pid), '--fsize=unlimited'])
  await on.shows(`incidents_total${by('critical')}`, 12)
  await on.shows('incidents_ledger_up', 1)
  await on.kill()
  await on.start()
  await on.shows(`incidents_total${by('critical')}`, 12)
})

test('A database that is away loses nothing: the recorder waits for it, also when it begins', async () => {
  const on = await stand('away', { url: postgres.url })
  await on.start()
  await on.alert('Before')
  await on.shows(`incidents_total${by('critical')}`, 1)
  await postgres.stop()
  await on.alert('Meanwhile')
  await eventually(on.metrics, (now) => (now.get('incidents_deliveries_total{result="failed"}') ?? 0) > 0)
  await on.kill()
  await on.start()
  await on.shows('incidents_ledger_up', 0)
  expect((await on.metrics()).get(`incidents_total${by('critical')}`)).toBeUndefined()
  postgres = await startPostgres(database)
  await on.shows(`incidents_total${by('critical')}`, 2)
  await on.shows('incidents_ledger_up', 1)
  await on.stop()
})

describe('In PostgreSQL', () => {
  const ledgerOf = (url: string) => postgresLedger({ url: () => url, tell: () => undefined })
  const incident = (fingerprint: string) => {
    const labels = { alertname: 'Both\0', severity: 'critical', owner: 'platform' }
    const rest = {
      severity: 'critical',
      owner: 'platform',
      summary: '',
      links: {},
      respondWithin: 1,
      took: { notify: 1 },
    }
    const times = { startsAt: 1, notifiedAt: 2, response: 'undecided' as const, settled: false }
    return { id: `${fingerprint}/1`, fingerprint, labels, ...rest, ...times }
  }
  const total = (ledger: Awaited<ReturnType<typeof ledgerOf>>) => [...(ledger.book?.tallies() ?? [])][0]?.incidents

  test('two recorders on one database count an incident once, and each knows what the other wrote', async () => {
    await asAdmin('create database shared')
    const url = Object.assign(new URL(postgres.url), { pathname: '/shared' }).href
    const ledgers = await Promise.all([ledgerOf(url), ledgerOf(url)])
    const unknown = (fingerprint: string) => (book: NonNullable<(typeof ledgers)[0]['book']>) =>
      book.known(fingerprint).open ? [] : [incident(fingerprint)]
    const numbers = [...Array(20).keys()]
    await Promise.all(ledgers.flatMap((one) => numbers.map((number) => one.change(unknown(`a${number}`)))))
    for (const one of ledgers) await one.change(() => [])
    expect(ledgers.map(total)).toEqual([20, 20])
    for (const one of ledgers) await one.close()
    const again = await ledgerOf(url)
    expect(total(again)).toBe(20)
    await again.close()
  })

  test('whether it could keep more is told, and leaves nothing there', async () => {
    await asAdmin('create database probed')
    const url = Object.assign(new URL(postgres.url), { pathname: '/probed' }).href
    const ledger = await ledgerOf(url)
    expect(await ledger.change(() => [])).toBe(false)
    await ledger.probe()
    await ledger.change(() => [incident('a')])
    // As a full disk does, it lets them read.
    await asAdmin(
      "create function refuse_row() returns trigger language plpgsql as 'begin raise exception ''no space'';end'; create trigger refuse_row before insert on incidents execute function refuse_row()",
      'probed',
    )
    await expect(ledger.probe()).rejects.toThrow('no space')
    await asAdmin('drop trigger refuse_row on incidents', 'probed')
    await ledger.probe()
    await ledger.close()
    const again = await ledgerOf(url)
    expect(total(again)).toBe(1)
    await again.close()
  })

  test('a right that is missing is named, with what grants it', async () => {
    await asAdmin('create database bare')
    const url = Object.assign(new URL(ofOwn), { pathname: '/bare' }).href
    await expect(ledgerOf(url)).rejects.toThrow('grant create on schema public to "recorder"')
    await asAdmin('create table incidents (id int); grant select on incidents to recorder', 'bare')
    await expect(ledgerOf(url)).rejects.toThrow('grant insert, update on incidents to "recorder"')
    await asAdmin('grant insert, update on incidents to recorder', 'bare')
    await expect(ledgerOf(url)).rejects.toThrow('there is a table incidents that is not ours')
  })
})
