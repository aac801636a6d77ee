import { spreadOf } from '../measure.ts'
import { figure } from '../report.ts'
import type { Render } from './blocks.ts'
import type { Slice } from './load.ts'
import type { Pair, Raced } from './pairs.ts'
import type { Rendered } from './render.ts'
import type { Recording } from './rounds.ts'

/** What is promised of ours, and what was found. */
export interface Promised {
  readonly words: string
  readonly found: string
  readonly held: boolean
}

export interface Part {
  readonly title: string
  readonly text: string
  readonly promises: readonly Promised[]
}

/** Of the throughput of the bare service: ours may lose so much more than the hook that only adds to arrays. */
export const behindLimit = 0.03
/** Of what prom-client needs to record a request, and nanoseconds. */
export const recordLimits = { ratio: 0.5, nanoseconds: 1_000 } as const
/** Milliseconds that nothing else in the process may have to wait while 100,000 series are scraped. */
export const blockLimit = 50

const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]) =>
  [
    `| ${head.join(' | ')} |`,
    `| ${head.map((_, place) => (place === 0 ? '---' : '---:')).join(' | ')} |`,
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n')

/** Nearest ranks, as `spreadOf` has them. */
const quartilesOf = (values: readonly number[]) => {
  const sorted = values.toSorted((one, other) => one - other)
  const rank = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
  return { low: rank(0.25), median: rank(0.5), high: rank(0.75) }
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
const share = (ratio: number) => ratio.toFixed(3)

/** Microseconds from one answer to the next. */
const apart = ({ requests, milliseconds }: Slice) => (1_000 * milliseconds) / requests
const ratioOf = ({ bare, other }: Pair) => apart(bare) / apart(other)
/** Microseconds of the server's processor time for a request. */
const cpuOf = (slices: readonly Slice[]) =>
  (1_000 * sum(slices.map(({ cpu }) => cpu))) / sum(slices.map(({ requests }) => requests))
const busy = (slices: readonly Slice[], of: (slice: Slice) => number) =>
  `${Math.round((100 * sum(slices.map(of))) / sum(slices.map(({ milliseconds }) => milliseconds)))} %`

/** The median share of the bare service's throughput that is left. */
export const shareOf = (raced: readonly Raced[], name: string) =>
  quartilesOf(raced.find((one) => one.name === name)?.pairs.map(ratioOf) ?? []).median

const raceRow = ({ name, pairs, resident }: Raced) => {
  const [bare, other] = [pairs.map((pair) => pair.bare), pairs.map((pair) => pair.other)]
  const { low, median, high } = quartilesOf(pairs.map(ratioOf))
  const more = quartilesOf(pairs.map((pair) => apart(pair.other) - apart(pair.bare))).median
  const [cpu, bareCpu] = [cpuOf(other), cpuOf(bare)]
  const memory = quartilesOf(resident).median
  return [
    name,
    pairs.length,
    share(median),
    `${share(low)} .. ${share(high)}`,
    figure(more),
    figure(cpu),
    figure(cpu - bareCpu),
    share(bareCpu / cpu),
    figure(memory),
  ]
}

const raceHead = [
  'contestant',
  'pairs',
  'of the bare throughput, median',
  'quartiles',
  'more than bare, us a request',
  'server CPU, us a request',
  'more than bare',
  'bare CPU / its CPU',
  'RSS, MiB',
]

/** The contestants of one framework, and whether ours is as near to the limit as is promised. */
export const racePart = (title: string, raced: readonly Raced[]): Part => {
  const pairs = raced.flatMap((one) => one.pairs)
  const bare = pairs.map((pair) => pair.bare)
  const slices = [...bare, ...pairs.map((pair) => pair.other)]
  const persecond = quartilesOf(bare.map((slice) => 1e6 / apart(slice))).median
  const [ours, limit] = [shareOf(raced, 'ours'), shareOf(raced, 'limit')]
  const promise = {
    words: `Throughput under ${title}: ours is at most ${behindLimit} of bare behind the limit`,
    found: `ours ${share(ours)}, limit ${share(limit)}`,
    held: ours >= limit - behindLimit,
  }
  return {
    title,
    text: [
      table(raceHead, raced.filter((one) => one.pairs.length > 0).map(raceRow)),
      '',
      `Bare: ${figure(persecond)} requests a second, ${figure(cpuOf(bare))} us of CPU each, ` +
        `${figure(quartilesOf(raced.flatMap(({ bareResident }) => bareResident)).median)} MiB. Of one core, servers used ` +
        `${busy(slices, ({ cpu }) => cpu)} and the client ${busy(slices, ({ clientCpu }) => clientCpu)}. ` +
        `Answered beside the bare services, and counted: ` +
        `${figure(sum(raced.map(({ sent }) => sent)))} and ${figure(sum(raced.map(({ counted }) => counted)))}.`,
    ].join('\n'),
    promises: Number.isNaN(limit) ? [] : [promise],
  }
}

/** Nanoseconds to record a request. */
export const recordPart = (recordings: readonly Recording[]): Part => {
  const medianOf = (name: string) => quartilesOf(recordings.find((one) => one.name === name)?.nanoseconds ?? []).median
  const [ours, theirs] = [medianOf('ours'), medianOf('prom-client by hand')]
  const rows = recordings.map(({ name, nanoseconds, calls }) => {
    const { low, median, high } = quartilesOf(nanoseconds)
    return [name, figure(median), `${figure(low)} .. ${figure(high)}`, share(median / theirs), calls]
  })
  const head = ['recorder', 'ns a request, median', 'quartiles', 'of prom-client by hand', 'calls, all counted']
  const found = `${figure(ours)} ns, prom-client ${figure(theirs)} ns`
  return {
    title: 'Recording one request',
    text: table(head, rows),
    promises: [
      {
        words: `Recording a request takes at most ${recordLimits.ratio} of what prom-client takes by hand`,
        found: `${share(ours / theirs)}: ${found}`,
        held: ours / theirs <= recordLimits.ratio,
      },
      {
        words: `Recording a request takes at most ${recordLimits.nanoseconds / 1_000} us`,
        found: `${figure(ours)} ns`,
        held: ours <= recordLimits.nanoseconds,
      },
    ],
  }
}

const renderRows = (name: string, renders: readonly Render[]) => {
  const named = renders.map((one) => ({ ...one, row: one.cold ? `${one.what}, cold` : one.what }))
  return [...new Set(named.map(({ row }) => row).toSorted())].map((row) => {
    const these = named.filter((one) => one.row === row)
    const blocks = spreadOf(these.map(({ block }) => block))
    const took = spreadOf(these.map(({ milliseconds }) => milliseconds))
    const [first] = these
    const size = figure((first?.bytes ?? 0) / 1024 ** 2)
    const block = [blocks.median, blocks.most].map((one) => one.toFixed(1))
    return [name, row, these.length, ...block, figure(took.median), first?.lines ?? 0, size]
  })
}

/** What being scraped holds up. */
export const renderPart = ({ machine, ours, promClient }: Rendered): Part => {
  const most = (renders: readonly Render[]) => spreadOf(renders.map(({ block }) => block)).most.toFixed(1)
  const [cold, warm] = [ours.filter((one) => one.cold), ours.filter((one) => !one.cold)]
  const head = [
    'of',
    'what',
    'scrapes',
    'longest block, median ms',
    'of all, ms',
    'answer, median ms',
    'lines',
    'answer, MiB',
  ]
  return {
    title: 'Serving 100,000 series',
    text: table(head, [
      ...renderRows('the machine', machine),
      ...renderRows('ours', ours),
      ...renderRows('prom-client', promClient),
    ]),
    promises: [
      {
        words: `A scrape of 100,000 series holds nothing up for more than ${blockLimit} ms, the first of a process included`,
        found: `cold ${most(cold)} ms, warm ${most(warm)} ms, prom-client ${most(promClient)} ms, the machine by itself ${most(machine)} ms`,
        held: ours.every(({ block }) => block <= blockLimit),
      },
    ],
  }
}

/** All promises of the parts that ran. */
export const promisesOf = (parts: readonly Part[]) =>
  table(
    ['promise', 'found', ''],
    parts.flatMap(({ promises }) =>
      promises.map(({ words, found, held }) => [words, found, held ? 'held' : '**missed**']),
    ),
  )

/** The last line of a run, which nobody overlooks. */
export const verdictOf = (parts: readonly Part[]) => {
  const all = parts.flatMap(({ promises }) => promises)
  const missed = all.filter(({ held }) => !held)
  const which = missed.map(({ words, found }) => `${words} (${found})`)
  return `promises: ${all.length - missed.length} held, ${missed.length} missed${missed.length > 0 ? `: ${which.join('; ')}` : ''}`
}
