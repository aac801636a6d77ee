import { eventually, workshop } from '../../integration/servers.ts'
import { memoryOf } from '../measure.ts'
import {
  type Bundles,
  bundles,
  type Contestant,
  contestants,
  countedBy,
  type Framework,
  type Served,
  startContestant,
} from './contestants.ts'
import { type Slice, startClient } from './load.ts'

/** Both under the same load, one right after the other. */
export interface Pair {
  readonly bare: Slice
  readonly other: Slice
}

/** What one contestant did in the whole run. */
export interface Raced {
  readonly name: string
  readonly pairs: readonly Pair[]
  /** MiB after each sitting. */
  readonly resident: readonly number[]
  /** Requests that were answered, and those it says it counted: more by the questions for that number. */
  readonly sent: number
  readonly counted: number
}

export interface RaceOptions {
  /** Of each contestant with the bare service. */
  readonly pairs?: number
  readonly seconds?: number
  /** Of load on each process before the first pair. */
  readonly warmUp?: number
  readonly say?: (line: string) => void
  readonly entered?: readonly Contestant[]
}

export const connections = 64
/** Then all processes start anew: how the compiler happens to lay out a program lasts as long as its process. */
export const pairsInSitting = 5

interface Runner {
  readonly contestant: Contestant
  readonly served: Served
  readonly pairs: Pair[]
  sent: number
}

type Client = ReturnType<typeof startClient>

const load = async (client: Client, runner: Runner, seconds: number) => {
  const { port, pid } = runner.served
  const slice = await client.run({ port, pid, milliseconds: seconds * 1000, connections })
  runner.sent += slice.sent
  return slice
}

/** Alternating who is first, and who of the others is: what happens on the machine meets all of them alike. */
const round = async (client: Client, bare: Runner, others: readonly Runner[], seconds: number, number: number) => {
  for (let step = 0; step < others.length; step += 1) {
    const other = others[(step + number) % others.length]
    if (!other) continue
    const first = (number + step) % 2 === 0 ? bare : other
    const one = await load(client, first, seconds)
    const two = await load(client, first === bare ? other : bare, seconds)
    other.pairs.push(first === bare ? { bare: one, other: two } : { bare: two, other: one })
  }
}

/** A contestant that counts fewer than it answered does less than it says, and is measured for nothing. */
const assertCounted = async ({ contestant: { name, counts }, served, sent }: Runner) => {
  if (counts === undefined) return 0
  let asked = 0
  const ask = () => {
    asked += 1
    return countedBy(served.metrics, counts)
  }
  // The last are counted when their answers have left, which their clients may see before.
  const counted = await eventually(ask, (found) => found >= sent, { within: 3_000 }).catch((cause: unknown) => {
    throw new Error(`${name} has not counted the ${sent} requests that it answered`, { cause })
  })
  if (counted > sent + asked) throw new Error(`${name} counted ${counted} requests: ${sent} were answered`)
  return counted
}

const sitting = async (
  entered: readonly Contestant[],
  {
    made,
    pairs,
    seconds,
    warmUp,
    from,
  }: Required<Pick<RaceOptions, 'pairs' | 'seconds' | 'warmUp'>> & { readonly made: Bundles; readonly from: number },
): Promise<readonly Raced[]> => {
  const shop = workshop()
  const client = startClient(await made.of('client'))
  try {
    const runners: Runner[] = []
    for (const contestant of entered) {
      const served = shop.keep(await startContestant(contestant, { made, folder: shop.folder }))
      runners.push({ contestant, served, pairs: [], sent: 0 })
    }
    const [bare, ...others] = runners
    if (!bare) throw new Error('there is nothing to measure')
    for (const runner of runners) await load(client, runner, warmUp)
    for (let number = from; number < from + pairs; number += 1) await round(client, bare, others, seconds, number)
    const raced: Raced[] = []
    for (const runner of runners) {
      const resident = [memoryOf(runner.served.pid, 'VmRSS')]
      const counted = await assertCounted(runner)
      raced.push({ name: runner.contestant.name, pairs: runner.pairs, resident, sent: runner.sent, counted })
    }
    return raced
  } finally {
    client.end()
    await shop.end()
  }
}

const together = (sittings: readonly (readonly Raced[])[], name: string): Raced => {
  const found = sittings.flatMap((one) => one.filter((raced) => raced.name === name))
  return {
    name,
    pairs: found.flatMap(({ pairs }) => pairs),
    resident: found.flatMap(({ resident }) => resident),
    sent: found.reduce((sum, { sent }) => sum + sent, 0),
    counted: found.reduce((sum, { counted }) => sum + counted, 0),
  }
}

/** All contestants of a framework in one run: every one in turns with the bare service, the bare one first in the answer. */
export const raceServices = async (
  framework: Framework,
  { pairs = 20, seconds = 1, warmUp = 2, say = () => undefined, entered = contestants[framework] }: RaceOptions = {},
): Promise<readonly Raced[]> => {
  const made = bundles()
  try {
    const sittings: (readonly Raced[])[] = []
    for (let from = 0; from < pairs; from += pairsInSitting) {
      const these = Math.min(pairsInSitting, pairs - from)
      sittings.push(await sitting(entered, { made, pairs: these, seconds, warmUp, from }))
      say(`${framework}: ${from + these} of ${pairs} pairs`)
    }
    return entered.map(({ name }) => together(sittings, name))
  } finally {
    await made.end()
  }
}
