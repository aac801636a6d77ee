import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { type Browser, type Page, startBrowser } from '../../compose/local/browser.ts'
import { ensurePrograms } from '../../compose/local/programs.ts'
import { startPrometheus } from '../../compose/local/servers.ts'
import { bundlePage } from '../../dashboards/preview/bundle.ts'
import { previewServer } from '../../dashboards/preview/server.ts'
import { freePort, workshop } from './servers.ts'

/** Of the page that is open. */
export const panel = (page: Page, title: string) => page.locator(`.panel[data-panel="${title}"]`)

interface Stand {
  readonly browser: Browser
  /** It calculates what it is asked, and scrapes what it is given. */
  readonly prometheus: string
  /** Where the page answers that draws these. */
  serve(dashboards: Served['dashboards'], more?: Partial<Served>): Promise<string>
  /** Run when the tests have. */
  after(end: () => unknown): void
}

type Served = Parameters<typeof previewServer>[0]

interface StandOptions {
  /** In OpenMetrics' text, which can hold exemplars; scraped every second. Without it nothing is. */
  readonly metrics?: () => string
}

/** Something to scrape, at an address of its own. */
const scraped = async (metrics: () => string) => {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/openmetrics-text; version=1.0.0; charset=utf-8').end(metrics())
  })
  const port = await freePort()
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done))
  const job = `{ job_name: it, scrape_interval: 1s, static_configs: [{ targets: ['127.0.0.1:${port}'] }] }`
  return { job, end: () => server.close() }
}

/** A browser, a Prometheus and pages between them, for as long as the tests of a file run. */
export const previewStand = ({ metrics }: StandOptions = {}): Stand => {
  const shop = workshop()
  const ends: (() => unknown)[] = []
  let running: { readonly browser: Browser; readonly prometheus: string } | undefined
  const its = () => {
    if (!running) throw new Error('the stand is there only while the tests run')
    return running
  }
  beforeAll(async () => {
    const programs = await ensurePrograms(['chromium', 'prometheus'])
    mkdirSync(shop.folder, { recursive: true })
    const configFile = join(shop.folder, 'prometheus.yml')
    const target = metrics && (await scraped(metrics))
    if (target) ends.push(target.end)
    writeFileSync(configFile, `global: { scrape_interval: 15s }\nscrape_configs: [${target?.job ?? ''}]\n`)
    const prometheus = shop.keep(
      await startPrometheus({
        program: programs.prometheus,
        configFile,
        dataDir: join(shop.folder, 'prometheus'),
        port: await freePort(),
      }),
    )
    running = { browser: await startBrowser({ program: programs.chromium }), prometheus: prometheus.url }
  }, 300_000)
  afterAll(async () => {
    await running?.browser.close()
    for (const end of ends) await end()
    await shop.end()
  }, 60_000)
  return {
    get browser() {
      return its().browser
    },
    get prometheus() {
      return its().prometheus
    },
    serve: async (dashboards, more = {}) => {
      const bundle = await bundlePage()
      const app = previewServer({
        dashboards,
        prometheusUrl: its().prometheus,
        scrapeInterval: '15s',
        bundle,
        timeout: 20_000,
        ...more,
      })
      ends.push(() => app.close())
      return app.listen({ host: '127.0.0.1', port: 0 })
    },
    after: (end) => ends.push(end),
  }
}
