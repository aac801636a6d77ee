import type { Spread } from './measure.ts'
import type { Measured, Pair, Refresh } from './pair.ts'

/** What ours may cost at most, as a ratio to the peer. */
export interface Ratios {
  readonly latency: number
  readonly cpu: number
  readonly executing?: number
}

export const limits = {
  postgres: { latency: 0.35, executing: 0.2, cpu: 0.6 },
  redis: { latency: 0.3, cpu: 0.3 },
} as const satisfies Readonly<Record<string, Ratios>>

/** MiB that our exporter may hold with the largest catalogue. */
export const residentLimit = 150
/** With the default limits, what the large catalogue may cost over the medium one. */
export const growthLimit = 2

interface Row {
  readonly what: string
  readonly of: (measured: Measured) => number | undefined
  /** Ours alone: the refresh is none of the peer's. */
  readonly share?: number | undefined
  readonly limit?: number | undefined
  readonly plain?: boolean
}

/** Three digits of what is small, all of what is large. */
export const figure = (value: number | undefined) => {
  if (value === undefined || Number.isNaN(value)) return '-'
  if (value === 0 || Math.abs(value) >= 1000) return String(Math.round(value))
  return value
    .toPrecision(3)
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '')
}
const range = ({ least, most }: Spread) => `${figure(least)} .. ${figure(most)}`
const mebibytes = 1024 ** 2

const rowsOf = ({ ours, refresh }: Pair, ratios: Partial<Ratios>, resident: number | undefined): readonly Row[] => {
  const shared = (cost: number | undefined) => (refresh && cost !== undefined ? cost / refresh.scrapes : undefined)
  return [
    { what: 'series', of: ({ series }) => series },
    { what: 'answer, MiB', of: ({ bytes }) => bytes / mebibytes, plain: true },
    { what: 'answer with gzip, MiB', of: ({ zippedBytes }) => zippedBytes / mebibytes, plain: true },
    {
      what: 'latency, median, ms',
      of: ({ latency }) => latency.median,
      share: shared(refresh?.latency),
      limit: ratios.latency,
    },
    ...(refresh ? [{ what: '- without the refresh', of: ({ latency }: Measured) => latency.median }] : []),
    { what: 'latency, p95, ms', of: ({ latency }) => latency.p95 },
    { what: 'latency with gzip, median, ms', of: ({ zipped }) => zipped.median },
    { what: 'latency with gzip, p95, ms', of: ({ zipped }) => zipped.p95 },
    { what: 'exporter CPU, ms', of: ({ cpu }) => cpu, share: shared(refresh?.cpu), limit: ratios.cpu },
    ...(refresh ? [{ what: '- without the refresh', of: ({ cpu }: Measured) => cpu }] : []),
    { what: 'exporter CPU with gzip, ms', of: ({ zippedCpu }) => zippedCpu },
    {
      what: 'server time of statements, ms',
      of: ({ executing }) => executing,
      share: shared(refresh?.executing),
      limit: ratios.executing,
    },
    ...(refresh ? [{ what: '- without the refresh', of: ({ executing }: Measured) => executing }] : []),
    { what: 'CPU of server processes, ms', of: ({ working }) => working },
    { what: 'round trips', of: ({ trips }) => trips },
    { what: 'new connections', of: ({ connections }) => connections, plain: true },
    { what: 'RSS, MiB', of: ({ resident: held }) => held, limit: resident },
    { what: 'RSS, peak, MiB', of: ({ peak }) => peak },
    { what: 'server processes, most memory in a scrape, MiB', of: ({ memory }) => memory?.busiest },
    ...(refresh ? refreshRows(ours, refresh) : []),
    { what: 'server processes, memory kept, MiB', of: ({ memory }) => memory?.kept, plain: true },
  ]
}

/** The peer sizes every relation at every scrape: its sizes have no age, and its refresh is a scrape. */
const refreshRows = (ours: Measured, { busiest, pace }: Refresh): readonly Row[] => [
  {
    what: 'server processes, most memory in a refresh, MiB',
    of: (one) => (one === ours ? busiest : one.memory?.busiest),
  },
  { what: 'age of sizes, at most, s', of: (one) => (one === ours ? pace : 0), plain: true },
]

const ratioOf = (ours: number | undefined, peer: number | undefined) =>
  ours === undefined || !peer ? undefined : ours / peer

