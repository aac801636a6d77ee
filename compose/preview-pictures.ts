import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { noData } from '../dashboards/field.ts'
import { type Browser, type Page, startBrowser } from './local/browser.ts'
import { ensurePrograms } from './local/programs.ts'

interface Listed {
  readonly uid: string
  readonly title: string
}

/** Of what people do not tell apart, as Chromium knows it: green and red, blue and yellow, any colours. */
export const visions = ['deuteranopia', 'protanopia', 'tritanopia', 'achromatopsia'] as const

export type Vision = (typeof visions)[number]

export const isVision = (name: string): name is Vision => visions.some((known) => known === name)

interface PictureOptions {
  readonly dashboards: readonly Listed[]
  /** Where the preview answers. */
  readonly url: string
  readonly folder: string
  /** What an address keeps: `from`, `to`, `theme`, `var-NAME`. */
  readonly state: URLSearchParams
  /** With the eyes of somebody who sees colours so. */
  readonly vision?: Vision
  readonly say: (line: string) => void
}

/** Three rounds of a query that Prometheus does not answer: who waits longer waits for nothing. */
const settledWithin = 100_000

/** The panels without data that do not say why that may be well, as faults. */
export const unexplainedOn = (page: Page) =>
  page.$$eval(
    '.panel[data-empty]:not(.faulty)',
    (found, undeclared) =>
      found
        .filter((element) => element.getAttribute('data-empty') === undeclared)
        .map((element) => `${element.getAttribute('data-panel')}: has no data in this range`),
    noData,
  )

/** Everything in which a page says that something is wrong. */
export const faultsOn = async (page: Page): Promise<readonly string[]> => {
  const told = await page.$$eval(
    '.panel.faulty, .variable-fault, body > main.list > [role=alert], .source-fault',
    (found) =>
      found.map((element) => {
        const [name] = [
          element.getAttribute('data-panel'),
          element.closest('[data-variable]')?.getAttribute('data-variable'),
          element.closest('[data-annotation]')?.getAttribute('data-annotation'),
        ].filter(Boolean)
        const words = (element.querySelector('.fault') ?? element).textContent ?? ''
        return name ? `${name}: ${words}` : words
      }),
  )
  return [...told, ...(await unexplainedOn(page))]
}

/** What an engineer would see in the console of the browser. */
export const listen = (page: Page): readonly string[] => {
  const said: string[] = []
  page.on('console', (message) => {
    // A query that fails is told by its panel, in better words.
    const refused =
      message.text().startsWith('Failed to load resource') && message.location().url.includes('/prometheus/')
    if (message.type() === 'error' && !refused) said.push(`console: ${message.text().split('\n')[0]}`)
  })
  page.on('pageerror', ({ message }) => said.push(`console: ${message}`))
  return said
}

export const settled = (page: Page) =>
  page.waitForSelector('html[data-state=settled]', { state: 'attached', timeout: settledWithin })

/** Opens an address and waits until everything on it is there. */
export const visit = async (page: Page, url: string, tries = 3): Promise<void> => {
  try {
    await page.goto(url)
  } catch (error) {
    // The browser lets go of every connection when the machine's network changes, even of those to the machine itself.
    if (tries <= 1 || !String(error).includes('ERR_NETWORK_CHANGED')) throw error
    return visit(page, url, tries - 1)
  }
  await settled(page)
}

const seeAs = async (page: Page, type: Vision) => {
  const session = await page.context().newCDPSession(page)
  await session.send('Emulation.setEmulatedVisionDeficiency', { type })
}

const picture = async (browser: Browser, { uid, title }: Listed, options: PictureOptions) => {
  const { url, folder, state, vision, say } = options
  const page = await browser.open()
  try {
    if (vision) await seeAs(page, vision)
    const said = listen(page)
    const query = new URLSearchParams([...state, ['refresh', '']])
    await visit(page, `${url}/d/${encodeURIComponent(uid)}?${query}`)
    const path = join(folder, `${uid}.png`)
    await page.screenshot({ path, fullPage: true })
    say(`${title}: ${path}`)
    return [...(await faultsOn(page)), ...said].map((fault) => `${title}: ${fault}`)
  } finally {
    await page.close()
  }
}

/** With a browser of its own, which ends with what is done. */
export const browsing = async <T>(work: (browser: Browser) => Promise<T>, say?: PictureOptions['say']): Promise<T> => {
  const { chromium } = await ensurePrograms(['chromium'], say)
  const browser = await startBrowser({ program: chromium })
  try {
    return await work(browser)
  } finally {
    await browser.close()
  }
}

/** Writes a picture of each dashboard, as high as it is. Returns what was wrong on them. */
export const takePictures = async (options: PictureOptions): Promise<readonly string[]> => {
  mkdirSync(options.folder, { recursive: true })
  return browsing(async (browser) => {
    const faults: string[] = []
    for (const dashboard of options.dashboards) faults.push(...(await picture(browser, dashboard, options)))
    return faults
  }, options.say)
}
