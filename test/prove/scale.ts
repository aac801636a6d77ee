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
  told && [...told].reduce((sum, [name, took]) => sum + (15 * took) / (groups.get(name)?.interval ?? 15), 0)

/** What is too dear. */
export const tooDear = ({ targets, failures, groups }: Seen): readonly string[] => [
  ...(failures > 0 ? [`${targets} targets: ${failures} evaluations failed`] : []),
  ...[...groups]
    .filter(([, { seconds, interval }]) => seconds >= most * interval)
    .map(
      ([name, { seconds, interval }]) =>
        `${targets} targets: ${name} takes ${seconds.toFixed(2)} s of every ${interval} s`,
    ),
]

type Row = readonly [what: string, of: (one: Seen) => number | undefined, digits: number]

const figures: readonly Row[] = [
  ['scrapes', ({ scrapes }) => scrapes, 0],
  ['series', ({ series }) => series, 0],
  ['samples a second', ({ samplesPerSecond }) => samplesPerSecond, 0],
  ['memory of Prometheus, MB', ({ memory }) => memory / 1e6, 0],
  ['scraping, in 15 s: seconds of a processor', ({ scraping }) => 15 * scraping, 3],
  ['all rules, in 15 s: seconds of a processor', together, 3],
  ['the same, of evaluations that Prometheus timed', toldTogether, 3],
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

const milliseconds = (one: Seen, group: string) => {
  const found = one.groups.get(group)
  return found && found.seconds * 1000
}

const share = ({ seconds, interval }: { readonly seconds: number; readonly interval: number }) => seconds / interval

const rowsOf = (seen: readonly Seen[]) => {
  const groups = [...(seen.at(-1)?.groups ?? [])].toSorted(([, a], [, b]) => share(b) - share(a))
  return [
    ...jobs.map((job) => [`series of one scrape of ${job}`, seriesIn(recorded[job]).length, '', '', '', '']),
    ...figures.map(([what, of, digits]) => row(what, seen.map(of), digits)),
    ...groups.map(([name, { interval }]) => {
      const values = seen.map((one) => milliseconds(one, name))
      return row(`${name}, every ${interval} s: milliseconds`, values, 1)
    }),
  ]
}

export const scaleProof: Proof = {
  title: 'What rules cost as targets grow',
  says:
    'Scrapes of the demo (PostgreSQL and its reservations, Redis, the API and its probe) were recorded once (test/prove/scale/recorded). A real Prometheus (3) then scrapes so many targets of them, a third of each kind, every 15 s, ' +
    `with values that move on, and has the past that our rules look back at, ${hours} hours of it at most, a sample each 15 s, before it begins. ` +
    'Then it stops scraping, and every rule of the generated files is asked of it, group by group: what counts are the seconds of a processor that the process spent on it, which do not depend on what else the machine does, and are ' +
    'what the evaluation takes where a core is free, as rules of a group follow one another. At up to 100 targets it then evaluates by itself for two minutes, and the fastest evaluations that it timed stand beside. The last column is what one target more adds. ' +
    'It would be a fault if an evaluation failed, or if a group took a tenth of its interval or more.',
  columns: ['', ...sizes.map((size) => `${size} ${size === 1 ? 'target' : 'targets'}`), 'one more'],
  prove: async (say, only = []) => {
    const shop = workshop()
    const chosen = sizes.filter((size) => only.length === 0 || only.includes(String(size)))
    const measured = (targets: number) =>
      runWith(shop, {
        targets,
        recorded,
        hours,
        // What it times itself says nothing where it has to wait for a processor.
        seconds: { scraping: 45, evaluating: targets < 1000 ? 120 : 0 },
        say: (line) => say(`${targets} targets: ${line}`),
      })
    try {
      // Side by side: they wait, most of the time.
      const seen = await Promise.all(chosen.map(measured))
      return { rows: rowsOf(seen), faults: seen.flatMap((one) => tooDear(one)) }
    } finally {
      await shop.end()
    }
  },
}
