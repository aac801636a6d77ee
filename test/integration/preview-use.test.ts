import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Page } from '../../compose/local/browser.ts'
import { faultsOn, settled, takePictures, type Vision, visit } from '../../compose/preview-pictures.ts'
import { warningsOn } from './preview-hands.ts'
import { panel, previewStand } from './preview-stand.ts'
import { eventually } from './servers.ts'

const minute = 60_000
const began = Math.floor(Date.now() / 1000) * 1000
const deployed = began - 2 * minute
const [from, to] = [began - 5 * minute, began + 10 * minute]

const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
/** Two requests a second, of which the last that took long says by which trace it was seen. */
const metrics = () => {
  const count = Math.floor((Date.now() - began) / 500) + 1
  return [
    '# TYPE asked_seconds histogram',
    `asked_seconds_bucket{le="0.1"} ${count}`,
    `asked_seconds_bucket{le="1"} ${2 * count} # {trace_id="${trace}"} 0.7 ${began / 1000}`,
    `asked_seconds_bucket{le="+Inf"} ${2 * count}`,
    `asked_seconds_count ${2 * count}`,
    `asked_seconds_sum ${count}`,
    '# EOF',
    '',
  ].join('\n')
}

const line = (value: number, name: string) => ({ refId: name, expr: `vector(${value})`, legendFormat: name })
const panels = [
  { type: 'timeseries', title: 'Lines', targets: [line(1, 'one'), line(2, 'two'), line(3, 'three')] },
  {
    type: 'timeseries',
    title: 'Seconds',
    fieldConfig: { defaults: { unit: 's' } },
    targets: [
      {
        refId: 'A',
        expr: 'histogram_quantile(0.9, sum by (le) (rate(asked_seconds_bucket[1m])))',
        legendFormat: 'p90',
        exemplar: true,
      },
    ],
  },
  { type: 'timeseries', title: 'Many', targets: Array.from({ length: 30 }, (_, value) => line(value, `m${value}`)) },
  { type: 'stat', title: 'Now', targets: [line(1, 'A')] },
].map((panel, place) => ({ ...panel, id: place + 1, gridPos: { x: place * 6, y: 0, w: 6, h: 8 } }))

const annotations = [
  {
    name: 'Deployment',
    enable: true,
    iconColor: 'blue',
    expr: `label_replace(vector(${deployed}), "version", "1.2.3", "", "")`,
    useValueForTime: true,
    titleFormat: 'Deployed',
    textFormat: 'version {{version}}',
  },
  {
    name: 'Backup',
    enable: true,
    iconColor: 'green',
    expr: `vector((time() >= bool ${began / 1000 - 240}) * (time() < bool ${began / 1000 - 60}))`,
  },
  { name: 'Broken', enable: false, expr: 'sum(' },
  { name: 'Annotations & Alerts', builtIn: 1, enable: true },
]

const dashboards = [{ uid: 'use', title: 'Use', panels, annotations: { list: annotations } }]

const stand = previewStand({ metrics })
let url: string
beforeAll(async () => {
  url = await stand.serve(dashboards)
}, 60_000)

const open = async (query = '') => {
  const page = await stand.browser.open()
  await visit(page, `${url}/d/use?from=${from}&to=${to}&refresh=${query}`)
  return page
}
const queryOf = (page: Page) => Object.fromEntries(new URL(page.url()).searchParams)

