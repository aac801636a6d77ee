import { models } from '../../dashboards/index.ts'
import { namesOf } from '../../metrics/names.ts'
import { workshop } from '../integration/servers.ts'
import { type DashboardCost, dashboardCost } from './panels/cost.ts'
import { depthsOf, openedWith } from './panels/depth.ts'
import { house } from './panels/house.ts'
import { stored } from './panels/stored.ts'
import type { Proof } from './proof.ts'

/** What every dashboard is asked for besides what it opens with: an evening and a night. */
const hours = 6

/** As `config/targets.ts` limits what is shown of PostgreSQL, and of the rest more than most have. */
const size = { statements: 100, tables: 300, indexes: 600, routes: 40, commands: 60, databases: 5 } as const

/** What a panel may cost at most. */
export const most = {
  /** Panels are to be filled within 4 s, the others beside it: one that takes a quarter of that alone holds them up. */
  seconds: 1,
  /** As many as one core reads in about a second. */
  samples: 100_000_000,
  /** At one time: Prometheus refuses a query that holds five times as many. */
  peak: 10_000_000,
} as const

/** What costs too much of a dashboard. */
export const tooDear = (
  { uid, hours: over, panels, faults }: DashboardCost,
  limits: Readonly<Record<keyof typeof most, number>> = most,
): readonly string[] => [
  ...faults,
  ...panels.flatMap((one) =>
    namesOf(limits)
      .filter((what) => one[what] > limits[what])
      .map((what) => `${uid} over ${over} h: ${one.panel} takes ${one[what]} ${what}, and may take ${limits[what]}`),
  ),
]

const grouped = (count: number) => count.toLocaleString('en-GB')

const rowOf = ({ uid, hours: over, panels, samples, seconds }: DashboardCost) => {
  const [slowest] = panels
  const greediest = panels.toSorted((one, other) => other.samples - one.samples)[0]
  return [
    uid,
    `${over} h`,
    panels.length,
    slowest?.panel ?? '',
    (slowest?.seconds ?? 0).toFixed(3),
    grouped(slowest?.samples ?? 0),
    grouped(slowest?.peak ?? 0),
    `${greediest?.panel}: ${grouped(greediest?.samples ?? 0)}`,
    seconds.toFixed(2),
    grouped(samples),
  ]
}

export const panelsProof: Proof = {
  title: 'What every panel costs',
  says:
    `A real Prometheus (2.42) holds, a sample each 15 s, all that dashboards and recording rules ask for, each series from as long ago as a panel looks back at it (up to a month), in an installation in which all is shown that our limits let through: ` +
    `${size.statements} statements, ${size.tables} tables, ${size.indexes} indexes, ${size.routes} routes (of one method and status each), ${size.commands} commands of Redis. ` +
    'What rules record they record for ten minutes; the time before holds as many series of it, a sample each time that the rule would have been evaluated. ' +
    `Every query of every panel, and of every kind of mark, is asked as the page asks it, for the range with which its dashboard opens and for ${hours} hours, twice, and the faster answer counts: its seconds are those that Prometheus spent on it, its samples those that it read, each as often as it was read. ` +
    `It would be a fault if a query were refused, or if a panel took more than ${most.seconds} s (a quarter of the time in which all panels are to be filled), read more than ${grouped(most.samples)} samples (about as many as a core reads in that second), or held more than ${grouped(most.peak)} at one time (a fifth of what Prometheus refuses). The slowest first.`,
  columns: [
    'dashboard',
    'over',
    'panels and marks',
    'slowest',
    'its seconds',
    'its samples',
    'at one time',
    'most samples',
    'seconds of all',
    'samples of all',
  ],
  prove: async (say, only = []) => {
    const shop = workshop()
    try {
      const asked = models.filter(({ uid }) => only.length === 0 || only.includes(uid))
      const opened = asked.flatMap((dashboard) =>
        [...new Set([openedWith(dashboard), hours])].map((over) => ({ dashboard, hours: over })),
      )
      const { url, end } = await stored(shop, { series: house(asked, size), depths: depthsOf(opened), say })
      const costs: DashboardCost[] = []
      for (const { dashboard, hours: over } of opened) {
        const cost = await dashboardCost(dashboard, { url, end, hours: over })
        costs.push(cost)
        say(
          `${cost.uid} over ${over} h: ${cost.seconds.toFixed(2)} s, ${grouped(cost.samples)} samples, slowest ${cost.panels[0]?.panel}`,
        )
      }
      const slowest = costs.toSorted((one, other) => (other.panels[0]?.seconds ?? 0) - (one.panels[0]?.seconds ?? 0))
      return { rows: slowest.map(rowOf), faults: costs.flatMap((one) => tooDear(one)) }
    } finally {
      await shop.end()
    }
  },
}
