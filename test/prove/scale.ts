import { workshop } from '../integration/servers.ts'
import type { Proof } from './proof.ts'
import { seriesIn } from './scale/exposition.ts'
import { recorded } from './scale/recorded.ts'
import { runWith, type Seen } from './scale/run.ts'
import { jobs } from './scale/simulated.ts'

const sizes = [1, 10, 100, 1000] as const
/** Rules look back a week and a month: what they would find beyond this is left out. */
const hours = 27
/** Of its interval a group may take. */
const most = 0.1

/** Seconds of a processor in every fifteen. */
const together = ({ groups }: Pick<Seen, 'groups'>) =>
  [...groups.values()].reduce((sum, { seconds, interval }) => sum + (15 * seconds) / interval, 0)

const toldTogether = ({ told, groups }: Seen) =>
  [...told].reduce((sum, [name, took]) => sum + (15 * took) / (groups.get(name)?.interval ?? 15), 0)

/** What is too dear: by the processor's time, or by the clock of Prometheus itself. */
export const tooDear = ({ targets, failures, groups, told }: Seen): readonly string[] => [
  ...(failures > 0 ? [`${targets} targets: ${failures} evaluations failed`] : []),
  ...[...groups].flatMap(([name, { seconds, interval }]) => {
    const longest = Math.max(seconds, told.get(name) ?? Infinity)
    if (longest === Infinity) return [`${targets} targets: Prometheus did not evaluate ${name}`]
    return longest >= most * interval
      ? [`${targets} targets: ${name} takes ${longest.toFixed(2)} s of every ${interval} s`]
      : []
  }),
]

type Row = readonly [what: string, of: (one: Seen) => number | undefined, digits: number]

const figures: readonly Row[] = [
  ['scrapes', ({ scrapes }) => scrapes, 0],
  ['series', ({ series }) => series, 0],
  ['samples a second', ({ samplesPerSecond }) => samplesPerSecond, 0],
  ['memory of Prometheus, MB', ({ memory }) => memory / 1e6, 0],
  ['scraping, in 15 s: seconds of a processor', ({ scraping }) => 15 * scraping, 3],
  ['all rules, in 15 s: seconds of a processor', together, 3],
  ['the same, as Prometheus timed its evaluations', toldTogether, 3],
  ['samples of the past, millions', ({ past }) => past / 1e6, 1],
  ['processes ready to run', ({ load }) => load, 1],
]

const shown = (value: number | undefined, digits: number) => (value === undefined ? '' : value.toFixed(digits))

/** A figure at each size, and how it grows from one target to the next. */
const row = (what: string, values: readonly (number | undefined)[], digits: number) => {
  const [first, last] = [values[0], values.at(-1)]
  const slope =
    first === undefined || last === undefined ? undefined : (last - first) / ((sizes.at(-1) ?? 1) - sizes[0])
  return [what, ...values.map((one) => shown(one, digits)), slope === undefined ? '' : slope.toPrecision(3)]
}

const milliseconds = (seconds: number | undefined) => seconds && seconds * 1000

const share = ({ seconds, interval }: { readonly seconds: number; readonly interval: number }) => seconds / interval

const rowsOf = (seen: readonly Seen[]) => {
  const groups = [...(seen.at(-1)?.groups ?? [])].toSorted(([, a], [, b]) => share(b) - share(a))
  return [
    ...jobs.map((job) => [`series of one scrape of ${job}`, seriesIn(recorded[job]).length, '', '', '', '']),
    ...figures.map(([what, of, digits]) => row(what, seen.map(of), digits)),
    ...groups.flatMap(([name, { interval }]) => [
      row(
        `${name}, every ${interval} s: milliseconds`,
        seen.map((one) => milliseconds(one.groups.get(name)?.seconds)),
        1,
      ),
      row(
        `${name}: as Prometheus timed it`,
        seen.map((one) => milliseconds(one.told.get(name))),
        1,
      ),
    ]),
  ]
}

export const scaleProof: Proof = {
  title: 'What rules cost as targets grow',
  says:
    'Scrapes of the demo (PostgreSQL and its reservations, Redis, the API and its probe) were recorded once (test/prove/scale/recorded). A real Prometheus (3) then scrapes so many targets of them, a third of each kind, every 15 s, ' +
    `with values that move on, and has the past that our rules look back at, ${hours} hours of it at most, a sample each 15 s, before it begins. ` +
    'Then it stops scraping, and every rule of the generated files is asked of it, group by group: what counts are the seconds of a processor that the process spent on it, which do not depend on what else the machine does, and are ' +
    'what the evaluation takes where a core is free, as rules of a group follow one another. Then it scrapes and evaluates by itself for five minutes, all groups as they come, and what it timed stands below: the median of a group. The last column is what one target more adds. ' +
    'It would be a fault if an evaluation failed, or if a group took a tenth of its interval or more, one way or the other.',
  columns: ['', ...sizes.map((size) => `${size} ${size === 1 ? 'target' : 'targets'}`), 'one more'],
  prove: async (say, only = []) => {
    const shop = workshop()
    const chosen = sizes.filter((size) => only.length === 0 || only.includes(String(size)))
    const measured = (targets: number) =>
      runWith(shop, {
        targets,
        recorded,
        hours,
        // The slowest groups have a turn in every four minutes.
        seconds: { scraping: 45, evaluating: 300 },
        say: (line) => say(`${targets} targets: ${line}`),
      })
    try {
      // Small ones side by side, for they wait most of the time. Nobody is beside the large one, which times itself.
      const large = Math.max(...sizes)
      const small = await Promise.all(chosen.filter((size) => size < large).map(measured))
      const seen = [...small]
      for (const size of chosen.filter((one) => one === large)) seen.push(await measured(size))
      return { rows: rowsOf(seen), faults: seen.flatMap((one) => tooDear(one)) }
    } finally {
      await shop.end()
    }
  },
}
