import { z } from 'zod'
import type { Asked } from './asked.ts'
import type { Moments } from './feed.ts'

const answered = z.object({ status: z.string(), error: z.string().optional(), data: z.unknown().optional() })

const vector = z.object({
  result: z.union([
    z.array(z.object({ metric: z.record(z.string(), z.string()) }).catchall(z.unknown())),
    // A number without a series.
    z.tuple([z.number(), z.string()]),
  ]),
})

const paths: Readonly<Record<Asked['as'], string>> = {
  now: 'query',
  range: 'query_range',
  values: 'label/instance/values',
  names: 'label/__name__/values',
  exemplars: 'query_exemplars',
}

const paramsOf = ({ as, promql }: Asked, { begin, end, every }: Moments): Readonly<Record<string, string>> => {
  const over = { start: String(begin), end: String(end) }
  if (as === 'now') return { query: promql, time: String(end) }
  if (as === 'values' || as === 'names') return { 'match[]': promql, ...over }
  return { query: promql, ...over, ...(as === 'range' && { step: String(every) }) }
}

const sorted = (labels: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)))

/** A line for each series, with every value to the last digit, in an order of their own. */
const linesOf = ({ as }: Asked, data: unknown): readonly string[] => {
  if (as !== 'now' && as !== 'range')
    return z
      .array(z.unknown())
      .parse(data)
      .map((one) => JSON.stringify(one))
      .toSorted()
  const { result } = vector.parse(data)
  return result
    .map((one) =>
      JSON.stringify(typeof one === 'object' && 'metric' in one ? { ...one, metric: sorted(one.metric) } : one),
    )
    .toSorted()
}

/** What a server answers, in lines. @throws Error with its words where it refuses */
export const answer = async (url: string, one: Asked, moments: Moments): Promise<readonly string[]> => {
  const params = new URLSearchParams(paramsOf(one, moments))
  const response = await fetch(`${url}/api/v1/${paths[one.as]}?${params}`)
  const { data, error } = answered.parse(await response.json())
  if (error !== undefined) throw new Error(`${one.name}: ${one.promql}: ${error}`)
  return linesOf(one, data)
}

const isSame = (one: readonly string[], other: readonly string[]) => one.join('\n') === other.join('\n')

/** Behind label_replace and operators, Prometheus adds in an order of chance, and the last digit with it. */
const chances = 20

/**
 * What two servers answer differently, as they told it first; undefined where they say the same to the last digit. One that
 * answers itself differently from time to time is asked again.
 */
export const difference = async (
  [left, right]: readonly [string, string],
  one: Asked,
  moments: Moments,
): Promise<readonly (readonly string[])[] | undefined> => {
  const first = await Promise.all([answer(left, one, moments), answer(right, one, moments)])
  const seen = first.map((lines) => [lines])
  for (let chance = 0; chance < chances; chance++) {
    const [ours = [], theirs = []] = seen
    if (ours.some((lines) => theirs.some((other) => isSame(lines, other)))) return undefined
    if (first[0].length !== first[1].length) return first
    ours.push(await answer(left, one, moments))
    theirs.push(await answer(right, one, moments))
  }
  return first
}

/** Whether all that was fed has arrived: the last sample of so many series. */
export const arrived = async (url: string, series: number, { end }: Moments): Promise<boolean> => {
  const last = { name: 'the last samples', promql: '{__name__!="",job!="feed"}[1s]', as: 'now', reads: [] } as const
  return (await answer(url, last, { begin: end, end, every: 1 })).length === series
}
