import { beforeAll, describe, expect, test } from 'vitest'
import type { Page } from '../../compose/local/browser.ts'
import { faultsOn, settled, visit } from '../../compose/preview-pictures.ts'
import { noData } from '../../dashboards/field.ts'
import { panel, previewStand } from './preview-stand.ts'

/** A series with one label. */
const kind = (value: string, name: string) => `label_replace(vector(${value}), "kind", "${name}", "", "")`
const target = (expr: string, more: object = {}) => ({ refId: 'A', expr, legendFormat: '{{kind}}', ...more })
const rows = (refId: string, expr: string) => ({ refId, expr, format: 'table', instant: true })
const now = { instant: true, range: false }
/** No number in the first half of what is shown. */
const half = `sqrt(vector(time() - ${Math.round(Date.now() / 1000) - 150}))`
const both = `${kind('NaN', 'gone')} or ${kind('1', 'here & there')}`

const mappings = [
  { type: 'value', options: { 1: { text: 'UP', color: 'green', index: 0 } } },
  { type: 'special', options: { match: 'null+nan', result: { text: 'UNKNOWN', color: 'orange', index: 1 } } },
]
const ground = [
  { id: 'custom.cellOptions', value: { type: 'color-background', mode: 'basic' } },
  {
    id: 'mappings',
    value: [
      { type: 'value', options: { 1: { color: '#FFAD66' }, 2: { color: '#008068' }, 3: { color: 'transparent' } } },
    ],
  },
]
const links = [{ title: 'Go', url: `/d/other?\${__url_time_range}&var-kind=\${__field.labels.kind}` }]
const merge = [
  { id: 'merge', options: {} },
  { id: 'organize', options: { excludeByName: { Time: true } } },
]
const saying = (noValue: string, more: object = {}) => ({ defaults: { noValue, ...more }, overrides: [] })

const panels = [
  {
    type: 'stat',
    title: 'Now',
    targets: [target(both, now)],
    options: { graphMode: 'area' },
    fieldConfig: saying('nothing', { mappings, links }),
  },
  {
    type: 'stat',
    title: 'Not there',
    targets: [target('vector(1) > 2', now)],
    fieldConfig: saying(noData, { mappings }),
  },
  { type: 'timeseries', title: 'No ratio', targets: [target('vector(0) / 0')], fieldConfig: saying('Nothing asked') },
  {
    type: 'stat',
    title: 'No ratio now',
    targets: [target('vector(0) / 0', now)],
    fieldConfig: saying('Nothing asked'),
  },
  {
    type: 'table',
    title: 'No ratios',
    targets: [rows('A', `${kind('0', 'x')} / 0`)],
    fieldConfig: saying('Nothing asked'),
  },
  { type: 'timeseries', title: 'Half', targets: [target(half)], fieldConfig: saying('Nothing asked') },
  { type: 'timeseries', title: 'Undeclared', targets: [target('vector(1) > 2')], fieldConfig: saying(noData) },
  {
    type: 'table',
    title: 'Gaps',
    targets: [rows('A', kind('1', 'a')), rows('B', kind('2', 'b'))],
    transformations: merge,
    fieldConfig: {
      defaults: { noValue: 'No rows' },
      overrides: [
        { matcher: { id: 'byName', options: 'Value #B' }, properties: [{ id: 'noValue', value: '–' }] },
        { matcher: { id: 'byName', options: 'kind' }, properties: [{ id: 'noValue', value: '' }] },
      ],
    },
  },
  {
    type: 'table',
    title: 'One fails',
    targets: [rows('A', kind('1', 'a')), rows('B', 'sum(')],
    transformations: merge,
  },
  {
    type: 'table',
    title: 'One is empty',
    targets: [rows('A', kind('1', 'a')), rows('B', 'vector(1) > 2')],
    transformations: merge,
  },
  {
    type: 'table',
    title: 'Ordered',
    targets: [
      rows('A', `${kind('1', 'a')} or ${kind('0', 'b')} or ${kind('0', 'c')} or ${kind('0', 'd')}`),
      rows('B', `${kind('9', 'b')} or ${kind('-6', 'c')}`),
    ],
    transformations: merge,
    options: {
      sortBy: [
        { displayName: 'Value #A', desc: false },
        { displayName: 'Value #B', desc: false },
      ],
    },
  },
  {
    type: 'table',
    title: 'Grounds',
    targets: [rows('A', ['1', '2', '3'].map((value) => kind(value, value)).join(' or '))],
    transformations: merge,
    fieldConfig: {
      defaults: {},
      overrides: [
        { matcher: { id: 'byName', options: 'Value' }, properties: [...ground, { id: 'links', value: links }] },
      ],
    },
  },
  {
    type: 'table',
    title: 'Led',
    targets: [rows('A', `${kind('0', 'a')} or vector(1)`), rows('B', kind('2', 'a'))],
    transformations: merge,
    fieldConfig: saying('–', { links: [{ title: 'Go', url: `/d/\${__value.raw}` }] }),
  },
  { type: 'stat', title: 'Of $kept, $lost and $foreign', targets: [target('vector(1)')] },
].map((panel, place) => ({
  ...panel,
  id: place + 1,
  gridPos: { x: (place % 3) * 8, y: Math.floor(place / 3) * 6, w: 8, h: 6 },
}))

