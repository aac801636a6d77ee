import { eventually, workshop } from '../integration/servers.ts'
import { vitalsOf } from './kills/exporter.ts'
import { type Lane, openLane } from './kills/lane.ts'
import { moments } from './kills/moments.ts'
import { scheduled } from './kills/schedule.ts'
import { nobody, type Victim, victims } from './kills/victims.ts'
import { type Counts, countedIn, miscounts, tallyOf } from './ladder/count.ts'
import { cell, judge } from './ladder/judge.ts'
import { steps } from './ladder/law.ts'
import { paceOf } from './ladder/pace.ts'
import { patienceOf } from './ladder/patience.ts'
import { type Generation, generations, type Programs, programsOf } from './ladder/programs.ts'
import type { Findings, Proof } from './proof.ts'

/** An hour is two minutes. */
const pace = paceOf(30)
/** Milliseconds that a machine takes which is busy with so many lanes. */
const busy = 3000
/** From the kill to the restart, in seconds of production. */
const pauses = [0, 60] as const

const nameOf = ({ victim, away, programs }: Pick<Lane, 'victim' | 'away' | 'programs'>) =>
  `${victim.name}, ${programs.words}, ${awayWords(away)}`

const awayWords = (away: number) => (away === 0 ? 'at once' : `after ${away} s`)

const inWords = (counts: Counts) =>
  [...counts.values()]
    .filter(({ incidents }) => incidents > 0)
    .map(({ incidents, met, breached }) => `${incidents}: ${met}, ${breached}`)
    .join('; ')

/** What the recorder counted, when it has heard of the end of everything, or it is too late. */
const counted = async (lane: Lane) => {
  const tally = tallyOf(
    pace,
    lane.climbed.map(({ climb }) => climb),
  )
  const ask = async () => countedIn(await lane.stand.counters())
  const isRight = (counts: Counts) => miscounts(counts, tally).length === 0
  const counts = await eventually(ask, isRight, { within: 20_000, every: 250 }).catch(ask)
  return { words: `${inWords(counts)} of ${inWords(tally)}`, faults: miscounts(counts, tally) }
}

const found = async (lane: Lane): Promise<Findings> => {
  const { victim, away, programs, outage, stand, climbed } = lane
  const patience = patienceOf(pace, stand.interval, { machine: busy })
  const judged = climbed.map(({ climb, heard, moment }) => ({
    moment,
    ...judge(climb, heard, { pace, patience, outage, mayRepeat: outage !== undefined }),
  }))
  const count = await counted(lane)
  return {
    rows: judged.map((one) => [
      victim.name,
      outage ? `${awayWords(away)}, back after ${((outage.started - outage.from) / 1000).toFixed(1)} s` : '–',
      programs.words,
      one.moment.step,
      ...steps.map((step) => cell(one, step)),
      one.told.reduce((sum, { again }) => sum + again, 0),
      count.words,
    ]),
    faults: [...judged.flatMap(({ faults }) => faults), ...count.faults].map((fault) => `${nameOf(lane)}: ${fault}`),
  }
}

interface Chosen {
  readonly programs: Programs
  readonly victim: Victim
  readonly away: number
}

interface Round {
  readonly generation: Generation
  readonly away: number
}

/** In each all that is killed, and beside it nothing: more lanes at once would keep each other from their times. */
const rounds: readonly Round[] = generations.flatMap((generation) => pauses.map((away) => ({ generation, away })))

const lanesOf = (programs: Programs, away: number, only = ''): readonly Chosen[] =>
  [nobody, ...victims.filter(({ name }) => name.startsWith(only))].map((victim) => ({ programs, victim, away }))

const batch = 3
const batches = <T>(all: readonly T[]): readonly (readonly T[])[] =>
  all.flatMap((_, i) => (i % batch === 0 ? [all.slice(i, i + batch)] : []))

/** All of them, or the first failure once none is under way any more. */
const allOf = async <T>(going: readonly Promise<T>[]): Promise<readonly T[]> => {
  await Promise.allSettled(going)
  return Promise.all(going)
}

/** Lanes side by side, killed at one moment. */
const round = async (chosen: readonly Chosen[], say: (line: string) => void): Promise<readonly Findings[]> => {
  const shop = workshop()
  const vitals = await vitalsOf(moments.map(({ instance }) => instance))
  const ends: (() => Promise<void>)[] = [vitals.end]
  try {
    const opened: Awaited<ReturnType<typeof openLane>>[] = []
    const keep = (end: () => Promise<void>) => void ends.push(end)
    const numbered = chosen.map((one, i) => ({ ...one, shop, keep, name: `lane-${i}`, pace, scraped: vitals.scraped }))
    // All at once they would keep each other from starting in time.
    for (const some of batches(numbered)) opened.push(...(await allOf(some.map(openLane))))
    say(`${opened.length} lanes stand`)
    const { times, playing } = scheduled(pace, vitals)
    const lanes = allOf(opened.map((play) => play(times)))
    await Promise.all([lanes, playing])
    return await allOf((await lanes).map(found))
  } finally {
    await shop.end()
    for (const end of ends.toReversed()) await end()
  }
}

export const killsProof: Proof = {
  title: 'Programs killed at every step of the ladder',
  says:
    `${moments.length} critical alerts are brought to another step of the ladder each, by Prometheus with the rules and Alertmanager with alertmanager.yml as they are generated, and our recorder. At one moment programs are killed (kill -9), and started again at once or after a minute of production. Lanes that stand side by side see the same faults; in one nothing is killed. Times pass ${pace.factor} times faster, all by that one factor (docs/proof/ladder.md): an hour is ${pace.seconds(3600)} s, a minute ${pace.seconds(60)} s. What a start takes cannot be compressed, nor the five seconds after it in which Prometheus scrapes nothing: by them alone it looks back further than ${pace.seconds(300)} s. ` +
    `It would be a fault if a step did not come by every channel of its receiver, or said something else than it should; came more than a second and two evaluations before it would have come without the kill, or later than that by more than waits, intervals and evaluations and ${busy / 1000} s explain, or, where it fell due meanwhile, than they explain after the program did again what it does; came to anybody else, or although it was acknowledged; or if the recorder counted otherwise than the faults that were brought about: incidents, and those that were answered in time and those that were not. ` +
    'What ends while Prometheus is away it does not know of: Alertmanager holds it to be over four minutes after it was told last. What ends while both are away neither of them knows of: only the recorder finds that it is over. A message may come again where Alertmanager was killed before it had written down that it was sent; these are counted. ' +
    'Seconds are counted as they passed here, from when the step was due to when the slowest channel had it.',
  columns: [
    'killed',
    'restarted',
    'servers',
    'the alert was',
    ...steps.map((step) => `${step}, s late`),
    'messages told again',
    'incidents counted of those in the lane: met, breached',
  ],
  prove: async (say, [only, which] = []) => {
    const rows: Findings['rows'][number][] = []
    const faults: string[] = []
    for (const { generation, away } of rounds.filter((_, i) => which === undefined || which === String(i))) {
      const programs = await programsOf(generation)
      say(`${programs.words}, restarted ${awayWords(away)}`)
      for (const each of await round(lanesOf(programs, away, only), say)) {
        rows.push(...each.rows)
        faults.push(...each.faults)
        for (const fault of each.faults) say(fault)
      }
    }
    return { rows, faults }
  },
}
