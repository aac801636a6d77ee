import { describe, expect, test } from 'vitest'
import { alertDashboards } from '../../dashboards/alerts.ts'
import { answering, models } from '../../dashboards/index.ts'
import { causes, filledBy, queriesOf } from './filled-by.ts'
import { instantQuery } from './instant-query.ts'
import { runningDemo } from './running-demo.ts'
import { eventually } from './servers.ts'

const queries = queriesOf(answering)

/** Those whose legends quote labels. */
const named = queriesOf(models).filter(({ legend }) => legend.includes('{{'))

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
    const series = await instantQuery(`http://${demo.stack.deployment.prometheus}`, promql)
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
    await Promise.all([...causes].map((cause) => cause(demo)))
    await eventually(
      () => emptyOnes(sometimes),
      (empty) => empty.length === 0,
      fiveMinutes,
    )
  })

  test('name every series that they draw', async () => {
    expect(named.length).toBeGreaterThan(200)
    const nameOf = (legend: string, metric: Readonly<Record<string, string>>) =>
      legend.replace(/\{\{(\w+)\}\}/g, (_, label) => metric[label] ?? '').trim()
    const found = await Promise.all(
      named.map(async ({ name, promql, legend }) => ({
        name,
        series: (await instantQuery(`http://${demo.stack.deployment.prometheus}`, promql)).map(({ metric }) =>
          nameOf(legend, metric),
        ),
      })),
    )
    expect(found.filter(({ series }) => series.length > 0).length).toBeGreaterThan(200)
    expect(found.filter(({ series }) => series.includes('')).map(({ name }) => name)).toEqual([])
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