const custom = { type: 'custom', name: 'kept', query: 'one,two', hide: 2 }
const dashboards = [
  {
    uid: 'values',
    title: 'Values',
    panels,
    links: [{ type: 'dashboards', tags: [], keepTime: true, includeVars: true }],
    templating: {
      list: [
        custom,
        { type: 'query', name: 'lost', query: 'query_result(sum()', hide: 2 },
        { type: 'custom', name: 'bare', label: 'Bare', query: 'x,y', hide: 1 },
        { type: 'custom', name: 'named', label: 'Named', query: 'x,y' },
      ],
    },
  },
  { uid: 'other', title: 'Other', panels: [], templating: { list: [custom] } },
]

const stand = previewStand()
let url: string
beforeAll(async () => {
  url = await stand.serve(dashboards)
}, 60_000)

const open = async (query = '') => {
  const page = await stand.browser.open()
  await visit(page, `${url}/d/values?from=now-5m&to=now&refresh=${query}`)
  return page
}
const queryIn = (href: string | null) => Object.fromEntries(new URL(href ?? '', url).searchParams)
const titles = (page: Page, title: string) => panel(page, title).locator('th').allTextContents()

describe('a value of now', () => {
  test('is named by its series and told by its mapping, and has no line', async () => {
    const page = await open()
    const now = panel(page, 'Now')
    expect(await now.locator('.tile-name').allTextContents()).toEqual(['gone', 'here & there'])
    expect(await now.locator('.tile-value').allTextContents()).toEqual(['UNKNOWN', 'UP'])
    const styles = await now.locator('.tile').evaluateAll((all) => all.map((one) => one.getAttribute('style')))
    // Grafana's orange and green.
    expect(styles).toEqual(['color: rgb(255, 152, 48);', 'color: rgb(115, 191, 105);'])
    expect(await now.locator('.sparkline').count()).toBe(0)
    expect(await panel(page, 'Not there').locator('.tile-value').innerText()).toBe('UNKNOWN')
    expect(await panel(page, 'Not there').locator('.empty').count()).toBe(0)
    await page.close()
  })

  test('leads to what it is about, and its neighbour to something else', async () => {
    const page = await open()
    const tiles = panel(page, 'Now').locator('a.tile')
    const queries = await Promise.all([0, 1].map(async (place) => queryIn(await tiles.nth(place).getAttribute('href'))))
    expect(queries).toEqual([
      { from: 'now-5m', to: 'now', 'var-kind': 'gone' },
      { from: 'now-5m', to: 'now', 'var-kind': 'here & there' },
    ])
    await page.close()
  })
})

describe('what is no number', () => {
  test.each(['No ratio', 'No ratio now', 'No ratios'])('is no data: %s', async (title) => {
    const page = await open()
    expect(await panel(page, title).locator('.empty').allTextContents()).toEqual(['Nothing asked'])
    await page.close()
  })

  test('hides no number after it', async () => {
    const page = await open()
    expect(await panel(page, 'Half').locator('canvas').isVisible()).toBe(true)
    expect(await panel(page, 'Half').locator('.empty').count()).toBe(0)
    await page.close()
  })

  test('is a fault of the page only where nobody said what it means', async () => {
    const page = await open()
    expect(await faultsOn(page)).toEqual([
      expect.stringContaining('One fails: '),
      'Not there: has no data in this range',
      'Undeclared: has no data in this range',
    ])
    await page.close()
  })
})

