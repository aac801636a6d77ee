import type { Contestant } from './contestants.ts'
import { scrape, seriesOf } from './measure.ts'
import { countingProxy } from './proxy.ts'
import { type Cost, type Meter, race, tripsOf } from './race.ts'

/** One exporter in one comparison. */
export interface Measured extends Cost {
  /** Round trips to the server in a usual scrape, and connections opened for it. */
  readonly trips: number
  readonly connections: number
  /** Private memory of its server processes in MiB: most while a scrape ran, and kept between scrapes. */
  readonly memory?: { readonly busiest: number; readonly kept: number }
}

/** What the slow refresh of ours costs each time, in milliseconds. */
export interface Refresh {
  /** How long it took beside the scrapes, by its own account. */
  readonly latency: number
  /** The scrape with which it began. */
  readonly first: number
  /** Most private memory of our server processes meanwhile, in MiB. */
  readonly busiest: number
  readonly cpu: number
  readonly executing: number
  /** Scrapes from one to the next: its cost is shared out among them. */
  readonly scrapes: number
  /** Seconds from one to the next: what it read is never older, its own time left out. */
  readonly pace: number
}

/** Both exporters beside each other; the peer may not be there. */
export interface Pair {
  readonly title: string
  readonly words: string
  readonly ours: Measured
  readonly peer?: Measured
  readonly refresh?: Refresh
}

export type Start = (port?: number) => Promise<Contestant>

interface Side {
  readonly start: Start
  readonly meter?: Meter
  readonly memoryOf?: (contestant: Contestant) => Promise<{ readonly busiest: number; readonly kept: number }>
}

interface PairOptions {
  readonly title: string
  readonly words: string
  readonly ours: Side
  readonly peer: Side | undefined
  /** Where the server that both read listens. */
  readonly port: number
  readonly scrapes: number
}

/** Round trips disturb the clock: they are counted by exporters of their own. */
const countTrips = async ({ start }: Side, port: number) => {
  const proxy = await countingProxy(port)
  try {
    const contestant = await start(proxy.port)
    try {
      return await tripsOf(contestant, proxy)
    } finally {
      await contestant.stop()
    }
  } finally {
    proxy.close()
  }
}

/** Starts both, lets them race, and looks at what each leaves on the server. */
export const measurePair = async ({ title, words, ours, peer, port, scrapes }: PairOptions): Promise<Pair> => {
  const sides = [ours, ...(peer ? [peer] : [])]
  const started: Contestant[] = []
  try {
    for (const { start } of sides) started.push(await start())
    const runners = sides.flatMap(({ meter }, place) => {
      const contestant = started[place]
      return contestant ? [{ contestant, ...(meter && { meter }) }] : []
    })
    const costs = await race(runners, scrapes)
    const measured: Measured[] = []
    for (const [place, cost] of costs.entries()) {
      const [side, contestant] = [sides[place], started[place]]
      if (!side || !contestant) continue
      const memory = await side.memoryOf?.(contestant)
      await contestant.stop()
      measured.push({ ...cost, ...(await countTrips(side, port)), ...(memory && { memory }) })
    }
    const [mine, theirs] = measured
    if (!mine) throw new Error(`could not measure our exporter for ${title}`)
    return { title, words, ours: mine, ...(theirs && { peer: theirs }) }
  } finally {
    for (const contestant of started) await contestant.stop()
  }
}

/** The series of an answer, from an exporter started for it alone; its statements at the first scrape are its own. */
export const seriesOnce = async (start: Start) => {
  const contestant = await start()
  try {
    await scrape(contestant.url)
    return seriesOf((await scrape(contestant.url)).chunks)
  } finally {
    await contestant.stop()
  }
}
