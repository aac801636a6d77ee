import { join } from 'node:path'
import { z } from 'zod'
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
  /** Of those with other values: how many look at counters over a range. */
  readonly byRate: number
  readonly others: readonly string[]
}

const overRange = /\b(?:rate|increase|irate|delta|deriv|changes|resets|predict_linear)\(/

const lookedAt = async (
  urls: readonly [source: string, far: string],
  all: readonly Asked[],
  moments: Parameters<typeof answer>[2],
) => {
  const found = { asked: 0, answered: 0, same: 0, byRate: 0 }
  const [others, faults]: [string[], string[]] = [[], []]
  for (const one of all.filter(({ as }) => as !== 'exemplars')) {
    const there = await answer(urls[0], one, moments)
    if (there.length === 0) continue
    found.asked++
    const here = await answer(urls[1], one, moments)
    if (here.length === 0) faults.push(`VictoriaMetrics has no answer for ${one.name}: ${one.promql}`)
    else found.answered++
    if (here.join() === there.join()) found.same++
    else if (overRange.test(one.promql)) found.byRate++
    else others.push(one.name)
  }
  return { ...found, others, faults }
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
