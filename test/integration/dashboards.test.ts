import { describe, expect, test } from 'vitest'
import { alertDashboards } from '../../dashboards/alerts.ts'
import { answering } from '../../dashboards/index.ts'
import type { ApiFault } from '../../demo/faults.ts'
import { type Demo, runningDemo } from './running-demo.ts'
import { eventually } from './servers.ts'

/** What is chosen when a dashboard is opened for the first time: all of many, and of one the demo's only target. */
const chosen: Readonly<Record<string, string>> = {
  api: '.*',
  route: '.*',
  database: 'main',
  postgres: 'main',
  redis: 'cache',
}
/** What Grafana would fill in, where the range is the last five minutes. */
const filledIn = (expr: string) =>
  expr
    .replaceAll('$__rate_interval', '1m')
    .replaceAll('$__range', '5m')
    .replace(/"\$([a-z]\w*)"/g, (_match, name: string) => {
      if (chosen[name] === undefined) throw new Error(`nothing is chosen for $${name}`)
      return JSON.stringify(chosen[name])
    })

const queriesOf = (dashboards: typeof answering) =>
  dashboards.flatMap(({ uid, asked }) =>
    asked.map(({ panel, refId, expr, emptyWhen }) => ({
      name: `${uid}: ${panel} (${refId})`,
      promql: filledIn(expr),
      emptyWhen,
    })),
  )
const queries = queriesOf(answering)

type Cause = (demo: Demo) => Promise<unknown>
const fault =
  (name: ApiFault): Cause =>
  (demo) =>
    demo.bringAbout(name)

/** Somebody was told. */
const isOpen = (demo: Demo, alertname: string) =>
  eventually(
    async () => (await fetch(`http://${demo.stack.deployment.incidents}/incidents`)).text(),
    (text) => text.includes(`"${alertname}"`),
    { within: 240_000, every: 1_000 },
  )

/** Somebody was told of it, and acknowledges it. */
const answered =
  (cause: Cause, alertname: string): Cause =>
  async (demo) => {
    await cause(demo)
    await isOpen(demo, alertname)
    const [startsAt, endsAt] = [0, 3_600_000].map((later) => new Date(Date.now() + later))
    const matchers = [{ name: 'alertname', value: alertname, isRegex: false, isEqual: true }]
    const answer = await fetch(`http://${demo.stack.deployment.alertmanager}/api/v2/silences`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ matchers, startsAt, endsAt, createdBy: 'ann', comment: 'on it' }),
    })
    if (!answer.ok) throw new Error(`no silence was made: ${answer.status} ${await answer.text()}`)
  }

/** Redis is down until somebody was told, and comes back. */
const outage: Cause = async (demo) => {
  const redis = demo.component('Redis')
  await redis.running.stop()
  await isOpen(demo, 'RedisDown')
  await redis.restart()
}

/** What fills a query that may find nothing, for those that the demo's usual traffic leaves empty. */
const filledBy: Readonly<Record<string, Cause>> = {
  'Nothing fires': answered(fault('connections'), 'PostgresConnectionsNearLimit'),
  'No incident was timed': outage,
  'Every request was answered with 2xx or 3xx, or none was counted': fault('errors'),
  'Every index was read, or the server was not scraped': fault('unused-index'),
  'Nobody waits for anybody, or the server was not scraped': fault('blocked'),
  'No table is being vacuumed, or the server was not scraped': fault('slow-vacuum'),
}

/** What the demo has not: that it is exported is proven with its alerts, on servers with a standby, a replica, or a right that is missing. */
const notHere: ReadonlySet<string> = new Set([
  'It has no replica, or was not scraped',
  'It is a master, or was not scraped',
  'Every collector succeeds, or the exporter was not scraped',
  'The kernel does not tell pressure (psi=1), or the host was not scraped',
  'It has no standby, or was not scraped',
  'It has no replication slot, or was not scraped',
  'No autovacuum was at work, or the server was not scraped',
])

