import { histogram } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { distribution, remainder } from '../reading.ts'
import type { Choose } from './bounded.ts'
import { callsOf, countsOf } from './commands.ts'
import { releaseOf, theirs } from './fields.ts'
import { asked, tableOf } from './permission.ts'
import type { Redis } from './source.ts'

export const commandLatencies = histogram({
  ...theirs('commands_latencies_usec', 'Time the command ran, in microseconds'),
  labels: ['cmd'],
  buckets: [],
})

/** How long the calls of each command ran, as the server has counted them: of 7.0 and later. */
export const histograms = (choose: Choose): Collector<Redis> => ({
  name: 'latency_histograms',
  metrics: [commandLatencies],
  async collect(reader) {
    const info = await reader.info()
    if (releaseOf(info) < 7) return []
    const reply = await asked(reader, '+latency|histogram', 'LATENCY', 'HISTOGRAM')
    const calls = callsOf(info)
    const shown = choose(countsOf(calls))
    const microseconds = new Map([...calls].map(([cmd, { microseconds: sum }]) => [cmd, sum]))
    const own: Counted[] = []
    const rest: Counted[] = []
    for (const [cmd, told] of tableOf(reply)) {
      const counted = countedOf(cmd, told, microseconds.get(cmd) ?? 0)
      if (counted) (shown.has(cmd) ? own : rest).push(counted)
    }
    const all = rest.length === 0 ? own : [...own, together(rest)]
    return all.flatMap(({ cmd, ...counted }) => distribution(commandLatencies, { cmd }, counted))
  },
})

type Buckets = readonly (readonly [bound: number, count: number])[]
interface Counted {
  readonly cmd: string
  readonly count: number
  readonly sum: number
  readonly buckets: Buckets
}

const countedOf = (cmd: string, told: unknown, sum: number): Counted | undefined => {
  const details = tableOf(told)
  const count = details.get('calls')
  if (typeof count !== 'number') return undefined
  const pairs = tableOf(details.get('histogram_usec'))
  const buckets = [...pairs].flatMap(([bound, calls]) =>
    typeof calls === 'number' && Number.isFinite(Number(bound)) ? [[Number(bound), calls] as const] : [],
  )
  return { cmd, count, sum, buckets }
}

/** A command tells only of bounds where its count rises: below the next of its own, it has the count of the last. */
const together = (rest: readonly Counted[]): Counted => {
  const bounds = [...new Set(rest.flatMap(({ buckets }) => buckets.map(([bound]) => bound)))].toSorted((a, b) => a - b)
  const upTo = (buckets: Buckets, bound: number) => buckets.findLast(([own]) => own <= bound)?.[1] ?? 0
  const total = (value: (one: Counted) => number) => rest.reduce((sum, one) => sum + value(one), 0)
  return {
    cmd: remainder,
    count: total(({ count }) => count),
    sum: total(({ sum }) => sum),
    buckets: bounds.map((bound) => [bound, total(({ buckets }) => upTo(buckets, bound))]),
  }
}