describe('a table', () => {
  test('says in a cell without a value what its column, else the panel, says', async () => {
    const page = await open()
    const cells = await panel(page, 'Gaps').locator('td').allTextContents()
    expect(cells).toEqual(['a', '1', '–', 'b', 'No rows', '2'])
    await page.close()
  })

  test('leads from a cell with a value, be it nought, and from none that says what stands in place of one', async () => {
    const page = await open()
    const led = panel(page, 'Led')
    // Two rows: one has no label, and no second value.
    expect(await led.locator('td').allTextContents()).toEqual(['a', '0', '2', '–', '1', '–'])
    const hrefs = await led.locator('td a').evaluateAll((all) => all.map((one) => one.getAttribute('href')))
    expect(hrefs).toEqual(['/d/a', '/d/0', '/d/2', '/d/1'])
    await page.close()
  })

  test('stands in the order of one column, and of the next where rows are alike; what is empty comes last', async () => {
    const page = await open()
    expect(await panel(page, 'Ordered').locator('td:first-child').allTextContents()).toEqual(['c', 'b', 'd', 'a'])
    expect(await titles(page, 'Ordered')).toEqual(['kind', 'Value #A ↑', 'Value #B ↑'])
    await page.close()
  })

  test.each([
    ['dark', 'rgb(247, 248, 250)'],
    ['light', 'rgb(32, 34, 38)'],
  ])('lays letters, also of links, on a ground that can be read there, on a %s page', async (theme, onNothing) => {
    const page = await open(`&theme=${theme}`)
    const letters = await panel(page, 'Grounds')
      .locator('td[style*=background] a')
      .evaluateAll((all) => all.map((one) => [one.textContent, Reflect.get(globalThis, 'getComputedStyle')(one).color]))
    expect(letters).toEqual([
      ['1', 'rgb(32, 34, 38)'],
      ['2', 'rgb(247, 248, 250)'],
      ['3', onNothing],
    ])
    await page.close()
  })

  test('names values by the queries that are answered, be it with nothing', async () => {
    const page = await open()
    expect(await titles(page, 'Gaps')).toEqual(['kind', 'Value #A', 'Value #B'])
    expect(await titles(page, 'One is empty')).toEqual(['kind', 'Value #A', 'Value #B'])
    expect(await titles(page, 'One fails')).toEqual(['kind', 'Value'])
    await page.close()
  })
})

describe('a variable', () => {
  const labels = (page: Page) => page.locator('[data-variable] .variable-label').allTextContents()

  test('that is hidden keeps its choice, even if its values cannot be read', async () => {
    const page = await open('&var-kept=two&var-lost=main&var-foreign=1')
    expect(await page.locator('[data-variable=kept], [data-variable=lost], .variable-fault').count()).toBe(0)
    const named = panel(page, 'Of $kept, $lost and $foreign')
    expect(await named.locator('.panel-title').textContent()).toBe('Of two, main and $foreign')
    expect(await named.locator('.tile-value').textContent()).toBe('1')
    await page.close()
  })

  test('begins with its first value where it is hidden, and shows only its value where its label is', async () => {
    const page = await open()
    expect(await panel(page, 'Of $kept, $lost and $foreign').locator('.panel-title').textContent()).toContain('Of one,')
    expect(await page.locator('[data-variable=bare] .control-text').textContent()).toBe('x')
    expect(await labels(page)).toEqual(['Named'])
    await page.close()
  })

  test('that the dashboard does not define is carried nowhere', async () => {
    const page = await open('&var-kept=two&var-lost=main&var-foreign=1')
    const kept = { 'var-kept': 'two', 'var-lost': 'main', 'var-bare': 'x', 'var-named': 'x' }
    const { from, to, ...carried } = queryIn(await page.locator('.head-link').getAttribute('href'))
    expect(carried).toEqual(kept)
    await page.getByLabel('Paint it light').click()
    await settled(page)
    expect(queryIn(page.url())).toEqual({ from, to, ...kept, theme: 'light' })
    await page.goto(`${url}/d/other?${new URL(page.url()).searchParams}`)
    await settled(page)
    await page.getByLabel('Paint it dark').click()
    await settled(page)
    expect(queryIn(page.url())).toEqual({ from, to, 'var-kept': 'two', theme: 'dark' })
    await page.close()
  })
})
