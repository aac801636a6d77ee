import { join } from 'node:path'
import { z } from 'zod'
import { namesOf } from '../../../metrics/names.ts'
import { eventually, type workshop } from '../../integration/servers.ts'
import { answer } from './answer.ts'
import type { Asked } from './asked.ts'
import type { Beside } from './same.ts'
import { rulesFor, victoria } from './victoria.ts'

const told = z.object({
  data: z.object({
    groups: z.array(
      z.object({ name: z.string(), rules: z.array(z.object({ name: z.string(), lastError: z.string().optional() })) }),
    ),
  }),
})

/** What VictoriaMetrics made of the same samples and the same rules. */
export interface Far {
  readonly groups: number
  readonly faults: readonly string[]
  /** Queries that Prometheus has an answer to, and how many of those are answered there, and with the same values. */
  readonly asked: number
  readonly answered: number
  readonly same: number
  /** Of those with other values, how many differ for which reason. */
  readonly reasons: ReadonlyMap<Reason, number>
}

/** Why its values may be others: docs/mimir.md explains both. */
const reasons = {
  'a rate, or another look at a counter over a range': ({ promql }) =>
    /\b(?:rate|increase|irate|delta|deriv|changes|resets|predict_linear)\(/.test(promql),
  'what rules made, at other moments': ({ reads }) => reads.some((name) => /:|^ALERTS/.test(name)),
} as const satisfies Record<string, (one: Asked) => boolean>
type Reason = keyof typeof reasons

const reasonOf = (one: Asked) => namesOf(reasons).find((reason) => reasons[reason](one))

const labelled = z.object({ metric: z.record(z.string(), z.string()) }).catchall(z.unknown())

/** It keeps the name of a metric behind min_over_time and the like, and a label without a value: no panel and no alert looks at either. */
const bare = (lines: readonly string[]) =>
  lines
    .map((line) => {
      const { success, data } = labelled.safeParse(JSON.parse(line))
      if (!success) return line
      const { __name__: _, ...labels } = data.metric
      return JSON.stringify({
        ...data,
        metric: Object.fromEntries(Object.entries(labels).filter(([, value]) => value)),
      })
    })
    .toSorted()
    .join('\n')

const lookedAt = async (
  urls: readonly [source: string, far: string],
  all: readonly Asked[],
  moments: Parameters<typeof answer>[2],
) => {
  const found = { asked: 0, answered: 0, same: 0 }
  const counted = new Map(namesOf(reasons).map((reason) => [reason, 0]))
  const faults: string[] = []
  for (const one of all.filter(({ as }) => as !== 'exemplars')) {
    const there = await answer(urls[0], one, moments)
    if (there.length === 0) continue
    found.asked++
    const here = await answer(urls[1], one, moments)
    if (here.length === 0) faults.push(`VictoriaMetrics has no answer for ${one.name}: ${one.promql}`)
    else found.answered++
    const reason = reasonOf(one)
    if (bare(here) === bare(there)) found.same++
    else if (reason) counted.set(reason, (counted.get(reason) ?? 0) + 1)
    else faults.push(`VictoriaMetrics has another answer for ${one.name}: ${one.promql}`)
  }
  return { ...found, reasons: counted, faults }
}

/** Debian's VictoriaMetrics with its vmalert beside; `tell` gets what is seen of it. */
export const far =
  (tell: (seen: Far) => void) =>
  async (shop: ReturnType<typeof workshop>): Promise<Beside> => {
    const { url, refused, evaluate } = await victoria(shop)
    const rules = rulesFor(join(shop.folder, 'older'))
    let evaluating = ''
    const groupsOf = async () => told.parse(await (await fetch(`${evaluating}/api/v1/rules`)).json()).data.groups
    return {
      url,
      start: async () => {
        evaluating = await evaluate(rules)
      },
      look: async (source, all, moments) => {
        const refusal = await refused(rules)
        const groups = await eventually(groupsOf, (some) => some.length > 0)
        const failed = groups.flatMap(({ name, rules: some }) =>
          some.flatMap((rule) => (rule.lastError ? [`${name}: ${rule.name}: ${rule.lastError}`] : [])),
        )
        const seen = await lookedAt([source, url], all, moments)
        tell({ ...seen, groups: groups.length, faults: [...(refusal ? [refusal] : []), ...failed, ...seen.faults] })
      },
    }
  }
