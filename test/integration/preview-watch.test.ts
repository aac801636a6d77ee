import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Page } from '../../compose/local/browser.ts'
import { type Running, startProcess } from '../../compose/local/process.ts'
import { settled, visit } from '../../compose/preview-pictures.ts'
import { editions } from '../../dashboards/preview/editions.ts'
import { checkout } from './compiler.ts'
import { panel, previewStand } from './preview-stand.ts'
import { freePort } from './servers.ts'

const stand = previewStand()
const source = checkout('config', 'metrics', 'exporters', 'alerts', 'dashboards', 'compose')
let preview: Running
let url: string

/** When checks of types begin and end, a line each, and of which project; each takes long enough to meet the next. */
const checks = join(source.folder, 'made/checks')
const recorder = join(source.folder, 'made/recorder.mjs')
writeFileSync(checks, '')
writeFileSync(
  recorder,
  `import { appendFileSync, existsSync } from 'node:fs'
   const [, program = '', , project] = process.argv
   if (program.endsWith('/typescript/bin/tsc')) {
     const tell = (what) => appendFileSync(${JSON.stringify(checks)}, what + ' ' + project + '\\n')
     // A newer Node would become the compiler here, and not be there at its end.
     process.execve = undefined
     tell('begins')
     process.on('exit', () => tell(existsSync(project) ? 'ends' : 'was pulled from under it'))
     Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400)
   }`,
)
const told = () => readFileSync(checks, 'utf8').trim().split('\n')

beforeAll(async () => {
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  preview = await startProcess({
    name: 'Preview',
    home: join(source.folder, 'made'),
    command: process.execPath,
    args: ['--import', 'tsx', 'compose/preview.ts', '--watch'],
    cwd: source.folder,
    env: {
      GRAFANA_PORT: String(port),
      PROMETHEUS_URL: stand.prometheus,
      NODE_OPTIONS: `--import ${pathToFileURL(recorder)}`,
    },
    // An end waits for the check that runs.
    grace: 60_000,
    ready: async () => (await fetch(`${url}/health`)).ok,
  })
}, 60_000)
afterAll(async () => {
  await preview?.stop()
  source.end()
}, 60_000)

const file = join(source.folder, 'dashboards/stack.ts')
const text = readFileSync(file, 'utf8')
const question = 'Is everything watched?'
/** As editors save: another file in place of it. */
const save = (next: string) => {
  writeFileSync(`${file}.new`, next)
  renameSync(`${file}.new`, file)
}

test('a dashboard is drawn anew when its source changes, and stays while that does not compile', async () => {
  const page = await stand.browser.open()
  await visit(page, `${url}/d/techplus-stack?from=now-5m&to=now&refresh=`)
  const row = (title: string) => page.locator(`.row button:has-text("${title}")`)
  const fault = page.locator('.source-fault')
  await page.getByLabel('Paint it light').click()
  await settled(page)
  const address = page.url()
  // It is the same page: nothing of it was loaded again.
  await page.evaluate('document.body.dataset.mine = "yes"')

  save(text.replace(question, 'Is all of it watched?'))
  await row('Is all of it watched?').waitFor()
  expect(await row(question).count()).toBe(0)

  // An expression that lacks a parenthesis, and one that names what is not there: the second is found by types alone.
  save(`${text}\nconst broken = (`)
  await fault.filter({ hasText: 'dashboards/stack.ts' }).waitFor()
  expect(await row('Is all of it watched?').count()).toBe(1)
  save(`${text}\nexport const broken: string = 1`)
  await fault.filter({ hasText: "Type 'number' is not assignable to type 'string'" }).waitFor()
  expect(await row('Is all of it watched?').count()).toBe(1)

  save(text)
  await row(question).waitFor()
  expect(await fault.count()).toBe(0)
  await settled(page)
  expect(page.url()).toBe(address)
  expect(await page.locator('body[data-mine]').count()).toBe(1)
  await page.close()
})

