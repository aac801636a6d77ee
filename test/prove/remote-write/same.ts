import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import type { Program } from '../../../compose/local/find-program.ts'
import { eventually, workshop } from '../../integration/servers.ts'
import { writeRuleFiles } from '../rule-files.ts'
import { answer, difference } from './answer.ts'
import type { Asked } from './asked.ts'
import { type Scene, scene } from './scene.ts'

/** How long rules are evaluated on what was written, in seconds: alerts that wait for two minutes fire. */
const lived = 240

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
 * An alert that fires without any sample does so since its server's first look. Servers whose first looks fell into different turns
 * have it differently for ever.
 */
const beganTogether = async (urls: readonly string[], moment: number) => {
  const since: Asked = { name: 'alerts without samples', promql: 'ALERTS_FOR_STATE', as: 'now', reads: [] }
  const moments = { begin: moment, end: moment, every: 1 }
  const [first, ...others] = await Promise.all(urls.map((url) => answer(url, since, moments)))
  return others.every((other) => other.join() === first?.join())
}

/** Of Unix time, in seconds. */
const until = (moment: number) => delay(Math.max(0, 1000 * moment - Date.now()))

interface Lack extends Pick<Options, 'all' | 'without'> {
  readonly moments: Scene['moments']
}

/** Those of several names for which a query that reads it, and none of the others, has another answer. */
const missedIn = async (urls: readonly [string, string], { all, without, moments }: Lack) => {
  const missed: string[] = []
  for (const name of without) {
    const own = all.filter(({ reads }) => reads.filter((one) => without.includes(one)).join() === name)
    for (const one of own) {
      if (!(await difference(urls, one, moments))) continue
      missed.push(name)
      break
    }
  }
  return missed
}

interface Lived {
  readonly found: readonly Compared[]
  /** Names of `without` whose lack a query told of. */
  readonly missed: readonly string[]
}

interface Options {
  readonly program: Program
  readonly all: readonly Asked[]
  /** Names that a receiver of its own does not get: those that only show while rules are evaluated. */
  readonly without: readonly string[]
  /** What else an agent writes to. */
  readonly besideIn: (shop: ReturnType<typeof workshop>) => Promise<Beside | undefined>
}

/** Source and receivers evaluate all rules for minutes, each on what it has; then everything is asked of all. */
const comparedOnce = async ({ program, all, without, besideIn }: Options): Promise<Lived | undefined> => {
  const shop = workshop()
  // All servers read the same files: a group's turn in the interval is made of its name and that of its file.
  const rules = { global: { evaluation_interval: '15s' }, rule_files: [writeRuleFiles(join(shop.folder, 'rules'))] }
  const beside = await besideIn(shop)
  const played = await scene(shop, program)
  try {
    const receiver = await played.receiver()
    const lacking = await played.receiver()
    await played.write({ url: receiver.url }, { url: lacking.url, without }, ...(beside ? [{ url: beside.url }] : []))
    await played.settle()
    const { begin, every } = played.moments
    await beside?.start()
    // All at one moment: an alert that always fires has done so since its server's first look at it.
    await Promise.all(
      [played.source, receiver, lacking].map((server) => server.configure({ ...rules, scrape_configs: [] })),
    )
    await until(begin)
    const urls = [played.source, receiver, lacking].map(({ url }) => url)
    if (!(await beganTogether(urls, begin))) return undefined
    await until(begin + lived)
    const moments = { begin, end: Math.floor(Date.now() / 1000), every }
    for (const { url } of [played.source, receiver, lacking]) {
      await eventually(() => haveEvaluated(url, moments.end), Boolean, { within: 120_000, every: 1_000 })
    }
    const found: Compared[] = []
    for (const one of [...all, ...madeByRules]) {
      const differs = (await difference([played.source.url, receiver.url], one, moments)) !== undefined
      found.push({ one, differs, answered: (await answer(played.source.url, one, moments)).length > 0 })
    }
    await beside?.look(played.source.url, all, moments)
    const missed = await missedIn([played.source.url, lacking.url], { all, without, moments })
    return { found, missed }
  } finally {
    await played.end()
    await shop.end()
  }
}

const attempts = 5

/** The same, from the start again where servers did not begin together. */
export const compared = async (options: Options): Promise<Lived> => {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const lived = await comparedOnce(options)
    if (lived) return lived
  }
  throw new Error(`the rules began at different turns ${attempts} times: try it on a calmer machine`)
}
