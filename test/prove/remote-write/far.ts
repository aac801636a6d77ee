import { join } from 'node:path'
import { z } from 'zod'
import { ruleFiles } from '../../../alerts/index.ts'
import { namesOf } from '../../../metrics/names.ts'
import { eventually, type workshop } from '../../integration/servers.ts'
import { writeRuleFiles } from '../rule-files.ts'
import { answer } from './answer.ts'
import type { Asked } from './asked.ts'
import { type Further, further, judged } from './near.ts'
import type { Beside } from './same.ts'
import { rulesFor, victoria } from './victoria.ts'

export const told = z.object({
  data: z.object({
    groups: z.array(
      z.object({
        name: z.string(),
        rules: z.array(
          z.object({ name: z.string(), lastError: z.string().optional(), lastEvaluation: z.coerce.date() }),
        ),
      }),
    ),
  }),
})
type Group = z.infer<typeof told>['data']['groups'][number]

/** Those of which every rule was evaluated after that moment, in seconds: before its first time each says that it was in the year 1. */
const evaluatedSince = (groups: readonly Group[], moment: number) =>
  groups.filter(({ rules }) => rules.every(({ lastEvaluation }) => lastEvaluation.getTime() / 1000 > moment))

/** What is wrong with the groups that vmalert has: one is missing, was not evaluated, or has a rule in error. */
export const groupFaults = (groups: readonly Group[], begin: number): readonly string[] => {
  const evaluated = evaluatedSince(groups, begin)
  return [
    ...generatedGroups
      .filter((name) => !groups.some((one) => one.name === name))
      .map((name) => `vmalert has no group ${name}`),
    ...groups.filter((one) => !evaluated.includes(one)).map(({ name }) => `vmalert did not evaluate all of ${name}`),
    ...groups.flatMap(({ name, rules }) =>
      rules.flatMap((rule) => (rule.lastError ? [`${name}: ${rule.name}: ${rule.lastError}`] : [])),
    ),
  ]
}

/** What VictoriaMetrics made of the same samples and the same rules. */
export interface Far {
  /** Groups of rules: how many are generated, and how many of those were evaluated there. */
  readonly groups: number
  readonly evaluated: number
  readonly faults: readonly string[]
  /** Queries that Prometheus has an answer to, and how many of those are answered there, and with the same values. */
  readonly asked: number
  readonly answered: number
  readonly same: number
  /** Of those with other values, how many differ for which reason. */
  readonly reasons: ReadonlyMap<Reason, number>
  /** And how many are near all the same, and how many further off for which reason. */
  readonly near: number
  readonly further: ReadonlyMap<Further, number>
}

export const generatedGroups = Object.values(ruleFiles())
  .flat()
  .map(({ name }) => name)

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

const counter = <K extends string>(keys: readonly K[]) => {
  const counts = new Map(keys.map((key) => [key, 0]))
  return { counts, add: (key: K) => counts.set(key, (counts.get(key) ?? 0) + 1) }
}

const lookedAt = async (
  urls: readonly [source: string, far: string],
  all: readonly Asked[],
  moments: Parameters<typeof answer>[2],
) => {
  const found = { asked: 0, answered: 0, same: 0, near: 0 }
  const [why, off] = [counter(namesOf(reasons)), counter(namesOf(further))]
  const faults: string[] = []
  for (const one of all.filter(({ as }) => as !== 'exemplars')) {
    const there = await answer(urls[0], one, moments)
    if (there.length === 0) continue
    found.asked++
    const here = await answer(urls[1], one, moments)
    if (here.length > 0) found.answered++
    if (bare(here) === bare(there)) {
      found.same++
      continue
    }
    const reason = reasonOf(one)
    const verdict = reason && here.length > 0 ? judged(one, [there, here]) : { fault: 'has no answer, or another' }
    if (reason) why.add(reason)
    if (verdict === 'near') found.near++
    else if (typeof verdict === 'string') off.add(verdict)
    else faults.push(`VictoriaMetrics ${verdict.fault}: ${one.name}: ${one.promql}`)
  }
  return { ...found, reasons: why.counts, further: off.counts, faults }
}

/** Debian's VictoriaMetrics with its vmalert beside; `tell` gets what is seen of it. */
export const far =
  (tell: (seen: Far) => void) =>
  async (shop: ReturnType<typeof workshop>): Promise<Beside> => {
    const { url, refused, refusedForMore, evaluate } = await victoria(shop)
    const rules = rulesFor(join(shop.folder, 'older'))
    const unaltered = writeRuleFiles(join(shop.folder, 'unaltered'))
    let evaluating = ''
    const groupsOf = async () => told.parse(await (await fetch(`${evaluating}/api/v1/rules`)).json()).data.groups
    return {
      url,
      start: async () => {
        evaluating = await evaluate(rules)
      },
      look: async (source, all, moments) => {
        const refusals = await Promise.all([refused(rules), refusedForMore(unaltered)])
        const groups = await eventually(groupsOf, (some) => some.length > 0)
        const seen = await lookedAt([source, url], all, moments)
        const evaluated = evaluatedSince(groups, moments.begin).filter(({ name }) => generatedGroups.includes(name))
        tell({
          ...seen,
          groups: generatedGroups.length,
          evaluated: evaluated.length,
          faults: [...refusals.filter((one) => one !== ''), ...groupFaults(groups, moments.begin), ...seen.faults],
        })
      },
    }
  }
