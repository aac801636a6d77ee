import type { RuleGroup } from '../../../alerts/alert.ts'
import { scrapeInterval } from '../../../config/targets.ts'
import { secondsIn } from '../../promtool/duration.ts'
import { itself, numberOf } from './measured.ts'

/** What an evaluation of a group takes: seconds of a processor, and how often it has one. */
export interface Evaluated {
  readonly seconds: number
  readonly interval: number
}

/** A process is told its time in hundredths of a second: so much of it is enough to know. */
const enough = 0.3
const often = 20

const spent = async (url: string) => numberOf(await itself(url), 'process_cpu_seconds_total')

const evaluate = async (url: string, query: string, time: number) => {
  const answer = await fetch(`${url}/api/v1/query`, {
    method: 'POST',
    body: new URLSearchParams({ query, time: String(time), timeout: '10m' }),
  })
  const told = await answer.text()
  if (!answer.ok) throw new Error(`Prometheus could not evaluate ${query}: ${told.slice(0, 300)}`)
}

/** Evaluates every rule of a group at a time, again and again until it is known what that takes. */
const groupTakes = async (
  url: string,
  { rules, interval = scrapeInterval }: RuleGroup,
  time: number,
): Promise<Evaluated> => {
  const before = await spent(url)
  let times = 0
  let took = 0
  while (took < enough && times < often) {
    for (const { expr } of rules) await evaluate(url, expr, time)
    times += 1
    took = (await spent(url)) - before
  }
  return { seconds: took / times, interval: secondsIn(interval) }
}

/** What an evaluation of each group takes of a Prometheus that does nothing else. */
export const everyGroupTakes = async (url: string, groups: readonly RuleGroup[], time: number) => {
  const found = new Map<string, Evaluated>()
  for (const group of groups) found.set(group.name, await groupTakes(url, group, time))
  return found
}
