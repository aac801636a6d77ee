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

/** Both under the same load, within one round. */
export interface Pair {
  readonly bare: Slice
  readonly other: Slice
}

/** What one contestant did in the whole run. */
export interface Raced {
  readonly name: string
  readonly pairs: readonly Pair[]
  /** MiB after each sitting, of the contestant and of the bare service beside it. */
  readonly resident: readonly number[]
  readonly bareResident: readonly number[]
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
/** Then both start anew: how the compiler happens to lay out a program lasts as long as its process. */
export const pairsInSitting = 5

interface Runner {
  readonly contestant: Contestant
  readonly served: Served
  sent: number
}

type Client = ReturnType<typeof startClient>

const load = async (client: Client, runner: Runner, seconds: number) => {
  const { port, pid } = runner.served
  const slice = await client.run({ port, pid, milliseconds: seconds * 1000, connections })
  runner.sent += slice.sent
  return slice
}

/** Each under load once, another first each time. None is idle for so long that its heap shrinks. */
const round = async (client: Client, runners: readonly Runner[], seconds: number, number: number) => {
  const slices = new Map<Runner, Slice>()
  for (let step = 0; step < runners.length; step += 1) {
    const runner = runners[(step + number) % runners.length]
    if (runner) slices.set(runner, await load(client, runner, seconds))
  }
  return slices
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
  const counted = await eventually(ask, (found) => found >= sent, { within: 2_000 }).catch((cause: unknown) => {
    throw new Error(`${name} has not counted the ${sent} requests that it answered`, { cause })
  })
  if (counted > sent + asked) throw new Error(`${name} counted ${counted} requests: ${sent} were answered`)
  return counted
}

const pairOf = (bare: Slice | undefined, other: Slice | undefined): readonly Pair[] =>
  bare && other ? [{ bare, other }] : []

type Sitting = Required<Pick<RaceOptions, 'pairs' | 'seconds' | 'warmUp'>> & { readonly made: Bundles }

/** All contestants beside one bare service, equally warm: how the compiler happened to lay that out meets all of them. */
const sitting = async (
  bareOne: Contestant,
  others: readonly Contestant[],
  { made, pairs, seconds, warmUp }: Sitting,
): Promise<readonly Raced[]> => {
  const shop = workshop()
  const client = startClient(await made.of('client'))
  const start = async (contestant: Contestant): Promise<Runner> => {
    const served = shop.keep(await startContestant(contestant, { made, folder: shop.folder }))
    return { contestant, served, sent: 0 }
  }
  try {
    const bare = await start(bareOne)
    const runners: Runner[] = []
    for (const other of others) runners.push(await start(other))
    for (const runner of [bare, ...runners]) await load(client, runner, warmUp)
    const rounds: Awaited<ReturnType<typeof round>>[] = []
    for (let number = 0; number < pairs; number += 1) {
      rounds.push(await round(client, [bare, ...runners], seconds, number))
    }
    const bareResident = [memoryOf(bare.served.pid, 'VmRSS')]
    const raced: Raced[] = []
    for (const runner of runners) {
      raced.push({
        name: runner.contestant.name,
        pairs: rounds.flatMap((slices) => pairOf(slices.get(bare), slices.get(runner))),
        resident: [memoryOf(runner.served.pid, 'VmRSS')],
        bareResident,
        sent: runner.sent,
        counted: await assertCounted(runner),
      })
    }
    return raced
  } finally {
    client.end()
    await shop.end()
  }
}

const together = (name: string, sittings: readonly Raced[]): Raced => ({
  name,
  pairs: sittings.flatMap(({ pairs }) => pairs),
  resident: sittings.flatMap(({ resident }) => resident),
  bareResident: sittings.flatMap(({ bareResident }) => bareResident),
  sent: sittings.reduce((sum, { sent }) => sum + sent, 0),
  counted: sittings.reduce((sum, { counted }) => sum + counted, 0),
})

/** All contestants of a framework, in turns: what happens on the machine meets all of them alike. */
export const raceServices = async (
  framework: Framework,
  { pairs = 20, seconds = 0.4, warmUp = 2, say = () => undefined, entered = contestants[framework] }: RaceOptions = {},
): Promise<readonly Raced[]> => {
  const made = bundles()
  const [bare, ...others] = entered
  if (!bare) throw new Error('there is nothing to measure')
  try {
    const found: Raced[] = []
    for (let from = 0; from < pairs; from += pairsInSitting) {
      const these = Math.min(pairsInSitting, pairs - from)
      found.push(...(await sitting(bare, others, { made, pairs: these, seconds, warmUp })))
      say(`${framework}: ${from + these} of ${pairs} pairs`)
    }
    return others.map(({ name }) =>
      together(
        name,
        found.filter((one) => one.name === name),
      ),
    )
  } finally {
    await made.end()
  }
}
