import { z } from 'zod'
import { namesOf } from '../../../metrics/names.ts'
import type { Asked } from './asked.ts'

const pair = z.tuple([z.number(), z.string()])
const line = z.object({
  metric: z.record(z.string(), z.string()),
  value: pair.optional(),
  values: z.array(pair).default([]),
})

/**
 * The last value of each series, by its labels. VictoriaMetrics keeps the name of a metric behind min_over_time and the like, and
 * a label without a value: no panel and no alert looks at either.
 */
const lastOf = (lines: readonly string[]): ReadonlyMap<string, number> =>
  new Map(
    lines.map((text) => {
      const { success, data } = line.safeParse(JSON.parse(text))
      if (!success) return [text, 0]
      const { __name__: _, ...labels } = data.metric
      const own = Object.entries(labels).filter(([, value]) => value)
      return [JSON.stringify(own), Number((data.value ?? data.values.at(-1))?.[1])]
    }),
  )

/**
 * How far values may lie apart. Rules and panels ask for the rate of five minutes, of which four were lived, less the two turns that
 * a record may be behind: VictoriaMetrics divides by these 3.5, and Prometheus by the five. Over other windows they are nearer.
 */
export const bound = 0.3

const areNear = (one: number, other: number) =>
  Object.is(one, other) || Math.abs(one - other) <= bound * Math.max(Math.abs(one), Math.abs(other)) + 1e-9

/** Why values may lie further apart: docs/mimir.md. */
export const further = {
  'the beginning of a series, which is a change there': ({ promql }) => /\b(?:changes|delta)\(/.test(promql),
  'a rate over more than there is': ({ promql }) => /\brate\([^[]*\[30m\]/.test(promql),
  'a sum of rates from their first minute on': ({ promql }) => /\bsum_over_time\(slo:.*\[5m:1m\]\)/.test(promql),
  'how long an alert has fired': ({ reads }) => reads.some(isOfAlerts),
} as const satisfies Record<string, (one: Asked) => boolean>
export type Further = keyof typeof further

const isOfAlerts = (name: string) => /^ALERTS|^alert:/.test(name)

const sameKeys = (one: ReadonlyMap<string, unknown>, other: ReadonlyMap<string, unknown>) =>
  one.size === other.size && [...one.keys()].every((key) => other.has(key))

/** Alerts fire at moments of each server's own, and carry them in labels: of those about as many will do. */
const alike = (one: Asked, ours: ReadonlyMap<string, number>, theirs: ReadonlyMap<string, number>) =>
  one.reads.some(isOfAlerts)
    ? Math.abs(ours.size - theirs.size) <= 1 + Math.max(ours.size, theirs.size) / 10
    : sameKeys(ours, theirs)

/**
 * What becomes of an answer that is not the same: whether all its last values are near, why they may be further, or what is wrong.
 * @param lines the answers of Prometheus and of VictoriaMetrics
 */
export const judged = (
  one: Asked,
  lines: readonly [ours: readonly string[], theirs: readonly string[]],
): 'near' | Further | { readonly fault: string } => {
  const [ours, theirs] = [lastOf(lines[0]), lastOf(lines[1])]
  if (!alike(one, ours, theirs)) return { fault: 'has other series' }
  if (sameKeys(ours, theirs) && [...ours].every(([key, value]) => areNear(value, theirs.get(key) ?? Number.NaN)))
    return 'near'
  return namesOf(further).find((reason) => further[reason](one)) ?? { fault: 'has values that are far off' }
}
