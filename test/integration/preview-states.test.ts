import { createServer } from 'node:http'
import { beforeAll, describe, expect, test } from 'vitest'
import { settled, visit } from '../../compose/preview-pictures.ts'
import { panel, previewStand } from './preview-stand.ts'
import { eventually, freePort } from './servers.ts'

/** Prometheus makes these by itself: none of them needs anything to be scraped. */
const evil = '<img src=x onerror=document.body.dataset.broken=1> & *more* #1'
const labelled = `label_replace(vector(7), "kind", ${JSON.stringify(evil)}, "", "")`

const target = (expr: string, more: object = {}) => ({ refId: 'A', expr, ...more })
/** On no step: the first that is asked for lies before. */
const began = Date.UTC(2026, 0, 1, 0, 0, 7)

const panels = [
  { type: 'timeseries', title: 'Line', targets: [target(labelled, { legendFormat: '{{kind}}' })] },
  {
    type: 'stat',
    title: 'Value of $evil',
    targets: [target(labelled, { legendFormat: '{{kind}}' })],
    options: { textMode: 'value_and_name' },
    fieldConfig: { defaults: { links: [{ title: 'x', url: 'javascript:alert(1)' }] } },
  },
  {
    type: 'table',
    title: 'Table',
    targets: [target(labelled, { format: 'table', instant: true })],
    fieldConfig: {
      defaults: {},
      overrides: [
        {
          matcher: { id: 'byName', options: 'kind' },
          properties: [
            { id: 'links', value: [{ title: 'Go', url: `/d/other?\${__url_time_range}&x=\${__data.fields.kind}` }] },
          ],
        },
        {
          matcher: { id: 'byName', options: 'Value' },
          properties: [
            { id: 'unit', value: 's' },
            { id: 'mappings', value: [{ type: 'value', options: { 7: { text: 'seven', color: 'red' } } }] },
          ],
        },
      ],
    },
    transformations: [{ id: 'organize', options: { excludeByName: { Time: true } } }],
  },
  {
    type: 'text',
    title: 'Text',
    options: { content: `**bold** $evil\n\n<script>document.body.dataset.broken=1</script>` },
  },
  {
    type: 'timeseries',
    title: 'Empty',
    targets: [target('vector(1) > 2')],
    fieldConfig: { defaults: { noValue: 'All is well' } },
  },
  {
    type: 'timeseries',
    title: 'Before',
    targets: [target(`vector(1) unless (vector(time()) >= ${began / 1000})`)],
    fieldConfig: { defaults: { noValue: 'Nothing since then' } },
  },
  { type: 'timeseries', title: 'Wrong', targets: [target('sum(')] },
  {
    type: 'timeseries',
    title: 'Half wrong',
    targets: [target('sum('), { refId: 'B', expr: 'vector(3)', legendFormat: 'three' }],
  },
  { type: 'candlestick', title: 'Strange', targets: [target('vector(1)')] },
  ...Array.from({ length: 8 }, (_, place) => ({
    type: 'stat',
    title: `More ${place}`,
    targets: [target(`vector(${place})`)],
  })),
].map((panel, place) => ({
  ...panel,
  id: place + 1,
  gridPos: { x: (place % 3) * 8, y: Math.floor(place / 3) * 6, w: 8, h: 6 },
}))

const dashboard = {
  uid: 'states',
  title: 'States',
  panels,
  templating: {
    list: [
      { type: 'custom', name: 'evil', query: evil },
      { type: 'query', name: 'broken', label: 'Broken', query: 'query_result(sum()' },
    ],
  },
}

/** Stands between the page and Prometheus, and holds questions back while it is asked to. */
const gate = async (upstream: string) => {
  const waiting = new Set<() => void>()
  const seen = { holding: false, most: 0, asked: 0, left: 0 }
  let under = 0
  const server = createServer(async (request, response) => {
    seen.asked += 1
    seen.most = Math.max(seen.most, ++under)
    response.once('close', () => {
      under -= 1
      if (!response.writableFinished) seen.left += 1
    })
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    if (seen.holding) {
      await new Promise<void>((go) => {
        waiting.add(go)
        response.once('close', () => waiting.delete(go))
      })
    }
    const { method = 'GET', url = '' } = request
    const type = request.headers['content-type']
    const answer = await fetch(`${upstream}${url}`, {
      method,
      ...(method === 'POST' && { body: Buffer.concat(chunks), ...(type && { headers: { 'content-type': type } }) }),
    })
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text())
  })
  const port = await freePort()
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    waiting: () => waiting.size,
    release: () => {
      seen.holding = false
      for (const go of waiting) go()
      waiting.clear()
    },
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

const stand = previewStand()
let between: Awaited<ReturnType<typeof gate>>
let url: string

beforeAll(async () => {
  between = await gate(stand.prometheus)
  stand.after(() => between.close())
  url = await stand.serve([dashboard], { prometheusUrl: between.url })
}, 60_000)

const open = async (query = 'refresh=') => {
  const page = await stand.browser.open()
  await visit(page, `${url}/d/states?from=now-5m&to=now&${query}`)
  return page
}

