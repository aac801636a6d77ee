import { z } from 'zod'
import { parseDuration } from '../../../dashboards/duration.ts'
import type { Dashboard } from '../../../dashboards/model.ts'
import { align, mostPoints, rateInterval, stepOf } from '../../../dashboards/preview/page/step.ts'
import { parts } from '../../../dashboards/variables.ts'

/** What a query costs Prometheus. */
export interface Cost {
  readonly seconds: number
  /** Samples that it reads, each as often as it reads it. */
  readonly samples: number
  /** Samples that it holds at one time. */
  readonly peak: number
}

export interface PanelCost extends Cost {
  readonly panel: string
}

/** What a dashboard costs while it is opened. */
export interface DashboardCost extends Pick<Cost, 'seconds' | 'samples'> {
  readonly uid: string
  readonly hours: number
  /** The slowest first. */
  readonly panels: readonly PanelCost[]
  readonly faults: readonly string[]
}

/** A query of a panel. */
export interface Ask {
  readonly expr: string
  readonly isRange: boolean
  /** The least step that the panel gives. */
  readonly interval?: string | undefined
  /** Its own range, whatever is chosen. */
  readonly hours?: number | undefined
  /** How many points it asks for at most, unless as many as a panel has pixels. */
  readonly points?: number
}

interface Asking {
  readonly url: string
  /** Unix time of the end of the range. */
  readonly end: number
  /** The range that is chosen. */
  readonly hours: number
}

const second = 1_000
const scrape = 15 * second
/** Pixels of a panel of half the width of a screen, and so the points that are asked for. */
const pixels = 900
/** Of the calendar, at its longest: what panels of this month look at. */
const month = 31 * 24

/** What is chosen as a dashboard is opened: all of many, and of one the only target. */
const chosen = new Map([
  ['api', '.*'],
  ['route', '.*'],
  ['database', 'main'],
  ['postgres', 'main'],
  ['redis', 'cache'],
  ...parts.map(({ name }) => [name, '.*'] as const),
])

const target = z.object({
  expr: z.string(),
  format: z.string().optional(),
  instant: z.boolean().optional(),
  range: z.boolean().optional(),
})
const queries = z.object({
  title: z.string(),
  interval: z.string().optional(),
  timeFrom: z.literal('now/M').optional(),
  targets: z.array(target),
})

const told = z.object({
  status: z.string(),
  error: z.string().optional(),
  data: z
    .object({
      stats: z.object({
        timings: z.object({ evalTotalTime: z.number() }),
        samples: z.object({ totalQueryableSamples: z.number(), peakSamples: z.number() }),
      }),
    })
    .optional(),
})

/**
 * As Grafana fills it in.
 * @throws Error naming a choice that no dashboard has
 */
export const filledFor = (expr: string, { rate, range }: { readonly rate: string; readonly range: string }): string =>
  expr
    .replaceAll('$__rate_interval', rate)
    .replaceAll('$__range', range)
    .replace(/"\$([a-z]\w*)"/g, (_match, name: string) => {
      const value = chosen.get(name)
      if (value === undefined) throw new Error(`nothing is chosen for $${name}`)
      return JSON.stringify(value)
    })

/** A query as the page sends it. */
export const sentFor = ({ expr, interval = '', points = pixels, ...own }: Ask, { end, hours }: Omit<Asking, 'url'>) => {
  const long = own.hours ?? hours
  const range = { from: (end - long * 3600) * second, to: end * second }
  const step = stepOf({ range, points, least: parseDuration(interval) ?? scrape })
  const query = filledFor(expr, { rate: `${rateInterval(step, scrape) / second}s`, range: `${long}h` })
  return { query, step, ...align(range, step) }
}

/** Asks as the page does. @throws Error with the words of Prometheus where it refuses */
const costOf = async (ask: Ask, asking: Asking): Promise<Cost> => {
  const { query, step, from, to } = sentFor(ask, asking)
  const asked = ask.isRange
    ? { start: String(from / second), end: String(to / second), step: String(step / second) }
    : { time: String(asking.end) }
  const answer = await fetch(`${asking.url}/api/v1/query${ask.isRange ? '_range' : ''}`, {
    method: 'POST',
    body: new URLSearchParams({ query, ...asked, stats: 'all' }),
  })
  const { data, error } = told.parse(await answer.json())
  if (!data) throw new Error(error)
  const { timings, samples } = data.stats
  return { seconds: timings.evalTotalTime, samples: samples.totalQueryableSamples, peak: samples.peakSamples }
}

/** The better of two: what else the machine does is none of the query's. */
const calmly = async (...asked: Parameters<typeof costOf>): Promise<Cost> => {
  const [one, other] = [await costOf(...asked), await costOf(...asked)]
  return one.seconds < other.seconds ? one : other
}

/** What a panel asks, or a kind of mark. */
interface Asked {
  readonly panel: string
  readonly asked: readonly Ask[]
}

/** What a dashboard asks: each panel, and each kind of mark. */
export const asksOf = ({ json }: Pick<Dashboard, 'json'>): readonly Asked[] => [
  ...(json.panels ?? []).flatMap((panel) => {
    const { success, data } = queries.safeParse(panel)
    if (!success) return []
    const asked = data.targets.map(
      ({ expr, format, instant, range }): Ask => ({
        expr,
        interval: data.interval,
        hours: data.timeFrom && month,
        isRange: range ?? !(instant ?? format === 'table'),
      }),
    )
    return [{ panel: data.title, asked }]
  }),
  ...(json.annotations?.list ?? []).map(({ name, expr = '' }) => ({
    panel: `marks: ${name}`,
    asked: [{ expr, isRange: true, interval: '1m', points: mostPoints } satisfies Ask],
  })),
]

const sumOf = (costs: readonly Cost[], of: 'seconds' | 'samples') => costs.reduce((sum, one) => sum + one[of], 0)

/** What every panel of a dashboard costs as somebody opens it. */
export const dashboardCost = async (dashboard: Dashboard, asking: Asking): Promise<DashboardCost> => {
  const panels: PanelCost[] = []
  const faults: string[] = []
  for (const { panel, asked } of asksOf(dashboard)) {
    const costs: Cost[] = []
    for (const one of asked) {
      await calmly(one, asking).then(
        (cost) => costs.push(cost),
        (error: unknown) =>
          faults.push(`${dashboard.uid}: ${panel} is refused: ${error instanceof Error ? error.message : error}`),
      )
    }
    const peak = Math.max(0, ...costs.map((one) => one.peak))
    panels.push({ panel, seconds: sumOf(costs, 'seconds'), samples: sumOf(costs, 'samples'), peak })
  }
  const slowest = panels.toSorted((one, other) => other.seconds - one.seconds)
  return {
    uid: dashboard.uid,
    hours: asking.hours,
    panels: slowest,
    faults,
    seconds: sumOf(panels, 'seconds'),
    samples: sumOf(panels, 'samples'),
  }
}
