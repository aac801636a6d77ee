import { join } from 'node:path'
import type { Alert } from '../../../alerts/alert.ts'
import { root } from '../../../compose/plan.ts'
import { browsing, visit } from '../../../compose/preview-pictures.ts'
import { scrapeInterval } from '../../../config/targets.ts'
import { alertDashboards } from '../../../dashboards/alerts.ts'
import { bundlePage } from '../../../dashboards/preview/bundle.ts'
import { previewServer } from '../../../dashboards/preview/server.ts'
import { drawnOn } from '../pictures/look.ts'
import { compressedExpr, interval } from './compress.ts'
import type { Scene, Watch } from './provocation.ts'
import { adjustedExpr } from './watch.ts'

type PanelJson = NonNullable<(typeof alertDashboards)[number]['json']['panels']>[number]

const [perLine, width, height] = [3, 8, 8]

/** Asked as the rules of the scene ask: of times that pass faster, and with other numbers where those are judged. */
const asked = (panel: PanelJson, alert: Alert, { adjusted }: Scene, place: number) => {
  const targets = 'targets' in panel ? (panel.targets ?? []) : []
  return {
    ...panel,
    interval,
    gridPos: { x: (place % perLine) * width, y: Math.floor(place / perLine) * height, w: width, h: height },
    targets: targets.map((target) => {
      const expr: unknown = Reflect.get(target, 'expr')
      return { ...target, expr: compressedExpr(adjustedExpr(String(expr), alert, adjusted)) }
    }),
  }
}

const everyPanel = alertDashboards.flatMap(({ json }) => json.panels ?? [])

const panelsOf = (scene: Scene) =>
  scene.alerts.map((alert, place) => {
    const panel = everyPanel.find(({ type, title }) => type !== 'row' && title === alert.id)
    if (!panel) throw new Error(`${alert.id} has no panel`)
    return asked(panel, alert, scene, place)
  })

let bundle: ReturnType<typeof bundlePage> | undefined
/** Built once: other scenes are played meanwhile, against the clock. */
const thePage = () => {
  bundle ??= bundlePage()
  return bundle
}

/**
 * Draws the panel of each alert of a scene from what its Prometheus has seen since it began, and takes a picture.
 * @returns the alerts whose panel shows data
 */
export const drawn = async (scene: Scene, { prometheus }: Watch, began: number): Promise<ReadonlySet<string>> => {
  const uid = `scene-${scene.name}`
  const dashboard = { uid, title: `Scene: ${scene.name}`, panels: panelsOf(scene) }
  const app = previewServer({
    dashboards: [dashboard],
    prometheusUrl: prometheus.url,
    scrapeInterval,
    bundle: await thePage(),
  })
  try {
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    return await browsing(async (browser) => {
      const page = await browser.open()
      await visit(page, `${url}/d/${uid}?from=${began}&to=now&refresh=`)
      await page.screenshot({ path: join(root, '.local', 'pictures', 'alerts', `${scene.name}.png`), fullPage: true })
      const full = (await drawnOn(page)).filter(({ empty }) => empty === undefined)
      return new Set(full.map(({ title }) => title))
    })
  } finally {
    await app.close()
  }
}