describe('what comes from Prometheus', () => {
  test('is text wherever it stands, and leads nowhere but to pages', async () => {
    const page = await open()
    expect(await panel(page, 'Line').locator('.legend-text').textContent()).toBe(evil)
    expect(await panel(page, 'Value of $evil').locator('.tile-name').textContent()).toBe(evil)
    expect(await panel(page, 'Value of $evil').locator('.panel-title').textContent()).toBe(`Value of ${evil}`)
    expect(await panel(page, 'Value of $evil').locator('a').count()).toBe(0)
    expect(await panel(page, 'Text').locator('.markdown').innerText()).toBe(`bold ${evil}`)
    expect(await page.locator('.panel img, .panel script, .head img').count()).toBe(0)
    expect(await page.locator('body[data-broken]').count()).toBe(0)
    const link = panel(page, 'Table').locator('td a')
    expect(await link.textContent()).toBe(evil)
    const { searchParams } = new URL((await link.getAttribute('href')) ?? '', url)
    expect(Object.fromEntries(searchParams)).toEqual({ from: 'now-5m', to: 'now', x: evil })
    await page.close()
  })

  test('gets names, units and colours as the panel says', async () => {
    const page = await open()
    const cells = panel(page, 'Table').locator('td')
    expect(await cells.allTextContents()).toEqual([evil, 'seven'])
    expect(await panel(page, 'Value of $evil').locator('.tile-value').textContent()).toBe('7')
    await page.close()
  })
})

describe('a panel', () => {
  test('that finds nothing says what that means', async () => {
    const page = await open()
    expect(await panel(page, 'Empty').locator('.empty').textContent()).toBe('All is well')
    expect(await panel(page, 'Empty').locator('.fault').count()).toBe(0)
    await page.close()
  })

  test('that found something only at the step before the range says that there is nothing in it', async () => {
    const page = await stand.browser.open()
    await visit(page, `${url}/d/states?from=${began}&to=${began + 300_000}&refresh=`)
    expect(await panel(page, 'Before').locator('.empty').textContent()).toBe('Nothing since then')
    await page.close()
  })

  test('whose query is wrong says it in Prometheus’ words, and its good query is drawn', async () => {
    const page = await open()
    expect(await panel(page, 'Wrong').locator('.fault').textContent()).toContain('parse error')
    expect(await panel(page, 'Half wrong').locator('.fault').textContent()).toContain('parse error')
    expect(await panel(page, 'Half wrong').locator('.legend-text').textContent()).toBe('three')
    expect(await page.locator('.panel.faulty').count()).toBe(2)
    await page.close()
  })

  test('of a kind that the preview does not draw says so', async () => {
    const page = await open()
    expect(await panel(page, 'Strange').locator('.empty').textContent()).toContain(
      'cannot draw a panel of the type candlestick',
    )
    await page.close()
  })

  test('keeps what it shows while it loads, and says that it does', async () => {
    const page = await open()
    between.seen.holding = true
    await page.getByLabel('Refresh now').click()
    await eventually(
      () => between.waiting(),
      (held) => held > 0,
    )
    expect(await page.locator('.panel.loading').count()).toBeGreaterThan(0)
    expect(await panel(page, 'Half wrong').locator('.legend-text').textContent()).toBe('three')
    between.release()
    await settled(page)
    expect(await page.locator('.panel.loading').count()).toBe(0)
    await page.close()
  })
})

test('a variable whose query fails says so beside itself, and the panels go on', async () => {
  const page = await open()
  expect(await page.locator('[data-variable=broken] .variable-fault').textContent()).toContain('parse error')
  expect(await panel(page, 'More 5').locator('.tile-value').textContent()).toBe('5')
  await page.close()
})

test('a newer round ends the questions of the one before, and never are more than six under way', async () => {
  const page = await open()
  Object.assign(between.seen, { holding: true, most: 0, asked: 0, left: 0 })
  await page.getByLabel('Refresh now').click()
  await eventually(
    () => between.waiting(),
    (held) => held > 0,
  )
  const first = between.seen.asked
  await page.getByLabel('Refresh now').click()
  await eventually(
    () => between.seen.left,
    (left) => left === first,
    // Sooner than the server itself would give up.
    { within: 10_000 },
  )
  between.release()
  await settled(page)
  expect(between.seen.most).toBeLessThanOrEqual(6)
  expect(await panel(page, 'More 7').locator('.tile-value').textContent()).toBe('7')
  await page.close()
})

test('a page that refreshes by itself does not ask again while an answer is awaited', async () => {
  const page = await stand.browser.open()
  await page.clock.install()
  await visit(page, `${url}/d/states?from=now-5m&to=now&refresh=5s`)
  const before = between.seen.asked
  await page.clock.runFor(6_000)
  await eventually(
    () => between.seen.asked,
    (asked) => asked > before + panels.length / 2,
  )
  await settled(page)
  Object.assign(between.seen, { holding: true, left: 0 })
  await page.getByLabel('Refresh now').click()
  await eventually(
    () => between.waiting(),
    (held) => held > 0,
  )
  const { asked } = between.seen
  // Six rounds, and less than the page waits for an answer.
  await page.clock.runFor(30_000)
  expect(between.seen).toMatchObject({ asked, left: 0 })
  between.release()
  await settled(page)
  await page.close()
})

const few = { ...dashboard, panels: panels.slice(0, 3), templating: { list: [] } }

test('a Prometheus that is too slow is told by each panel, with how long it was waited for', async () => {
  const slow = await stand.serve([few], { prometheusUrl: between.url, timeout: 300 })
  between.seen.holding = true
  const page = await stand.browser.open()
  await visit(page, `${slow}/d/states?refresh=`)
  expect(await page.locator('.fault').allTextContents()).toEqual(
    Array(3).fill(`Prometheus at ${between.url} did not answer within 0.3 s.`),
  )
  between.release()
  await page.getByLabel('Refresh now').click()
  await settled(page)
  expect(await page.locator('.fault').count()).toBe(0)
  await page.close()
})
