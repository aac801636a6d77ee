import { join } from 'node:path'
import { root } from '../../compose/plan.ts'
import { browsing, takePictures, type Vision, visit } from '../../compose/preview-pictures.ts'
import { noData } from '../../dashboards/field.ts'
import { answering, models } from '../../dashboards/index.ts'
import { causes } from '../integration/filled-by.ts'
import { instantQuery } from '../integration/instant-query.ts'
import { type Demo, startDemo } from '../integration/running-demo.ts'
import { eventually, workshop } from '../integration/servers.ts'
import { runOthers } from './pictures/jobs.ts'
import { drawnOn } from './pictures/look.ts'
import { withoutRight, withReplica, withStandby } from './pictures/servers.ts'
import type { Proof } from './proof.ts'

/** Of the six in a hundred people whose eyes tell green from red badly, and of those who take blue for green. */
const visions: readonly (Vision | undefined)[] = [undefined, 'deuteranopia', 'tritanopia']

interface Seen {
  readonly panels: number
  /** Panels without data, and what they say instead. */
  readonly empty: readonly string[]
}

/** What a browser finds on each dashboard. */
const lookAt = (url: string, from: number) =>
  browsing(async (browser): Promise<ReadonlyMap<string, Seen>> => {
    const seen = new Map<string, Seen>()
    for (const { uid } of models) {
      const page = await browser.open()
      await visit(page, `${url}/d/${uid}?from=${from}&to=now&refresh=`)
      const panels = await drawnOn(page)
      const empty = panels.flatMap((one) => (one.empty === undefined ? [] : [`${one.title}: ${one.empty}`]))
      seen.set(uid, { panels: panels.length, empty })
      await page.close()
    }
    return seen
  })

const minute = 60_000

/** Until the exporter's account of it has reached Prometheus. */
const isFailing = ({ stack }: Demo) =>
  eventually(
    () => instantQuery(`http://${stack.deployment.prometheus}`, 'pg_scrape_collector_success == 0'),
    (failing) => failing.length > 0,
    { within: minute, every: 1_000 },
  )

/** Everything that a panel may wait for, on one demo. */
const fill = async (demo: Demo, shop: ReturnType<typeof workshop>, say: (line: string) => void) => {
  await withStandby(shop, demo)
  const { takeOver } = await withReplica(shop, demo)
  say('PostgreSQL has a standby, Redis a replica')
  await runOthers(shop, join(demo.folder, 'jobs', 'records'))
  say('every job has run')
  await withoutRight(demo, () => isFailing(demo))
  say('collectors have failed')
  await Promise.all([...causes].map((cause) => cause(demo)))
  say('every fault was brought about')
  await takeOver()
  say('the replica of Redis is the master')
}

const emptyOn = (seen: ReadonlyMap<string, Seen>, dashboards: typeof answering) =>
  dashboards.flatMap(({ uid }) => (seen.get(uid)?.empty ?? []).map((empty) => `${uid}: ${empty}`))

export const picturesProof: Proof = {
  title: 'Every panel, filled and seen',
  says: `The demo in a browser, drawn by the preview. First as it is as soon as no panel is empty without saying why. Then with all that a panel may wait for:
a standby; a replica of Redis, which becomes the master in the end; a right that is missing for a while; every job run on a real stand, its record left to the demo's exporter; the
faults that fill the rest (test/integration/filled-by.ts); somebody who answers an alert. A fault is a panel of a dashboard that stays
without data (those of alerts show what each alert judges, which is there at the latest when it fires: docs/proof/alerts/), and
whatever a page says of a failed query or in its console. A picture of each, as it is and as who is colour-blind sees it
(${visions.slice(1).join(', ')}), is written to .local/pictures to be looked at.`,
  columns: ['dashboard', 'panels', 'with data at rest', 'with data in the end', 'still without'],
  prove: async (say) => {
    const shop = workshop()
    const { demo, end } = await startDemo({ TRAFFIC_RATE: '10' })
    const began = Date.now()
    try {
      const url = `http://127.0.0.1:${demo.env.GRAFANA_PORT}`
      const atRest = await eventually(
        () => lookAt(url, began),
        (seen) => emptyOn(seen, models).every((empty) => !empty.endsWith(noData)),
        { within: 8 * minute, every: 10_000 },
      )
      say('seen at rest')
      await fill(demo, shop, say)
      const full = await eventually(
        () => lookAt(url, began),
        (seen) => emptyOn(seen, answering).length === 0,
        { within: 5 * minute, every: 10_000 },
      ).catch(() => lookAt(url, began))
      const faults = [...emptyOn(full, answering)]
      for (const vision of visions) {
        const folder = join(root, '.local', 'pictures', vision ?? 'as-it-is')
        const state = new URLSearchParams({ from: String(began), to: 'now' })
        const wrong = await takePictures({ dashboards: models, url, folder, state, say, ...(vision && { vision }) })
        faults.push(...wrong.map((fault) => `${vision ?? 'as it is'}: ${fault}`))
      }
      const rows = models.map(({ uid, title }) => {
        const [before, after] = [atRest.get(uid), full.get(uid)]
        const { panels = 0, empty = [] } = after ?? {}
        return [title, panels, panels - (before?.empty.length ?? 0), panels - empty.length, empty.length]
      })
      return { rows, faults }
    } finally {
      await end()
      await shop.end()
    }
  },
}
