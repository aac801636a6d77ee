import { setImmediate as turn } from 'node:timers/promises'
import type { Contestant } from './contestants.ts'
import { countOf, cpuOf, failuresIn, memoryOf, type Spread, scrape, seriesOf, spreadOf } from './measure.ts'

/** What the server can say of the work it did for one exporter. Milliseconds, ever growing. */
export interface Meter {
  /** Executing its statements. */
  executing(): Promise<number>
  /** Processor time of its server processes. */
  working(): Promise<number>
}

export interface Runner {
  readonly contestant: Contestant
  readonly meter?: Meter
}

/** What one scrape costs. Milliseconds and MiB. */
export interface Cost {
  readonly series: number
  readonly bytes: number
  readonly families: ReadonlyMap<string, number>
  readonly latency: Spread
  readonly zipped: Spread
  readonly zippedBytes: number
  readonly cpu: number
  readonly zippedCpu: number
  readonly executing?: number
  readonly working?: number
  readonly resident: number
  readonly peak: number
}

const idle: Meter = { executing: async () => 0, working: async () => 0 }

const clocks = async ({ contestant: { pid }, meter = idle }: Runner) => ({
  cpu: cpuOf(pid),
  executing: await meter.executing(),
  working: await meter.working(),
})

/** One after the other, again and again: what else happens on the machine meets all of them alike. */
const rounds = async (runners: readonly Runner[], scrapes: number, encoding: 'identity' | 'gzip') => {
  const before = await Promise.all(runners.map(clocks))
  const times = runners.map((): number[] => [])
  const bytes = runners.map(() => 0)
  for (let round = 0; round < scrapes; round += 1) {
    for (const [place, { contestant }] of runners.entries()) {
      const answer = await scrape(contestant.url, encoding)
      times[place]?.push(answer.milliseconds)
      bytes[place] = answer.bytes
      await turn()
    }
  }
  const after = await Promise.all(runners.map(clocks))
  return runners.map((_, place) => {
    const each = (clock: 'cpu' | 'executing' | 'working') =>
      ((after[place]?.[clock] ?? 0) - (before[place]?.[clock] ?? 0)) / scrapes
    return {
      latency: spreadOf(times[place] ?? []),
      bytes: bytes[place] ?? 0,
      cpu: each('cpu'),
      executing: each('executing'),
      working: each('working'),
    }
  })
}

/** V8 and the server's caches come to rest within some scrapes; an exporter in production runs for weeks. */
const warmUpsFor = (scrapes: number) => Math.max(3, Math.ceil(scrapes / 2))

/** Warms every exporter up, then scrapes them in turns: plain, and again compressed as Prometheus asks. */
export const race = async (runners: readonly Runner[], scrapes: number): Promise<readonly Cost[]> => {
  await rounds(runners, warmUpsFor(scrapes), 'identity')
  const plain = await rounds(runners, scrapes, 'identity')
  const zipped = await rounds(runners, Math.max(3, Math.ceil(scrapes / 2)), 'gzip')
  return Promise.all(
    runners.map(async ({ contestant, meter }, place) => {
      const [one, small] = [plain[place], zipped[place]]
      if (!one || !small) throw new Error(`could not measure ${contestant.name}`)
      const { chunks } = await scrape(contestant.url)
      const failures = failuresIn(chunks)
      if (failures.length > 0) throw new Error(`could not measure ${contestant.name}: ${failures.join(', ')}`)
      const families = seriesOf(chunks)
      return {
        ...(meter ? one : { latency: one.latency, bytes: one.bytes, cpu: one.cpu }),
        families,
        series: countOf(families),
        zipped: small.latency,
        zippedBytes: small.bytes,
        zippedCpu: small.cpu,
        resident: memoryOf(contestant.pid, 'VmRSS'),
        peak: memoryOf(contestant.pid, 'VmHWM'),
      }
    }),
  )
}

/** Round trips to the server in one usual scrape, through a proxy that counts them. */
export const tripsOf = async (
  contestant: Contestant,
  proxy: { trips(): number; connections(): number },
): Promise<{ readonly trips: number; readonly connections: number }> => {
  for (let scrapes = 0; scrapes < 2; scrapes += 1) await scrape(contestant.url)
  const before = { trips: proxy.trips(), connections: proxy.connections() }
  await scrape(contestant.url)
  return { trips: proxy.trips() - before.trips, connections: proxy.connections() - before.connections }
}