describe('an annotation', () => {
  test('is marked on every chart at its moment, or for its while, and says what it is', async () => {
    const page = await open()
    for (const title of ['Lines', 'Seconds']) {
      const marks = panel(page, title).locator('.mark')
      expect(await marks.count()).toBe(2)
      const area = (await panel(page, title).locator('.u-over').boundingBox()) ?? { x: 0, width: 1 }
      const places = await marks.evaluateAll((all) =>
        all.map((one) => [one.getBoundingClientRect().left, one.getBoundingClientRect().right]),
      )
      const moments = places.map((edges) => edges.map((x) => from + ((x - area.x) / area.width) * (to - from)))
      const pixel = (to - from) / area.width
      const [backup = [], deployment = []] = moments
      // Asked for by the minute.
      expect(Math.abs((backup[0] ?? 0) - (began - 4 * minute))).toBeLessThan(minute + pixel)
      expect(Math.abs((backup[1] ?? 0) - (began - minute))).toBeLessThan(minute + 2 * pixel)
      expect(Math.abs((deployment[0] ?? 0) - deployed)).toBeLessThan(2 * pixel)
    }
    await panel(page, 'Lines').locator('.note').last().hover()
    // All that last lie in one layer, so that several at once paint a chart no darker than one.
    const layers = await panel(page, 'Lines')
      .locator('.spans')
      .evaluateAll((all) =>
        all.map((layer) => [
          layer.children.length,
          Number(Reflect.get(globalThis, 'getComputedStyle')(layer).opacity) < 0.2,
        ]),
      )
    expect(layers).toEqual([[2, true]])
    expect(await page.locator('.tooltip').innerText()).toMatch(/Deployed\s+version 1\.2\.3$/)
    expect(await panel(page, 'Now').locator('.mark').count()).toBe(0)
    await page.close()
  })

  test('is switched off and on in the head, which the address keeps', async () => {
    const page = await open()
    const switches = page.getByRole('switch')
    expect(await switches.allTextContents()).toEqual(['Deployment', 'Backup', 'Broken'])
    await switches.filter({ hasText: 'Backup' }).click()
    await settled(page)
    expect(queryOf(page)).toMatchObject({ 'mark-Backup': 'off' })
    expect(await panel(page, 'Lines').locator('.mark').count()).toBe(1)
    await page.reload()
    await settled(page)
    expect(await panel(page, 'Lines').locator('.mark').count()).toBe(1)
    await switches.filter({ hasText: 'Backup' }).click()
    await settled(page)
    expect(await panel(page, 'Lines').locator('.mark').count()).toBe(2)
    await page.close()
  })

  test('that cannot be read says so beside its switch, and the panels go on', async () => {
    const page = await open('&mark-Broken=on')
    expect(await faultsOn(page)).toEqual([expect.stringContaining('Broken: ')])
    expect(await page.locator('[data-annotation=Broken] .variable-fault').textContent()).toContain('parse error')
    expect(await panel(page, 'Lines').locator('.mark').count()).toBe(2)
    await page.close()
  })
})

test('a request that a query counted is a dot at its moment and height, and names its trace', async () => {
  const page = await open()
  const dot = panel(page, 'Seconds').locator('.exemplar')
  await eventually(
    async () => {
      await page.keyboard.press('d')
      await page.keyboard.press('r')
      await settled(page)
      return dot.count()
    },
    (count) => count === 1,
  )
  await dot.hover()
  const told = await page.locator('.tooltip').innerText()
  expect(told).toContain(trace)
  expect(told).toContain('700 ms')
  expect(await warningsOn(page)).toEqual([])
  await panel(page, 'Seconds')
    .locator('.legend-name')
    .click({ modifiers: ['Control'] })
  expect(await dot.count()).toBe(0)
  await page.close()
})

test('exemplars that cannot be read are told beside the queries, and the panel goes on', async () => {
  const page = await stand.browser.open()
  await page.route('**/query_exemplars', (route) =>
    route.fulfill({ status: 400, json: { status: 'error', error: 'none' } }),
  )
  await visit(page, `${url}/d/use?from=${from}&to=${to}&refresh=`)
  expect(await warningsOn(page)).toEqual([expect.stringContaining('Seconds: Exemplars: ')])
  expect(await faultsOn(page)).toEqual([])
  await page.close()
})

test('a click takes one line alone, and with Ctrl another joins it', async () => {
  const page = await open()
  const lines = panel(page, 'Lines')
  const shown = () => lines.locator('.legend-name:not(.off)').allTextContents()
  await lines.locator('.legend-name:has-text("two")').click()
  expect(await shown()).toEqual(['two'])
  await lines.locator('.legend-name:has-text("three")').click({ modifiers: ['Control'] })
  expect(await shown()).toEqual(['two', 'three'])
  await page.close()
})