/** They show what jobs left, of which the demo runs some, each at its time. That it is exported is proven with their alerts. */
const ofJobs = /^techplus-(?:jobs|security): /

/** As the first scrapes, the recording rules and a rate over two scrapes take. */
const fiveMinutes = { within: 300_000, every: 2_000 }

describe('the dashboards of a running demo', { timeout: 600_000 }, () => {
  const demo = runningDemo({ TRAFFIC_RATE: '10' })

  const valuesOf = async (promql: string) => {
    const answer = await fetch(`http://${demo.stack.deployment.prometheus}/api/v1/query`, {
      method: 'POST',
      body: new URLSearchParams({ query: promql }),
    })
    const { status, data, error } = JSON.parse(await answer.text())
    if (status !== 'success') throw new Error(`${promql}: ${error}`)
    const series: readonly { readonly value: readonly [number, string] }[] = data.result
    return series.map(({ value }) => value[1])
  }
  const finds = async (promql: string) => (await valuesOf(promql)).some((value) => !Number.isNaN(Number(value)))
  const emptyOnes = async (asked: readonly (typeof queries)[number][]) => {
    const found = await Promise.all(asked.map(({ promql }) => finds(promql)))
    return asked.filter((_, place) => !found[place]).map(({ name }) => name)
  }
  test('have data for every query that gives no reason for having none, within five minutes', async () => {
    const always = queries.filter(({ emptyWhen }) => emptyWhen === undefined)
    expect(always.length).toBeGreaterThan(100)
    await eventually(
      () => emptyOnes(always),
      (empty) => empty.length === 0,
      fiveMinutes,
    )
  })

  test('show what most alerts judge, though nothing is wrong, and ask nothing that cannot be answered', async () => {
    const asked = queriesOf(alertDashboards)
    // Blocked sessions, replicas, spills and the like are there only when they are.
    await eventually(
      () => emptyOnes(asked),
      (empty) => empty.length < asked.length / 2,
      fiveMinutes,
    )
  })

  test('have data for the others as soon as there is what they show', async () => {
    const sometimes = queries.filter(
      ({ name, emptyWhen }) => emptyWhen !== undefined && !notHere.has(emptyWhen) && !ofJobs.test(name),
    )
    const reasons = new Set(sometimes.map(({ emptyWhen }) => emptyWhen))
    expect(Object.keys(filledBy).filter((reason) => !reasons.has(reason))).toEqual([])
    await Promise.all(Object.values(filledBy).map((cause) => cause(demo)))
    await eventually(
      () => emptyOnes(sometimes),
      (empty) => empty.length === 0,
      fiveMinutes,
    )
  })

  test('say of what can no longer be scraped that it is not scraped, and show no old value as the present one', async () => {
    const stats = answering.flatMap(({ uid, json }) =>
      (json.panels ?? []).flatMap((panel) =>
        panel.type === 'stat' && 'targets' in panel
          ? [{ name: `${uid}: ${panel.title}`, targets: panel.targets ?? [] }]
          : [],
      ),
    )
    const old = stats.filter(({ targets }) => targets.some((target) => Reflect.get(target, 'instant') !== true))
    // What Prometheus records by itself, it goes on recording.
    expect(old.map(({ name }) => name)).toEqual(['techplus-overview: Error budget left'])

    const state = queries.find(({ name }) => name === 'techplus-overview: PostgreSQL (A)')
    if (!state) throw new Error('no state of PostgreSQL')
    expect(await valuesOf(state.promql)).toEqual(['1'])
    await demo.component('Exporter').running.stop()
    await eventually(
      () => valuesOf(state.promql),
      (values) => values.join() === '-1',
      { within: 60_000, every: 1_000 },
    )
    await demo.component('Exporter').restart()
    await eventually(
      () => valuesOf(state.promql),
      (values) => values.join() === '1',
      { within: 60_000, every: 1_000 },
    )
  })
})
