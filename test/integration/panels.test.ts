import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dashboard, row } from '../../dashboards/dashboard.ts'
import { models } from '../../dashboards/index.ts'
import { timeseries } from '../../dashboards/panel.ts'
import { series } from '../../dashboards/query.ts'
import { up } from '../../metrics/foreign.ts'
import { avgOverTime, instant } from '../../metrics/promql.ts'
import { scraped } from '../promtool/series.ts'
import { dashboardCost } from '../prove/panels/cost.ts'
import { depthsOf } from '../prove/panels/depth.ts'
import { house } from '../prove/panels/house.ts'
import { stored } from '../prove/panels/stored.ts'
import { tooDear } from '../prove/panels.ts'
import { workshop } from './servers.ts'

// The small case of `npm run prove -- panels`: a small house, and each dashboard asked for an hour.
const hours = 1
const small = { statements: 3, tables: 3, indexes: 4, routes: 3, commands: 3, databases: 2 } as const

const made = dashboard({
  uid: 'techplus-x',
  title: 'X',
  description: 'x',
  rows: [
    row('How much?', [
      timeseries({ title: 'Fine', description: 'x', unit: 'plain', queries: [series(instant(up), 'x')] }),
      timeseries({
        title: 'Coarse',
        description: 'x',
        unit: 'plain',
        finest: '1m',
        queries: [series(instant(up), 'x')],
      }),
      timeseries({
        title: 'Long',
        description: 'x',
        unit: 'plain',
        finest: '1m',
        queries: [series(avgOverTime(up, '30m', { every: '15s' }), 'x')],
      }),
      timeseries({
        title: 'Longest',
        description: 'x',
        unit: 'plain',
        queries: [series(avgOverTime(up, '1d'), 'x')],
      }),
    ]),
  ],
})

const broken = dashboard({
  uid: 'techplus-x',
  title: 'X',
  description: 'x',
  rows: [
    row('How much?', [
      timeseries({ title: 'Broken', description: 'x', unit: 'plain', queries: [{ expr: 'sum(', legend: 'x' }] }),
    ]),
  ],
})

describe('what panels cost', () => {
  const shop = workshop()
  let asking = { url: '', end: 0, hours }
  beforeAll(async () => {
    const held = house(models, small)
    const depths = depthsOf(models.map((dashboard) => ({ dashboard, hours })))
    asking = { ...(await stored(shop, { series: held, depths, say: () => undefined })), hours }
  }, 300_000)
  afterAll(() => shop.end())

  test.each(models.map((one) => [one.uid, one] as const))(
    '%s: every query is taken, and none is dear in a small house',
    async (_uid, model) => {
      const cost = await dashboardCost(model, asking)
      expect(tooDear(cost)).toEqual([])
      expect(cost.panels.length).toBeGreaterThan(4)
      expect(cost.samples).toBeGreaterThan(0)
    },
  )

  test('is counted as Prometheus reads: a sample a point and series, and the window at each point', async () => {
    const { panels } = await dashboardCost(made, asking)
    const of = (title: string) => panels.find(({ panel }) => panel === title)?.samples ?? 0
    const targets = Object.keys(scraped).length
    // The first and the last moment are both points, and after the last scrape there is none.
    expect(of('Fine') / targets).toBeGreaterThanOrEqual(239)
    expect(of('Fine') / targets).toBeLessThanOrEqual(241)
    expect(of('Coarse') / targets).toBeGreaterThanOrEqual(60)
    expect(of('Coarse') / targets).toBeLessThanOrEqual(61)
    expect(of('Long')).toBeGreaterThan(60 * of('Coarse'))
    // A point in five minutes, and at the first of them as full a day as at the last; its first and last moment are both of it.
    const day = 5_761
    expect(of('Longest') / targets / day).toBeGreaterThan(12.9)
    expect(of('Longest') / targets / day).toBeLessThanOrEqual(13)
  })

  test('is a fault beyond each limit, and where a query is refused', async () => {
    const cost = await dashboardCost(made, asking)
    expect(tooDear(cost, { seconds: 1, samples: 10_000, peak: 1_000_000 }).toSorted()).toEqual([
      expect.stringMatching(/^techplus-x over 1 h: Long takes \d+ samples, and may take 10000$/),
      expect.stringMatching(/^techplus-x over 1 h: Longest takes \d+ samples, and may take 10000$/),
    ])
    expect(tooDear(cost, { seconds: 0, samples: 1e9, peak: 0 }).length).toBeGreaterThanOrEqual(6)
    const refused = await dashboardCost(broken, asking)
    expect(tooDear(refused)).toEqual([expect.stringMatching(/^techplus-x: Broken is refused: .*parse error/)])
  })
})
