import { writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { workshop } from '../integration/servers.ts'
import { askedNames } from '../promtool/recorded/asked.ts'
import { strangersIn } from '../promtool/recorded/declared.ts'
import { recordingFile } from '../promtool/recorded/recording.ts'
import { unseen } from '../promtool/recorded/unseen.ts'
import { exporting } from './alerts/exporter.ts'
import { openAgent } from './alerts/stack/agent.ts'
import { startWatch } from './alerts/watch.ts'
import { crowdedService } from './labels/crowded.ts'
import { demoFor } from './labels/demo.ts'
import { talkativeJobs } from './labels/jobs.ts'
import { printedJson } from './labels/printed.ts'
import { recordingOf, type Series } from './labels/seen.ts'
import { postgresPair, redisTrio, secureProbe } from './labels/servers.ts'
import type { Proof } from './proof.ts'

/** Milliseconds: nothing new in so many, and every target has been scraped and surveyed; as long at most; between two looks. */
const [settling, patience, every] = [45_000, 300_000, 5_000] as const

/** All series that rules read, of whatever was scraped since the server began. */
const seriesOf = async (prometheus: string): Promise<readonly Series[]> => {
  const found: Series[] = []
  for (const name of askedNames) {
    const answer = await fetch(`${prometheus}/api/v1/series?match[]=${encodeURIComponent(name)}`)
    const { data }: { readonly data: readonly Series[] } = JSON.parse(await answer.text())
    found.push(...data)
  }
  return found
}

const missing = (seen: readonly Series[]) => {
  const names = new Set(seen.map(({ __name__: name }) => name))
  return askedNames.filter((name) => !names.has(name) && unseen[name] === undefined)
}

const textOf = (seen: readonly Series[]) => printedJson(recordingOf(seen))

/** Starts everything there is, and reads until nothing is missing and nothing comes any more. */
const seen = async (say: (line: string) => void): Promise<readonly Series[]> => {
  const shop = workshop()
  const ending: (() => Promise<unknown>)[] = []
  const started = async <Part extends { end(): Promise<unknown> }>(part: Promise<Part>) => {
    const { end } = await part
    ending.push(end)
    return part
  }
  try {
    const demo = await started(demoFor(shop))
    say('the demo runs')
    const postgres = await started(postgresPair(shop))
    const redis = await started(redisTrio(shop))
    const secure = await started(secureProbe(shop))
    const crowded = await crowdedService(shop)
    const jobs = await started(talkativeJobs(shop))
    const agent = await started(openAgent(shop, new URL(demo.prometheus).host))
    const { running, scraped } = await exporting(shop.folder, {
      primary: { kind: 'postgres', url: postgres.primary, surveySeconds: 5 },
      standby: { kind: 'postgres', url: postgres.standby, surveySeconds: 5 },
      master: { kind: 'redis', url: redis.master },
      replica: { kind: 'redis', url: redis.replica },
      node: { kind: 'redis', url: redis.node },
    })
    shop.keep(running)
    const watch = await startWatch(shop, [], () => [
      ...scraped,
      secure.scraped,
      crowded,
      agent.scraped,
      ...jobs.scraped,
    ])
    ending.push(async () => watch.end())
    say('all servers run')
    const read = async () => [...(await seriesOf(demo.prometheus)), ...(await seriesOf(watch.prometheus.url))]
    const until = Date.now() + patience
    let [found, settledAt] = [await read(), Date.now() + settling]
    while (Date.now() < until && (missing(found).length > 0 || Date.now() < settledAt)) {
      await delay(every)
      const next = await read()
      if (textOf(next) !== textOf(found)) settledAt = Date.now() + settling
      found = next
    }
    return found
  } finally {
    for (const end of ending.toReversed()) await end()
    await shop.end()
  }
}

/** What the rule tests' series are checked against. */
export const labelsProof: Proof = {
  title: 'Labels of every series that a rule reads',
  says:
    'The demo is started with all that watches it, and beside it what it does not have: a standby, locks and what else makes PostgreSQL talkative, a replica and a node of a cluster, a probe by https, a service of several processes, an agent that writes elsewhere, and a run of every maintenance job. ' +
    'Every series that a rule reads is taken from Prometheus as it was scraped, and its labels are written to test/promtool/recorded/labels.json, which the series of every rule test are held against. ' +
    'It would be a fault if a series had other labels than it is declared with, or if a rule read what no server serves, unless test/promtool/recorded/unseen.ts says why.',
  columns: ['job', 'names', 'label sets written down'],
  prove: async (say) => {
    const found = await seen(say)
    const recording = recordingOf(found)
    const faults = [
      // It would be refused by every rule test, and by this proof as well.
      ...strangersIn(recording),
      ...missing(found).map((name) => `${name} is read by a rule, and no server served it`),
      ...Object.keys(unseen)
        .filter((name) => found.some((one) => one.__name__ === name))
        .map((name) => `${name} is said never to be served, and was`),
    ]
    if (faults.length === 0) writeFileSync(recordingFile, textOf(found))
    const rows = Object.entries(recording).map(([job, names]) => [
      job,
      Object.keys(names).length,
      Object.values(names).reduce((sum, { examples }) => sum + examples.length, 0),
    ])
    return { rows, faults }
  },
}
