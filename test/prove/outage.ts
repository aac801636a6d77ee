import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { workshop } from '../integration/servers.ts'
import { paceOf } from './ladder/pace.ts'
import { faultsOf, rowsOf } from './outage/judge.ts'
import { type Lengths, type Played, played } from './outage/play.ts'
import { recordedOf, recordingFile } from './outage/recorded.ts'
import { type Scenario, scenarios } from './outage/scenarios.ts'
import type { Proof } from './proof.ts'

/** Times pass so many times faster. */
const usual = 5
/** Minutes, as they pass in production. */
const minutes = { before: 5, fault: 17, after: 25 } as const
const lengths: Lengths = { before: minutes.before * 60, fault: minutes.fault * 60, after: minutes.after * 60 }
/** So many stacks side by side: each waits most of its time. */
const atOnce = 3

const inTurns = async (chosen: readonly Scenario[], play: (scenario: Scenario) => Promise<void>) => {
  const left = [...chosen]
  const one = async () => {
    for (let next = left.shift(); next; next = left.shift()) await play(next)
  }
  await Promise.all(Array.from({ length: atOnce }, one))
}

/** What fired is replayed by a test. */
const record = (one: Played) => {
  const file = recordingFile(one.scenario.name)
  mkdirSync(new URL('.', file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(recordedOf(one), undefined, 2)}\n`)
}

export const outageProof: Proof = {
  title: 'One outage makes one page',
  says: `Each fault is brought about on a stack of \`npm start\` of its own, with the rules and the configuration of Alertmanager as they are generated, and
lasts ${minutes.fault} minutes after ${minutes.before} minutes in which all was usual; then it is ended, and the stack is watched for ${minutes.after} minutes more. Times pass ${usual} times faster, all of them:
delays and ranges of rules, scrapes, waits and intervals of groups; those below are as they are in production, from the beginning of the fault. What Alertmanager tells
arrives where PagerDuty, Slack and a mail relay would be, and at a webhook beside them that says what it is. An alert that fired and of which nobody
was told was held back by the alert that is named, or over before its group was told. It would be a fault if there were a first notification of anything but the alert that the
fault is to be known by, or more than one; if anybody were reminded of something else; or if a channel did not get what another channel of the same receiver got. Alerts of the host (Host…)
are left out: it is the machine of the proof.`,
  columns: ['fault', 'alert', 'severity, team', 'series', 'fired after, s', 'until, s', 'held back by', 'told'],
  prove: async (say, [name, factor = String(usual)] = []) => {
    const chosen = scenarios.filter((one) => name === undefined || one.name === name)
    if (chosen.length === 0)
      throw new Error(`there is no fault ${name}: ${scenarios.map((one) => one.name).join(', ')}`)
    const found = new Map<Scenario, Played>()
    const broken: string[] = []
    const shop = workshop()
    const play = async (scenario: Scenario) => {
      const folder = join(shop.folder, scenario.name)
      mkdirSync(folder)
      try {
        const one = await played(scenario, folder, paceOf(Number(factor)), lengths)
        found.set(scenario, one)
        say(`${scenario.name}: ${one.seen.length} alerts fired, ${one.messages.length} messages`)
      } catch (error) {
        // What the others find still counts.
        broken.push(`${scenario.name}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
    try {
      await inTurns(chosen, play)
    } finally {
      await shop.end()
    }
    const all = chosen.flatMap((scenario) => found.get(scenario) ?? [])
    const faults = [...broken, ...all.flatMap(faultsOf)]
    if (faults.length === 0) for (const one of all) record(one)
    return {
      rows: all.flatMap((one) => [
        [one.scenario.name, one.scenario.fault, '', '', 0, Math.round(one.lasted), '', ''],
        ...rowsOf(one),
      ]),
      faults,
    }
  },
}
