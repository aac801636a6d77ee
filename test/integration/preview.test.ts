import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Browser, type Page, startBrowser } from '../../compose/local/browser.ts'
import { ensurePrograms } from '../../compose/local/programs.ts'
import { run } from '../../compose/local/run.ts'
import { root } from '../../compose/plan.ts'
import { faultsOn, listen, settled, unexplainedOn, visit } from '../../compose/preview-pictures.ts'
import { settle } from '../../compose/watch.ts'
import { models } from '../../dashboards/index.ts'
import { alertsUid } from '../../dashboards/subjects.ts'
import { look } from '../prove/preview.ts'
import { instantQuery } from './instant-query.ts'
import { chooseOn, followOn, hasChart, isolateOn, warningsOn, zoomOn } from './preview-hands.ts'
import { panel } from './preview-stand.ts'
import { runningDemo } from './running-demo.ts'
import { eventually } from './servers.ts'

const demo = runningDemo({ TRAFFIC_RATE: '20' })
let browser: Browser
let url: string
const ends: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  const programs = await ensurePrograms(['chromium'])
  browser = await startBrowser({ program: programs.chromium })
  const { stack, env } = demo
  await settle(`http://${stack.deployment.prometheus}`, { within: 90_000, signal: new AbortController().signal })
  url = `http://127.0.0.1:${env.GRAFANA_PORT}`
  // A rate takes two scrapes, and a graph ends on a multiple of its step.
  const rate = 'rate(http_requests_total{route="/tables"}[1m] offset 30s) > 0'
  await eventually(
    () => instantQuery(`http://${stack.deployment.prometheus}`, rate),
    (found) => found.length > 0,
    { within: 90_000, every: 500 },
  )
}, 300_000)
afterAll(async () => {
  await browser?.close()
  for (const end of ends) await end()
}, 60_000)

/** A page that ends with the test, and what its console said. */
const open = async (path: string) => {
  const page = await browser.open()
  ends.push(() => page.close())
  const said = listen(page)
  await visit(page, path)
  return { page, said }
}

const faultyPanels = (page: Page) => page.locator('.panel.faulty').count()
const queryOf = (page: Page) => new URL(page.url()).searchParams

/** Some things are counted first when they happen, and a rate of them is there two scrapes later. */
const explained = (page: Page) =>
  eventually(
    async () => {
      await page.getByLabel('Refresh now').click()
      await settled(page)
      return unexplainedOn(page)
    },
    (panels) => panels.length === 0,
    { within: 90_000, every: 1000 },
  )

/** Where every chart waits for a job or an incident that the demo has not had, and says so. */
const chartless: ReadonlySet<string> = new Set(['techplus-security', alertsUid('security'), alertsUid('escalation')])

describe.each(models.map(({ uid, title, json }) => ({ uid, title, json })))('$title', ({ uid, title, json }) => {
  test('is drawn from what was measured and can be used, without a fault', async () => {
    const { page, said } = await open(`${url}/d/${uid}?from=now-15m&to=now&refresh=`)
    await explained(page)
    expect(await faultsOn(page)).toEqual([])
    expect(await warningsOn(page)).toEqual([])
    expect(await page.title()).toContain(title)
    const titles = (json.panels ?? []).flatMap((one) => (one.type === 'row' ? [] : (one.title ?? [])))
    expect(await page.locator('.panel').evaluateAll((all) => all.map((one) => one.getAttribute('data-panel')))).toEqual(
      titles,
    )
    const shown = json.templating?.list?.filter(({ type, hide }) => type === 'query' && hide === undefined) ?? []
    expect(await chooseOn(page)).toEqual(shown.map(({ name }) => name))
    expect(await hasChart(page)).toBe(!chartless.has(uid))
    if (await hasChart(page)) {
      const { name, drawn } = await isolateOn(page)
      expect([...drawn]).toEqual([name])
      expect(await zoomOn(page)).toBeCloseTo(7.5, 0)
    }
    // The demo has not run for so long: there may be nothing in that time, but no question goes unanswered.
    expect(await page.locator('.panel.faulty, .variable-fault').count()).toBe(0)
    await followOn(page)
    expect(said).toEqual([])
    await page.close()
  })
})

test('a panel of an alert leads to its entry in the runbook', async () => {
  const { page, said } = await open(`${url}/d/${alertsUid('redis')}?refresh=`)
  const [first = ''] = await page
    .locator('.panel-link')
    .evaluateAll((all) => all.map((one) => Reflect.get(one, 'href')))
  const answer = await fetch(first)
  expect(answer.status).toBe(200)
  expect(await answer.text()).toContain(`id="${new URL(first).hash.slice(1)}"`)
  expect(said).toEqual([])
  await page.close()
})

