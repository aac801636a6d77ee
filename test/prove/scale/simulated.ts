import { createServer } from 'node:http'
import { listening } from '../listening.ts'
import { type Series, seriesIn, valueAt } from './exposition.ts'

/** What is scraped of one target: a recorded scrape each. */
export type Job = 'postgres' | 'reservations' | 'redis' | 'api' | 'probe'
export type Recorded = Readonly<Record<Job, string>>

/** Kinds of targets, of which one follows the other; each with all that is scraped of it. */
const kinds: readonly (readonly Job[])[] = [['postgres', 'reservations'], ['redis'], ['api', 'probe']]

export const jobs: readonly Job[] = kinds.flat()

export interface Scrape {
  readonly job: Job
  readonly instance: string
}

/** So many targets: PostgreSQL, Redis, API, and again. */
export const scrapesOf = (targets: number): readonly Scrape[] =>
  Array.from({ length: targets }, (_, i) => kinds[i % kinds.length] ?? []).flatMap((jobs, i) =>
    jobs.map((job) => ({ job, instance: `${jobs[0]}-${i}` })),
  )

export interface Simulated {
  readonly address: string
  readonly series: ReadonlyMap<Job, readonly Series[]>
  /** Seconds of Unix time at which values are those that were recorded. */
  readonly begin: number
  close(): Promise<void>
}

/**
 * Serves what was recorded as `/<job>`, its counters risen since. Targets of one kind serve the same at the same moment, so
 * that whoever measures is not measured.
 */
export const simulate = async (recorded: Recorded, begin: number): Promise<Simulated> => {
  const series = new Map<Job, readonly Series[]>()
  for (const job of jobs) series.set(job, seriesIn(recorded[job]))
  const bodies = new Map<string, { readonly tick: number; readonly body: Buffer }>()
  const bodyOf = (job: Job) => {
    const tick = Math.floor(Date.now() / 5000) * 5
    const known = bodies.get(job)
    if (known?.tick === tick) return known.body
    const lines = (series.get(job) ?? []).map((one) => `${one.text} ${spelt(valueAt(one, tick - begin))}\n`)
    const body = Buffer.from(lines.join(''))
    bodies.set(job, { tick, body })
    return body
  }
  const server = createServer(({ url = '' }, response) => {
    const job = jobs.find((one) => url === `/${one}`)
    if (!job) return void response.writeHead(404).end()
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(bodyOf(job))
  })
  const address = `127.0.0.1:${await listening(server)}`
  return {
    address,
    series,
    begin,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const spelt = (value: number) => {
  if (Number.isFinite(value)) return String(value)
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}
