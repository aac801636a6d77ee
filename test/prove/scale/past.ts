import { type Series, valueAt } from './exposition.ts'
import { reachOf } from './reach.ts'
import { encodedLabels, remoteWrite, type Written } from './remote-write.ts'
import type { Job, Scrape, Simulated } from './simulated.ts'

const second = 1000
const scrape = 15 * second
/** As much is written at a time: what Prometheus takes must not be older than an hour before the newest. */
const slice = 30 * 60 * second
/** Samples in one request, and series: Prometheus takes 32 MB. */
const most = { samples: 400_000, series: 50_000 } as const

interface Past {
  readonly scrapes: readonly Scrape[]
  readonly simulated: Simulated
  /** No rule has more to look back at than so many seconds. */
  readonly longest: number
  readonly say: (line: string) => void
}

interface Reached {
  readonly series: Series
  readonly from: number
  readonly labels: Buffer
}

const up = { name: 'up', labels: {}, value: 1, counts: false, text: 'up' } as const satisfies Series

/** Every series that a rule looks back at, from as long ago as it does. */
const reached = ({ scrapes, simulated, longest }: Past, now: number): readonly Reached[] => {
  const known = new Map<Job, readonly (readonly [Series, number])[]>()
  const read = (job: Job) => {
    const found =
      known.get(job) ?? [up, ...(simulated.series.get(job) ?? [])].map((one) => [one, reachOf(one)] as const)
    known.set(job, found)
    return found.filter(([, seconds]) => seconds > 0)
  }
  return scrapes.flatMap(({ job, instance }) =>
    read(job).map(([series, seconds]) => ({
      series,
      from: now - Math.min(seconds, longest) * second,
      labels: encodedLabels({ ...series.labels, __name__: series.name, job, instance }),
    })),
  )
}

const timesOf = (one: Reached, from: number, to: number) => {
  const times: number[] = []
  const late = Math.ceil(Math.max(0, from - one.from) / scrape)
  for (let at = one.from + late * scrape; at < to; at += scrape) times.push(at)
  return times
}

const writeBetween = async (url: string, all: readonly Reached[], { begin }: Simulated, from: number, to: number) => {
  let written = 0
  let batch: Written[] = []
  let held = 0
  const send = async () => {
    if (held > 0) await remoteWrite(url, batch)
    written += held
    batch = []
    held = 0
  }
  for (const one of all) {
    const times = timesOf(one, from, to)
    if (times.length === 0) continue
    batch.push({ labels: one.labels, times, valueAt: (at) => valueAt(one.series, at / second - begin) })
    held += times.length
    if (held > most.samples || batch.length > most.series) await send()
  }
  await send()
  return written
}

/** Writes the past that rules look back at, up to now. @returns how many samples it has */
export const writePast = async (url: string, past: Past): Promise<number> => {
  const { simulated, longest, say } = past
  const start = Date.now()
  const all = reached(past, start)
  let written = 0
  let from = start - longest * second
  while (from < Date.now() - scrape) {
    const to = Math.min(from + slice, Date.now())
    written += await writeBetween(url, all, simulated, from, to)
    say(`${((start - to) / 3_600_000).toFixed(1)} h ago: ${(written / 1e6).toFixed(1)} million samples`)
    from = to
  }
  return written
}