/** Charts of these titles. */
const drawn = (...titles: readonly string[]) => {
  const panels = titles.map((title, id) => ({
    id,
    type: 'timeseries',
    title,
    targets: [{ refId: 'A', expr: 'vector(1)' }],
  }))
  return [{ uid: 'one', title: 'One', panels }]
}

test('more tabs than a browser has connections follow the source over one of them', async () => {
  const source = editions(drawn('before'))
  let listening = 0
  const changing: typeof source = {
    ...source,
    subscribe: (listener) => {
      listening += 1
      const end = source.subscribe(listener)
      return () => {
        listening -= 1
        end()
      }
    },
  }
  const served = await stand.serve([], { changing })
  const [first, ...others] = await Promise.all(Array.from({ length: 8 }, () => stand.browser.open()))
  if (!first) throw new Error('no tab was opened')
  for (const page of [first, ...others]) await visit(page, `${served}/d/one?from=now-5m&to=now&refresh=`)
  expect(listening).toBe(1)

  source.publish(drawn('after'))
  for (const page of [first, ...others]) await panel(page, 'after').waitFor()
  source.fail('It does not compile.')
  for (const page of [first, ...others]) await page.locator('.source-fault').waitFor()
  const late = await stand.browser.open()
  await visit(late, `${served}/d/one?from=now-5m&to=now&refresh=`)
  await late.locator('.source-fault').waitFor()

  // Another takes the place of the one that listened.
  await first.close()
  source.publish(drawn('again'))
  for (const page of [...others, late]) {
    await panel(page, 'again').waitFor()
    expect(await page.locator('.source-fault').count()).toBe(0)
  }
  expect(listening).toBe(1)
  for (const page of [...others, late]) await page.close()
})

/** Each chart has a listener for other densities of pixels while it is there; the library of charts has one of its own. */
const chartsAlive = async (page: Page) => {
  const session = await page.context().newCDPSession(page)
  const { result } = await session.send('Runtime.evaluate', { expression: 'window' })
  const { listeners } = await session.send('DOMDebugger.getEventListeners', { objectId: result.objectId ?? '' })
  await session.detach()
  return listeners.filter(({ type }) => type === 'dppxchange').length - 1
}

test('a chart that another edition draws otherwise, or not at all, leaves nothing behind', async () => {
  const source = editions(drawn('kept', 'first', 'extra'))
  const served = await stand.serve([], { changing: source })
  const page = await stand.browser.open()
  await visit(page, `${served}/d/one?from=now-5m&to=now&refresh=`)
  expect(await chartsAlive(page)).toBe(3)
  await panel(page, 'kept').evaluate((one) => one.setAttribute('data-mine', 'yes'))
  for (const title of ['second', 'third']) {
    source.publish(drawn('kept', title))
    await panel(page, title).locator('.u-over').waitFor()
  }
  await settled(page)
  expect(await chartsAlive(page)).toBe(2)
  expect(await page.locator('.panel[data-mine]').count()).toBe(1)
  await page.close()
})

test('saves that follow fast are checked one at a time, and an end waits for the check that runs', async () => {
  const page = await stand.browser.open()
  await visit(page, `${url}/d/techplus-stack?from=now-5m&to=now&refresh=`)
  const words = () => told().map((line) => line.replace(/ \/.*/, ''))
  const begun = () => words().filter((word) => word === 'begins').length
  const before = begun()
  for (const time of [1, 2, 3, 4, 5, 6]) {
    save(text.replace(question, `Is it drawn the ${time}. time?`))
    await delay(150)
  }
  await page.locator('.row button:has-text("Is it drawn the 6. time?")').waitFor()
  await page.close()
  expect(words()).toEqual(words().map((_, place) => (place % 2 === 0 ? 'begins' : 'ends')))
  // What was saved over is checked only where its check had begun.
  expect(begun() - before).toBeLessThan(6)

  save(text)
  await vi.waitUntil(() => words().at(-1) === 'begins', { timeout: 10_000, interval: 20 })
  await preview.stop()
  expect(words().at(-1)).toBe('ends')
  const [, project = ''] = /(\/.*)$/.exec(told().at(-1) ?? '') ?? []
  expect(existsSync(dirname(project))).toBe(false)
})
