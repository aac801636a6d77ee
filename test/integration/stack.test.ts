import { describe, expect, test } from 'vitest'
import { settle } from '../../compose/watch.ts'
import { askedAddresses } from '../commands.ts'
import { runningDemo } from './running-demo.ts'
import { eventually } from './servers.ts'

interface Page {
  readonly status: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
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
        'exporter',
        'prometheus',
        'alertmanager',
        'blackbox',
        'node',
      ]),
    )
    const failing = await fetch(
      `http://${demo.stack.deployment.prometheus}/api/v1/query?query=${encodeURIComponent('{__name__=~"(pg|redis|reservations)_scrape_collector_success"} == 0')}`,
    )
    expect(JSON.parse(await failing.text()).data.result).toEqual([])
  })

  test('answers whatever the commands of the runbook ask of it', async () => {
    const { prometheus, alertmanager, exporter, api = '', apiMetrics = '', nodeExporter } = demo.stack.deployment
    const places: Readonly<Record<string, string>> = {
      3000: new URL(api).host,
      9090: prometheus,
      9093: alertmanager,
      9100: nodeExporter,
      9464: exporter,
      9465: new URL(apiMetrics).host,
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

  test('PostgreSQL and Redis that stop bring critical pages, and resolved ones when they are back', async () => {
    const outage = [demo.component('PostgreSQL'), demo.component('Redis')]
    await Promise.all(outage.map(({ running }) => running.stop()))
    await Promise.all([
      page('firing', 'PostgresDown', { severity: 'critical', instance: 'main', owner: 'platform' }),
      page('firing', 'RedisDown', { severity: 'critical', instance: 'cache', owner: 'platform' }),
    ])
    await Promise.all(outage.map(({ restart }) => restart()))
    await Promise.all([page('resolved', 'PostgresDown'), page('resolved', 'RedisDown')])
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