const verdict = (value: number | undefined, limit: number | undefined) =>
  limit === undefined || value === undefined ? '' : value <= limit ? 'kept' : '**missed**'

const lineOf = ({ what, of, share = 0, limit, plain = false }: Row, { ours, peer }: Pair, absent: string) => {
  const mine = of(ours)
  const own = mine === undefined ? undefined : mine + share
  const theirs = peer && of(peer)
  const ratio = plain ? undefined : ratioOf(own, theirs)
  const absolute = what.startsWith('RSS')
  const judged = absolute ? own : ratio
  const words = limit === undefined ? '' : absolute ? `${limit} MiB` : String(limit)
  const other = peer ? figure(theirs) : absent
  return own === undefined && theirs === undefined
    ? []
    : [`| ${[what, figure(own), other, figure(ratio), words, verdict(judged, limit)].join(' | ')} |`]
}

const heading = ['| a scrape | ours | peer | ours / peer | limit | |', '| --- | ---: | ---: | ---: | ---: | --- |']

interface TableOptions {
  readonly ratios?: Partial<Ratios>
  readonly resident?: number | undefined
  /** Why there is no peer. */
  readonly absent?: string
}

/** One pair as a Markdown table, with what ran and how far the readings lie apart. */
export const tableOf = (pair: Pair, { ratios = {}, resident, absent = 'absent' }: TableOptions = {}) => {
  const { title, words, ours, peer, refresh } = pair
  const lines = rowsOf(pair, ratios, resident).flatMap((row) => lineOf(row, pair, 'absent'))
  const spread = peer ? `${range(ours.latency)} ms, the peer's ${range(peer.latency)} ms` : `${range(ours.latency)} ms`
  return [
    `### ${title}`,
    '',
    words,
    ...(peer ? [] : ['', `The peer is absent: ${absent}`]),
    '',
    ...heading,
    ...lines,
    '',
    `All our latencies lay within ${spread}.${refresh ? ` ${refreshWords(refresh)}` : ''}`,
    ...(peer ? ['', differenceOf(ours, peer)] : []),
    '',
  ].join('\n')
}

const refreshWords = ({ latency, first, cpu, executing, scrapes }: Refresh) =>
  `The slow refresh took ${figure(latency)} ms beside the scrapes, ${figure(executing)} ms of server time and ` +
  `${figure(cpu)} ms of our CPU; one falls on ${scrapes} scrapes. ` +
  `The first scrape of all took ${figure(first)} ms.`

const listed = (names: readonly string[]) =>
  names.length > 12 ? `${names.slice(0, 12).join(', ')} and ${names.length - 12} more` : names.join(', ') || 'none'

const differenceOf = (ours: Measured, peer: Measured) => {
  const missing = (from: Measured, to: Measured) => [...from.families.keys()].filter((name) => !to.families.has(name))
  const apart = Math.abs(ours.series / peer.series - 1)
  return (
    `Series differ by ${figure(100 * apart)} %. Names in both: ${ours.families.size - missing(ours, peer).length}. ` +
    `Ours alone: ${listed(missing(ours, peer))}. The peer's alone: ${listed(missing(peer, ours))}.`
  )
}

/** What the large catalogue costs over the medium one, each side with its defaults. */
export const growthOf = (medium: Pair, large: Pair) => {
  const grown = (of: (measured: Measured) => number | undefined) => {
    const ours = ratioOf(of(large.ours), of(medium.ours))
    const peer = large.peer && medium.peer && ratioOf(of(large.peer), of(medium.peer))
    return { ours, peer }
  }
  const rows = {
    'latency, median': grown(({ latency }) => latency.median),
    'server time of statements': grown(({ executing }) => executing),
    'exporter CPU': grown(({ cpu }) => cpu),
    series: grown(({ series }) => series),
  }
  const lines = Object.entries(rows).map(([what, { ours, peer }]) => {
    const limit = what === 'series' ? undefined : growthLimit
    return `| ${[what, figure(ours), figure(peer), limit ?? '', verdict(ours, limit)].join(' | ')} |`
  })
  const head = ['| large / medium | ours | peer | limit | |', '| --- | ---: | ---: | ---: | --- |']
  return ['### From medium to large, with the defaults', '', ...head, ...lines, ''].join('\n')
}
