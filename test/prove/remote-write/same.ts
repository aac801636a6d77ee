import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { artefacts } from '../../../compose/artefacts.ts'
import type { Program } from '../../../compose/local/find-program.ts'
import { eventually, workshop } from '../../integration/servers.ts'
import { answer, difference } from './answer.ts'
import type { Asked } from './asked.ts'
import { type Scene, scene } from './scene.ts'

/** How long rules are evaluated on what was written, in seconds: alerts that wait for two minutes fire. */
const lived = 240

/** Both servers read the same files: a group's turn in the interval is made of its name and that of its file. */
const ruleFiles = (folder: string) => {
  mkdirSync(folder, { recursive: true })
  for (const [path, text] of artefacts()) {
    const name = /^prometheus\/rules\/(.+)$/.exec(path)?.[1]
    if (name) writeFileSync(join(folder, name), text)
  }
  return { global: { evaluation_interval: '15s' }, rule_files: [join(folder, '*.yml')] }
}

const evaluated = z.object({
  data: z.object({ groups: z.array(z.object({ lastEvaluation: z.string(), interval: z.number() })) }),
})

/** Each group has had its last turn before that moment. */
const haveEvaluated = async (url: string, moment: number) => {
  const { data } = evaluated.parse(await (await fetch(`${url}/api/v1/rules`)).json())
  return data.groups.every(({ lastEvaluation, interval }) => Date.parse(lastEvaluation) / 1000 > moment - interval)
}

/** What rules made, as it was made. */
const madeByRules: readonly Asked[] = ['ALERTS', 'ALERTS_FOR_STATE', '{__name__=~".+:.+"}'].map((promql) => ({
  name: `made by rules: ${promql}`,
  promql,
  as: 'range',
  reads: [],
}))

export interface Compared {
  readonly one: Asked
  /** Whether there is an answer at all. */
  readonly answered: boolean
  readonly differs: boolean
}

/** A place where the rules are evaluated as well, and what of its answers is to be seen. */
export interface Beside {
  readonly url: string
  readonly start: () => Promise<unknown>
  readonly look: (source: string, all: readonly Asked[], moments: Scene['moments']) => Promise<void>
}

/**
 * Source and receiver evaluate all rules for minutes, each on what it has; then everything is asked of both.
 * @param beside what else an agent writes to
 */
export const compared = async (
  program: Program,
  all: readonly Asked[],
  besideIn: (shop: ReturnType<typeof workshop>) => Promise<Beside | undefined>,
): Promise<readonly Compared[]> => {
  const shop = workshop()
  const rules = ruleFiles(join(shop.folder, 'rules'))
  const beside = await besideIn(shop)
  const played = await scene(shop, program, rules)
  try {
    const receiver = await played.receiver(rules)
    await beside?.start()
    await played.write({ url: receiver.url }, ...(beside ? [{ url: beside.url }] : []))
    await played.settle()
    const { begin, every } = played.moments
    await eventually(
      () => Date.now() / 1000,
      (now) => now > begin + lived,
      { within: 600_000, every: 1_000 },
    )
    const moments = { begin, end: Math.floor(Date.now() / 1000), every }
    for (const url of [played.source.url, receiver.url]) {
      await eventually(() => haveEvaluated(url, moments.end), Boolean, { within: 120_000, every: 1_000 })
    }
    const found: Compared[] = []
    for (const one of [...all, ...madeByRules]) {
      const differs = (await difference([played.source.url, receiver.url], one, moments)) !== undefined
      found.push({ one, differs, answered: (await answer(played.source.url, one, moments)).length > 0 })
    }
    await beside?.look(played.source.url, all, moments)
    return found
  } finally {
    await played.end()
    await shop.end()
  }
}
