import { describe, expect, test } from 'vitest'
import { settle } from '../../compose/watch.ts'
import { askedAddresses } from '../commands.ts'
import { instantQuery, instantValue } from './instant-query.ts'
import { runningDemo } from './running-demo.ts'
import { eventually } from './servers.ts'

interface Page {
  readonly status: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

interface Incident {
  readonly labels: Readonly<Record<string, string>>
  readonly standing: string
}

/** A scrape, a `for` of one or two minutes, a group interval, and what a busy machine adds. */
const pagesWithin = { within: 300_000, every: 1_000 }

describe('the running stack', { timeout: 600_000 }, () => {
  const demo = runningDemo({ TRAFFIC_RATE: '10' })

  const pages = async (): Promise<readonly Page[]> => {
    const answer = await fetch(`${demo.stack.deployment.pager}/alerts`)
    return JSON.parse(await answer.text())
  }
  const page = (status: string, alertname: string, labels: Readonly<Record<string, string>> = {}) =>
    eventually(
      async () =>
        (await pages()).find(
          (one) =>
            one.status === status &&
            one.labels.alertname === alertname &&
            Object.entries(labels).every(([label, value]) => one.labels[label] === value),
        ),
      (found) => found !== undefined,
      pagesWithin,
    )
  test('scrapes every target and evaluates every rule', async () => {
    const { states, faults } = await settle(`http://${demo.stack.deployment.prometheus}`, {
      within: 90_000,
      signal: new AbortController().signal,
    })
    expect(states.filter(({ health }) => health !== 'up')).toEqual([])
    expect(faults).toEqual([])
    expect(new Set(states.map(({ job }) => job))).toEqual(
      new Set([
        'api',
        'probe',
        'postgres',
        'reservations',
        'redis',
        'jobs',
        'exporter',
        'incidents',
        'prometheus',
        'alertmanager',
        'blackbox',
        'node',
      ]),
    )
    const failing = '{__name__=~"(pg|redis|reservations|maintenance)_scrape_collector_success"} == 0'
    expect(await instantQuery(`http://${demo.stack.deployment.prometheus}`, failing)).toEqual([])
  })

  test('answers whatever the commands of the runbook ask of it', async () => {
    const { prometheus, alertmanager, exporter, incidents, nodeExporter } = demo.stack.deployment
    const { api = '', apiMetrics = '' } = demo.stack.deployment
    const places: Readonly<Record<string, string>> = {
      3000: new URL(api).host,
      9090: prometheus,
      9093: alertmanager,
      9100: nodeExporter,
      9464: exporter,
      9465: new URL(apiMetrics).host,
      9466: incidents,
    }
    const answers = await Promise.all(
      askedAddresses.map(async (asked) => {
        const url = new URL(asked)
        url.host = places[asked.port] ?? ''
        const answer = await fetch(url)
        return answer.ok ? [] : [`${asked}: ${answer.status} ${await answer.text()}`]
      }),
    )
    expect(answers.flat()).toEqual([])
  })

  test('a latency promise that burns brings its page, with what to do', async () => {
    await demo.bringAbout('slow')
    const found = await page('firing', 'HttpLatencyBudgetBurn', { severity: 'critical', slo: 'http_latency' })
    expect(found?.labels).toMatchObject({ owner: 'platform', slo_window: '1h', burn_rate: '14.4' })
    expect(found?.annotations.summary).toContain('99 % of API requests are answered within 500 ms')
    expect(found?.annotations.action).toMatch(/\w/)
    // What to do stands where the alert leads to.
    const [address = '', anchor = ''] = (found?.annotations.runbook_url ?? '').split('#')
    const answer = await fetch(address)
    expect(answer.status).toBe(200)
    expect(await answer.text()).toContain(`<a id="${anchor}"></a>`)
    await demo.clear('slow')
  })

  /** Zero where there is no such series yet. */
  const value = async (expr: string): Promise<number> =>
    (await instantValue(`http://${demo.stack.deployment.prometheus}`, expr)) ?? 0
  const incidents = async (state: 'open' | 'closed'): Promise<readonly Incident[]> => {
    const all = JSON.parse(await (await fetch(`http://${demo.stack.deployment.incidents}/incidents`)).text())[state]
    return all.filter(({ labels }: Incident) => labels.alertname === 'RedisDown')
  }
  /** As whoever takes the page does. Returns what takes it back. */
  const answer = async (alertname: string, createdBy: string) => {
    const api = `http://${demo.stack.deployment.alertmanager}/api/v2`
    const asked = await fetch(`${api}/silences`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        matchers: [{ name: 'alertname', value: alertname, isRegex: false }],
        startsAt: new Date().toISOString(),
        endsAt: new Date(Date.now() + 3_600_000).toISOString(),
        createdBy,
        comment: 'on it',
      }),
    })
    const { silenceID } = JSON.parse(await asked.text())
    return () => fetch(`${api}/silence/${silenceID}`, { method: 'DELETE' })
  }

  test('Redis that stops brings a page, which a silence answers, and is one incident, over when it is back', async () => {
    const of = '{severity="critical",owner="platform"}'
    const counted = async () => ({
      all: await value(`incidents_total${of}`),
      met: await value(`sla_response_met_total${of}`),
    })
    const before = await counted()
    const redis = demo.component('Redis')
    await redis.running.stop()
    await page('firing', 'RedisDown', { severity: 'critical', instance: 'cache', owner: 'platform' })
    const told = await eventually(
      () => incidents('open'),
      ({ length }) => length > 0,
    )
    expect(told).toMatchObject([{ severity: 'critical', owner: 'platform', standing: 'waiting' }])
    const takeBack = await answer('RedisDown', 'ann')
    await eventually(
      () => value('alert_acknowledged{alertname="RedisDown"}'),
      (acknowledged) => acknowledged === 1,
      { within: 90_000, every: 1_000 },
    )
    // A silence that holds would hold back the word of the end as well.
    await takeBack()
    await redis.restart()
    await page('resolved', 'RedisDown')
    const over = await eventually(
      () => incidents('closed'),
      ({ length }) => length > 0,
    )
    expect(over).toMatchObject([{ acknowledgedBy: 'ann', response: 'met', standing: 'over' }])
    await eventually(counted, ({ all, met }) => all > before.all && met > before.met, pagesWithin)
  })

  test('in the end every rule has been evaluated, those that have a turn every five minutes too', async () => {
    const rulesAt = `http://${demo.stack.deployment.prometheus}/api/v1/rules`
    const healths = async () => (await (await fetch(rulesAt)).text()).match(/"health":"\w+"/g) ?? []
    const found = await eventually(healths, (all) => all.every((health) => health === '"health":"ok"'), {
      within: 360_000,
      every: 2_000,
    })
    expect(found.length).toBeGreaterThan(200)
  })

  test('the dead man’s switch arrives all the while', async () => {
    const { pager } = demo.stack.deployment
    await eventually(
      async () => JSON.parse(await (await fetch(`${pager}/heartbeat`)).text()),
      (answer: { count: number }) => answer.count > 0,
      pagesWithin,
    )
  })
})
