import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { startNode } from '../../compose/local/node.ts'
import { browsing, faultsOn, listen, visit } from '../../compose/preview-pictures.ts'
import { overview } from '../../dashboards/overview.ts'
import { bundlePage } from '../../dashboards/preview/bundle.ts'
import { spreadOf } from '../bench/measure.ts'
import { freePort, workshop } from '../integration/servers.ts'
import { sixHoursOf } from './preview/six-hours.ts'
import type { Proof } from './proof.ts'

const runs = 10
/** Milliseconds. */
const limits = { paint: 2_000, filled: 4_000 } as const

/** In the page, before anything else: when it says that all its panels are there. */
const watchState = `new MutationObserver(() => {
  if (document.documentElement.dataset.state === 'settled') globalThis.filledAt ??= performance.now()
}).observe(document, { subtree: true, attributes: true, attributeFilter: ['data-state'] })`

const times = `[performance.getEntriesByName('first-contentful-paint')[0].startTime, globalThis.filledAt]`

interface Look {
  readonly paint: number
  readonly filled: number
  readonly panels: number
  readonly faults: readonly string[]
}

/** By a browser that has never been there. */
export const look = (url: string): Promise<Look> =>
  browsing(async (browser) => {
    const page = await browser.open()
    const said = listen(page)
    await page.addInitScript(watchState)
    await visit(page, `${url}/d/${overview.uid}?from=now-6h&to=now&refresh=`)
    const [paint = Number.NaN, filled = Number.NaN] = await page.evaluate<readonly number[]>(times)
    const panels = await page.locator('.panel:not([data-empty])').count()
    return { paint, filled, panels, faults: [...(await faultsOn(page)), ...said] }
  })

const kilobytes = (bytes: number) => `${Math.round(bytes / 1024)} KiB`

const sizes = async () => {
  const { assets } = await bundlePage()
  const all = [...assets].map(([path, { body }]) => ({ path, size: body.length, packed: gzipSync(body).length }))
  return ['.js', '.css', '.woff2'].map((ending) => {
    const files = all.filter(({ path }) => path.endsWith(ending))
    const sum = (of: 'size' | 'packed') => kilobytes(files.reduce((total, file) => total + file[of], 0))
    return [`bundle, ${ending.slice(1)}`, files.length, sum('size'), `${sum('packed')} with gzip`, '']
  })
}

const rowOf = (name: string, values: readonly number[], limit: number) => {
  const { median, most } = spreadOf(values)
  return [name, values.length, `${Math.round(median)} ms`, `${Math.round(most)} ms`, `${limit} ms`]
}

export const previewProof: Proof = {
  title: 'How soon the preview shows something',
  says: `The Overview over six hours, drawn by \`npm run preview\` in a browser that was never there: a new profile with each run, 1600 × 900.
Every series that the Overview asks for was recorded from the running demo and written into a Prometheus with a sample each 15 s; what
counts, counts up. First paint is the browser's own first contentful paint. Filled is when every panel, variable and mark is there. Both
count from the navigation. The longest counts: first paint within ${limits.paint} ms, filled within ${limits.filled} ms, and no fault on the page.`,
  columns: ['what', 'runs or files', 'median, or size', 'longest, or packed', 'limit'],
  prove: async (say) => {
    const shop = workshop()
    try {
      const { url: prometheus, series } = await sixHoursOf(shop, overview)
      say(`${series} series of six hours`)
      const port = await freePort()
      const env = { GRAFANA_PORT: String(port), PROMETHEUS_URL: prometheus }
      const home = join(shop.folder, 'preview')
      shop.keep(await startNode({ name: 'Preview', entry: 'compose/preview.ts', home, ready: { port }, env }))
      const looks: Look[] = []
      for (let nth = 0; nth < runs; nth += 1) {
        looks.push(await look(`http://127.0.0.1:${port}`))
        say(
          `first paint ${Math.round(looks.at(-1)?.paint ?? 0)} ms, filled ${Math.round(looks.at(-1)?.filled ?? 0)} ms`,
        )
      }
      const [paints, fills] = [looks.map(({ paint }) => paint), looks.map(({ filled }) => filled)]
      const panels = Math.min(...looks.map((one) => one.panels))
      const rows = [
        rowOf('first contentful paint', paints, limits.paint),
        rowOf(`all panels filled, ${panels} with data of ${series} series`, fills, limits.filled),
        ...(await sizes()),
      ]
      const late = [
        ...paints.filter((paint) => !(paint <= limits.paint)).map((paint) => `first paint after ${paint} ms`),
        ...fills.filter((filled) => !(filled <= limits.filled)).map((filled) => `filled after ${filled} ms`),
      ]
      return { rows, faults: [...late, ...new Set(looks.flatMap(({ faults }) => faults))] }
    } finally {
      await shop.end()
    }
  },
}