test.each([
  ['nonsense', 'now'],
  ['now', 'now-1h'],
])('an address that asks for %s to %s is told what is shown instead', async (since, until) => {
  const page = await stand.browser.open()
  await visit(page, `${url}/d/use?from=${since}&to=${until}&refresh=`)
  const words = `The address asks for ${since} to ${until}, which is no time. Shown instead: Last 6 hours.`
  expect(await page.getByRole('alert').allTextContents()).toEqual([words])
  expect(await faultsOn(page)).toContain(words)
  const picker = page.locator('.control:has(.icon + .control-text)').first()
  expect(await picker.textContent()).toContain('Last 6 hours')
  await page.getByLabel('Paint it light').click()
  await settled(page)
  expect(queryOf(page)).toMatchObject({ from: 'now-6h', to: 'now' })
  expect(await page.getByRole('alert').count()).toBe(0)
  await page.close()
})

describe('the keyboard', () => {
  const press = async (page: Page, ...keys: readonly string[]) => {
    for (const key of keys) await page.keyboard.press(key)
    await settled(page)
  }

  test('shows its keys, and closes what is open one by one', async () => {
    const page = await open()
    await page.keyboard.press('?')
    expect(await page.locator('dialog kbd').allTextContents()).toEqual(
      expect.arrayContaining(['t', 'z', 'v', 'home', 'esc']),
    )
    await page.keyboard.press('Escape')
    await page.locator('dialog').waitFor({ state: 'detached' })
    await page.getByLabel('Show the keys').click()
    expect(await page.locator('dialog').count()).toBe(1)
    await page.keyboard.press('Escape')
    await page.locator('dialog').waitFor({ state: 'detached' })

    await panel(page, 'Lines').hover()
    await press(page, 'v')
    expect(await page.locator('.panel').count()).toBe(1)
    expect(queryOf(page)).toMatchObject({ viewPanel: '1' })
    await page.locator('.head h1 button').click()
    await press(page, 'Escape')
    expect(await page.locator('.popup').count()).toBe(0)
    expect(await page.locator('.panel').count()).toBe(1)
    await press(page, 'Escape')
    expect(await page.locator('.panel').count()).toBe(panels.length)
    await page.close()
  })

  test('moves the time, changes the theme, and writes into a field what is typed there', async () => {
    const page = await open()
    const length = to - from
    await press(page, 't', 'ArrowLeft')
    expect(queryOf(page)).toMatchObject({ from: String(from - length / 2), to: String(to - length / 2) })
    await press(page, 't', 'ArrowLeft', 't', 'ArrowRight')
    // There is nothing to be seen of what comes: it goes on no further than now.
    expect(Number(queryOf(page).to)).toBeLessThanOrEqual(Date.now())
    expect(Number(queryOf(page).to)).toBeGreaterThanOrEqual(began)
    await press(page, 't', 'z')
    expect(Number(queryOf(page).to) - Number(queryOf(page).from)).toBe(2 * length)
    await press(page, 'c', 't')
    expect(queryOf(page)).toMatchObject({ theme: 'light' })
    await page.locator('.control:has(.icon + .control-text)').first().click()
    const before = page.url()
    await page.getByLabel('From').fill('')
    await press(page, 't', 'z', 'v', '?')
    expect(await page.getByLabel('From').inputValue()).toBe('tzv?')
    expect(page.url()).toBe(before)
    await page.close()
  })

  test('reaches everything by Tab, and stays where it is when the page is drawn anew', async () => {
    const page = await open()
    const names = new Set<string>()
    const focused = async () => {
      const [found = ''] = await page
        .locator(':focus')
        .evaluateAll((all) => all.map((one) => one.getAttribute('aria-label') ?? one.textContent ?? ''))
      return found
    }
    let name = ''
    do {
      await page.keyboard.press('Tab')
      name = await focused()
      if (name) names.add(name)
    } while (name && names.size < 60)
    const wanted = ['Zoom out', 'Show the keys', 'Deployment', 'Show the queries', 'Show this panel alone', 'two']
    expect([...names]).toEqual(expect.arrayContaining(wanted))
    // One stop leads to all that is marked on a chart.
    const marked = panel(page, 'Lines').locator('.note')
    await marked.first().focus()
    await page.keyboard.press('ArrowRight')
    expect(await focused()).toContain('version 1.2.3')
    expect(await page.locator('.tooltip').textContent()).toContain('version 1.2.3')
    for (const place of ['Zoom out', 'Show the keys']) {
      await page.getByLabel(place).focus()
      await press(page, 'd', 'r')
      expect(await focused()).toBe(place)
    }
    await panel(page, 'Lines').locator('.legend-name:has-text("two")').focus()
    await press(page, 'Enter', 'd', 'r')
    expect(await focused()).toBe('two')
    await page.close()
  })
})