describe('an engineer at the page', () => {
  test('chooses a value, a time and another dashboard, and keeps the first two', async () => {
    const { page, said } = await open(`${url}/d/techplus-http?refresh=`)
    await page.click('[data-variable=route] button')
    await page.click('[data-variable=route] .choice[data-value="/tables"]')
    await page.keyboard.press('Escape')
    await settled(page)
    expect(queryOf(page).getAll('var-route')).toEqual(['/tables'])
    const legend = panel(page, 'Requests by route').locator('.legend-text')
    await eventually(
      () => legend.allTextContents(),
      (names) => names.join() === '/tables',
    )

    await page.click('.control:has-text("Last 1 hour")')
    await page.click('.choice:has-text("Last 15 minutes")')
    await settled(page)
    expect(Object.fromEntries(queryOf(page))).toMatchObject({ from: 'now-15m', to: 'now' })

    await page.click('.head-link:has-text("Reservations")')
    await page.waitForURL(/techplus-reservations/)
    await settled(page)
    expect(queryOf(page).getAll('var-route')).toEqual(['/tables'])
    expect(Object.fromEntries(queryOf(page))).toMatchObject({ from: 'now-15m', to: 'now' })

    await page.goBack()
    await settled(page)
    await eventually(
      () => legend.allTextContents(),
      (names) => names.join() === '/tables',
    )
    expect(said).toEqual([])
    await page.close()
  })

  test('follows a value to the dashboard of what it is about, and takes the time and all other choices along', async () => {
    const { page, said } = await open(`${url}/d/techplus-overview?from=now-15m&to=now&refresh=&var-route=/tables`)
    const tile = panel(page, 'PostgreSQL').locator('a.tile')
    expect(await tile.locator('.tile-value').textContent()).toBe('UP')
    await tile.click()
    await page.waitForURL(/\/d\/techplus-postgres\?/)
    const others = { 'var-api': '$__all', 'var-route': '/tables', 'var-database': 'main', 'var-redis': 'cache' }
    expect(Object.fromEntries(queryOf(page))).toEqual({ from: 'now-15m', to: 'now', 'var-postgres': 'main', ...others })
    await settled(page)
    const chosen = page.locator('[data-variable=postgres] .control-text')
    expect(await chosen.textContent()).toBe('main')
    expect(said).toEqual([])
    await page.close()
  })

  test('follows a row of a table to what it is about, and takes the time along', async () => {
    const { page, said } = await open(`${url}/d/techplus-http?from=now-15m&to=now&refresh=`)
    await panel(page, 'Routes').getByRole('link', { name: '/tables', exact: true }).first().click()
    await page.waitForURL(/var-route=/)
    await settled(page)
    expect(new URL(page.url()).pathname).toBe('/d/techplus-http')
    expect(Object.fromEntries(queryOf(page))).toMatchObject({ from: 'now-15m', to: 'now', 'var-route': '/tables' })
    expect(await page.locator('[data-variable=route] .control-text').textContent()).toBe('/tables')
    const legend = panel(page, 'Requests by route').locator('.legend-text')
    expect(await legend.allTextContents()).toEqual(['/tables'])
    expect(said).toEqual([])
    await page.close()
  })

  test('reads all values of a moment beside the pointer, takes one line alone, and drags a shorter time', async () => {
    const { page, said } = await open(`${url}/d/techplus-http?from=now-5m&to=now&refresh=`)
    const requests = panel(page, 'Requests by route')
    const names = await requests.locator('.legend-text').allTextContents()
    const area = requests.locator('.u-over')
    const box = (await area.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 }
    await page.mouse.move(box.x + box.width - 40, box.y + 30)
    await page.waitForSelector('.tooltip')
    expect((await page.locator('.tooltip-name').allTextContents()).toSorted()).toEqual(names.toSorted())
    expect(await page.locator('.tooltip-value').first().textContent()).toContain('req/s')

    await requests.locator('.legend-name').first().click()
    expect(await requests.locator('.legend-name.off').count()).toBe(names.length - 1)

    await page.mouse.move(box.x + 50, box.y + 30)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width / 2, box.y + 40, { steps: 4 })
    await page.mouse.up()
    await settled(page)
    const { from, to } = Object.fromEntries(queryOf(page))
    expect(Number(to) - Number(from)).toBeGreaterThan(60_000)
    expect(Number(to) - Number(from)).toBeLessThan(200_000)
    expect(said).toEqual([])
    await page.close()
  })

  test('sorts a table by a click, closes a row, looks at one panel and at its queries', async () => {
    const { page } = await open(`${url}/d/techplus-http?refresh=`)
    const column = panel(page, 'Routes').locator('tbody td:first-child')
    await panel(page, 'Routes').locator('th button:has-text("Route")').click()
    const upwards = await column.allTextContents()
    await panel(page, 'Routes').locator('th button:has-text("Route")').click()
    expect(upwards.length).toBeGreaterThan(1)
    expect(await column.allTextContents()).toEqual(upwards.toReversed())

    const before = await page.locator('.panel').count()
    await page.locator('.row button').first().click()
    expect(await page.locator('.panel').count()).toBeLessThan(before)

    await panel(page, 'Requests by route').hover()
    await panel(page, 'Requests by route').getByLabel('Show the queries').click()
    const query = await page.locator('.query pre').first().textContent()
    expect(query).toContain('http_requests_total')
    expect(query).not.toContain('$')
    await page.keyboard.press('Escape')
    await panel(page, 'Requests by route').getByLabel('Show this panel alone').click()
    await settled(page)
    expect(await page.locator('.panel').count()).toBe(1)
    await page.close()
  })

  test('who followed a link to nothing is told what there is', async () => {
    const { page } = await open(`${url}/d/nothing?from=now-5m`)
    expect(await page.locator('[role=alert]').textContent()).toContain('There is no dashboard nothing')
    await page.click(`a:has-text("${models[1]?.title}")`)
    await page.waitForURL(/\/d\/techplus-.*from=now-5m/)
    await page.close()
  })
})

