import { describe, expect, test } from 'vitest'
import { models } from '../../dashboards/index.ts'
import type { ApiFault } from '../../demo/faults.ts'
import { runningDemo } from './running-demo.ts'
import { eventually } from './servers.ts'

/** What Grafana would fill in: everything is chosen, and the range is the last five minutes. */
const filledIn = (expr: string) =>
  expr
    .replaceAll('$__rate_interval', '1m')
    .replaceAll('$__range', '5m')
    .replace(/"\$\w+"/g, '".*"')

const queries = models.flatMap(({ uid, asked }) =>
  asked.map(({ panel, refId, expr, emptyWhen }) => ({
    name: `${uid}: ${panel} (${refId})`,
    promql: filledIn(expr),
    emptyWhen,
  })),
)

/** What fills a query that may find nothing, for those that the demo's usual traffic leaves empty. */
const filledBy: Readonly<Record<string, ApiFault>> = {
  'Nothing fires': 'connections',
  'Every request was answered with 2xx or 3xx': 'errors',
  'Every index was read': 'unused-index',
}

/** As the first scrapes, the recording rules and a rate over two scrapes take. */
const fiveMinutes = { within: 300_000, every: 2_000 }

describe('the dashboards of a running demo', { timeout: 600_000 }, () => {
  const demo = runningDemo({ TRAFFIC_RATE: '10' })

  const finds = async (promql: string) => {
    const answer = await fetch(`http://${demo.stack.deployment.prometheus}/api/v1/query`, {
      method: 'POST',
      body: new URLSearchParams({ query: promql }),
    })
    const { status, data, error } = JSON.parse(await answer.text())
    if (status !== 'success') throw new Error(`${promql}: ${error}`)
    const series: readonly { readonly value: readonly [number, string] }[] = data.result
    return series.some(({ value }) => !Number.isNaN(Number(value[1])))
  }
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

  test('have data for the others as soon as there is what they show', async () => {
    const sometimes = queries.filter(({ emptyWhen }) => emptyWhen !== undefined)
    const reasons = new Set(sometimes.map(({ emptyWhen }) => emptyWhen))
    expect(Object.keys(filledBy).filter((reason) => !reasons.has(reason))).toEqual([])
    for (const fault of Object.values(filledBy)) await demo.bringAbout(fault)
    await eventually(
      () => emptyOnes(sometimes),
      (empty) => empty.length === 0,
      fiveMinutes,
    )
  })
})