describe('a chart', () => {
  const tooltip = (page: Page) => page.locator('.tooltip')
  const timeOf = async (page: Page) => Date.parse((await tooltip(page).locator('.tooltip-time').textContent()) ?? '')

  test('is read by the keyboard as by the pointer, and tells it aloud', async () => {
    const page = await open()
    const chart = page.getByRole('application', { name: 'Lines' })
    const voice = panel(page, 'Lines').getByRole('status')
    await chart.focus()
    expect(await tooltip(page).count()).toBe(0)
    await page.keyboard.press('Home')
    const first = await timeOf(page)
    expect(first).toBeGreaterThanOrEqual(from)
    await page.keyboard.press('ArrowRight')
    const second = await timeOf(page)
    expect(second - first).toBe(15_000)
    expect(await tooltip(page).locator('.tooltip-row').allTextContents()).toEqual(['one1', 'two2', 'three3'])
    expect(await voice.textContent()).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?, one 1, two 2, three 3$/)
    // Where the pointer says the same.
    const area = (await panel(page, 'Lines').locator('.u-over').boundingBox()) ?? { x: 0, y: 0, width: 1, height: 1 }
    const pointer = area.x + (area.width * (second - from)) / (to - from)
    const cursors = await page
      .locator('.u-over:not(:empty) > .u-cursor-x')
      .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().left))
    expect(Math.abs((cursors[0] ?? 0) - pointer)).toBeLessThan(2)
    await page.mouse.move(pointer, area.y + area.height / 2)
    expect(await timeOf(page)).toBe(second)
    await page.mouse.move(0, 0)

    await page.keyboard.press('End')
    expect(await timeOf(page)).toBeGreaterThan(second)
    await page.keyboard.press('ArrowLeft')
    const read = await timeOf(page)
    await page.keyboard.press('d')
    await page.keyboard.press('r')
    await settled(page)
    expect(await timeOf(page)).toBe(read)
    await page.keyboard.press('Escape')
    expect(await tooltip(page).count()).toBe(0)
    expect(await voice.textContent()).toBe('')
    await page.keyboard.press('ArrowLeft')
    expect(await tooltip(page).count()).toBe(1)
    await page.getByLabel('Zoom out').focus()
    expect(await tooltip(page).count()).toBe(0)
    await page.close()
  })

  test('of more lines than have room beside the pointer names the one that it is on', async () => {
    const page = await open()
    const area = (await panel(page, 'Many').locator('.u-over').boundingBox()) ?? { x: 0, y: 0, width: 1, height: 1 }
    await page.mouse.move(area.x + area.width / 4, area.y + 1)
    expect(await tooltip(page).locator('.tooltip-row.near .tooltip-name').textContent()).toBe('m29')
    expect(await tooltip(page).locator('.tooltip-row').count()).toBe(24)
    expect(await tooltip(page).locator('.hint').textContent()).toBe('and 6 more')
    await page.close()
  })
})

/** In the page, which can read a picture: how far its most colourful pixel is from grey. */
const mostColour = `async (text) => {
  const bitmap = await createImageBitmap(await (await fetch('data:image/png;base64,' + text)).blob())
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d')
  context.drawImage(bitmap, 0, 0)
  const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height)
  let most = 0
  for (let at = 0; at < data.length; at += 4)
    most = Math.max(most, Math.abs(data[at] - data[at + 1]), Math.abs(data[at + 1] - data[at + 2]))
  return most
}`

test('a picture is taken with the eyes of somebody who sees no colours', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pictures-'))
  stand.after(() => rmSync(folder, { recursive: true }))
  const page = await stand.browser.open()
  const colour = async (vision?: Vision): Promise<unknown> => {
    const state = new URLSearchParams({ from: String(from), to: String(to) })
    await takePictures({ dashboards, url, folder, state, say: () => undefined, ...(vision && { vision }) })
    return page.evaluate(`(${mostColour})('${readFileSync(join(folder, 'use.png')).toString('base64')}')`)
  }
  expect(await colour()).toBeGreaterThan(50)
  expect(await colour('achromatopsia')).toBeLessThan(3)
  await page.close()
})