// How soon that is, over six hours, is `npm run prove -- preview`.
test('a browser that was never there says when it has painted something, and when all is there', async () => {
  const { paint, filled, panels } = await eventually(
    () => look(url),
    ({ faults }) => faults.length === 0,
    { within: 90_000 },
  )
  expect(paint).toBeGreaterThan(0)
  expect(filled).toBeGreaterThanOrEqual(paint)
  expect(panels).toBeGreaterThan(5)
})

test('a Prometheus that stops is told by every panel, and when it is back they go on by themselves', async () => {
  const path = `${url}/d/techplus-postgres?refresh=1s&from=now-5m&to=now`
  const { page } = await open(path)
  const lines = await page.locator('.legend-text').count()
  const asking = await page.locator('.panel:not([data-type=text])').count()
  await demo.component('Prometheus').running.stop()
  await eventually(
    () => faultyPanels(page),
    (count) => count === asking,
  )
  const words = await page.locator('.fault').allTextContents()
  expect(words.filter((one) => !one.includes(`${demo.stack.deployment.prometheus} cannot be reached`))).toEqual([])
  // What was drawn before can still be read, and the page be used.
  expect(await page.locator('.legend-text').count()).toBe(lines)
  await page.locator('.row button').first().click()
  expect(await page.locator('.panel').count()).toBeLessThan(asking)
  await page.locator('.row button').first().click()
  // Whoever comes now is told why nothing can be chosen.
  const { page: late } = await open(path)
  expect(await late.locator('[data-variable] .variable-fault').textContent()).toContain('cannot be reached')
  expect(await faultyPanels(late)).toBe(asking)
  await demo.component('Prometheus').restart()
  for (const one of [page, late]) {
    await eventually(
      () => one.locator('.panel.faulty, .variable-fault').count(),
      (count) => count === 0,
    )
    expect(await one.locator('[data-variable] .control-text').first().textContent()).toBe('main')
    await one.close()
  }
})

test('a picture of a dashboard is taken from the command line, and what is wrong on it fails', async () => {
  const folder = join(demo.folder, 'pictures')
  const preview = (port: number, ...more: readonly string[]) =>
    run([process.execPath, '--import', 'tsx', 'compose/preview.ts', '--png', folder, ...more], {
      cwd: root,
      env: { PROMETHEUS_PORT: String(port) },
    })
  const good = await preview(demo.env.PROMETHEUS_PORT, '--dashboard', 'techplus-redis', '--from', 'now-5m')
  expect(good).toMatchObject({ code: 0, output: expect.stringContaining('techplus-redis.png') })
  const picture = readFileSync(join(folder, 'techplus-redis.png'))
  expect(picture.subarray(1, 4).toString()).toBe('PNG')
  expect(picture.readUInt32BE(16)).toBe(1600)
  expect(picture.readUInt32BE(20)).toBeGreaterThan(900)
  const bad = await preview(demo.env.EXPORTER_PORT, '--dashboard', 'techplus-redis')
  expect(bad).toMatchObject({ code: 1, output: expect.stringContaining('Redis: Memory: ') })
  const before = ['--from', '2020-01-01T00:00:00Z', '--to', '2020-01-01T01:00:00Z']
  const nothing = await preview(demo.env.PROMETHEUS_PORT, '--dashboard', 'techplus-redis', ...before)
  expect(nothing).toMatchObject({
    code: 1,
    output: expect.stringContaining('Redis: Memory: has no data in this range'),
  })
  expect(await preview(1, '--dashboard', 'nothing')).toMatchObject({
    code: 1,
    output: expect.stringContaining('there is no dashboard nothing. Known: techplus-overview'),
  })
  expect(await preview(1, '--from', 'now', '--to', 'now-1h')).toMatchObject({
    code: 1,
    output: expect.stringContaining('--from now --to now-1h: the time ends before it begins'),
  })
  expect(await preview(1, '--width', '5')).toMatchObject({ code: 1, output: expect.stringContaining("'--width'") })
})
