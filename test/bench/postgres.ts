import { scrapeInterval } from '../../config/targets.ts'
import { everyKind } from '../../exporters/index.ts'
import { surveyAge, surveyDuration, surveyInterval } from '../../exporters/postgres/survey.ts'
import { type Contestant, startOurs, startPeer } from './contestants.ts'
import type { Catalogue } from './data-sets.ts'
import { countOf, cpuOf, gauges, scrape, spreadOf } from './measure.ts'
import { measurePair, type Refresh, type Start, seriesOnce } from './pair.ts'
import type { Peer } from './peers.ts'
import { openStand, type Stand } from './postgres-stand.ts'

interface Options {
  readonly catalogue: Catalogue
  readonly bundle: string
  readonly peer: Peer | undefined
  readonly scrapes: number
  readonly say: (line: string) => void
}

type Limits = Readonly<Record<string, number | null>>

/** Seconds longer than any run: what the refresh costs is measured by itself. */
const never = 86_400
const everyStatement = 1_000_000

/** How both sides are started for one pair. */
interface Plan {
  readonly limits?: Limits
  readonly collectors?: readonly string[]
  readonly flags: readonly string[]
}

const starters = (stand: Stand, { bundle, peer }: Options, { flags, ...ours }: Plan) => {
  const common = { folder: stand.folder, kind: 'postgres' } as const
  const surveyed: Start = (port) => startOurs({ ...common, ...ours, bundle, source: stand.urlOf('ours', port) })
  const mine: Start = (port) =>
    startOurs({ ...common, ...ours, bundle, source: stand.urlOf('ours', port), surveySeconds: never })
  const theirs: Start | undefined =
    peer && ((port) => startPeer({ ...common, peer, flags, source: stand.urlOf('peer', port) }))
  return { mine, surveyed, theirs }
}

const statementFlags = (limit: number) => [
  '--collector.stat_statements',
  '--collector.stat_statements.include_query',
  `--collector.stat_statements.limit=${limit}`,
]

/** Those of our collectors that tell of anything the peer tells of too, and the one that tells how old sizes are. */
const collectorsLike = (peer: ReadonlyMap<string, number>) =>
  everyKind()
    .filter(({ kind }) => kind === 'postgres')
    .flatMap(({ collectors }) => collectors)
    .filter(({ metrics }) => metrics.some(({ name }) => peer.has(name) || name === surveyAge.name))
    .map(({ name }) => name)

const ofStatements = (series: ReadonlyMap<string, number>) => {
  const found = [...series].filter(([name]) => name.startsWith('pg_stat_statements_'))
  const shown = series.get('pg_stat_statements_calls_total') ?? 0
  return { shown, each: shown > 0 ? Math.round(countOf(new Map(found)) / shown) : 1 }
}

/** How far apart the numbers of series of an equal pair may be. */
export const equalWithin = 0.02
const attempts = 4

const everything: Plan = {
  limits: { statements: null, tables: null, indexes: null },
  flags: statementFlags(everyStatement),
}

/** The same plan with fewer statements on the side that sends more series. */
const evener = (plan: Plan, ours: ReadonlyMap<string, number>, peer: ReadonlyMap<string, number>): Plan => {
  const excess = countOf(ours) - countOf(peer)
  const { shown, each } = ofStatements(excess > 0 ? ours : peer)
  const statements = Math.max(1, shown - Math.round(Math.abs(excess) / each))
  return excess > 0
    ? { ...plan, limits: { ...plan.limits, statements } }
    : { ...plan, flags: statementFlags(statements) }
}

/**
 * Every table and statement; then the side that sends more shows so many statements fewer that both send equally many
 * series. The exporters' own statements are among them, so it takes more than one look.
 */
const equalPlan = async (stand: Stand, options: Options): Promise<Plan> => {
  let plan = everything
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const { theirs } = starters(stand, options, plan)
    if (!theirs) return { limits: everything.limits ?? {}, flags: [] }
    const peer = await seriesOnce(theirs)
    plan = { ...plan, collectors: plan.collectors ?? collectorsLike(peer) }
    const ours = await seriesOnce(starters(stand, options, plan).mine)
    if (Math.abs(countOf(ours) / countOf(peer) - 1) < equalWithin / 2) break
    plan = evener(plan, ours, peer)
  }
  return plan
}

const scrapeSeconds = Number.parseFloat(scrapeInterval)

/** As many scrapes as are worth one more look at a refresh, and how often it is looked at most. */
const [scrapesPerRefresh, refreshes] = [4, 3] as const

/** One scrape and all that it set going, until the server is still again. */
const scrapeAndRest = async (stand: Stand, contestant: Contestant) => {
  const { executing } = stand.meterOf('ours')
  const before = { cpu: cpuOf(contestant.pid), executing: await executing() }
  const { milliseconds, busiest } = await stand.memoryOf('ours', contestant)
  return {
    milliseconds,
    busiest,
    cpu: cpuOf(contestant.pid) - before.cpu,
    executing: (await executing()) - before.executing,
  }
}

/**
 * What a refresh costs: on the server, the statements that are asked beside the scrapes; in the exporter, what its first scrape costs
 * beyond a later one, where nothing is warm: an upper bound.
 */
const refreshOnce = async (stand: Stand, start: Start) => {
  const contestant = await start()
  try {
    const before = await stand.surveying('ours')
    const first = await scrapeAndRest(stand, contestant)
    const executing = (await stand.surveying('ours')) - before
    await scrapeAndRest(stand, contestant)
    const usual = await scrapeAndRest(stand, contestant)
    const { chunks } = await scrape(contestant.url)
    const [durations, intervals] = [gauges(chunks, surveyDuration.name), gauges(chunks, surveyInterval.name)]
    const together = durations.reduce((sum, one) => sum + one, 0)
    // Each has a pace of its own: seconds from one refresh to the next, weighed by what each takes.
    const rate = durations.reduce((sum, one, at) => sum + one / (intervals[at] ?? one), 0)
    return {
      latency: 1000 * together,
      between: together / rate,
      pace: gauges(chunks, surveyInterval.name, 'survey="sizes"')[0] ?? 0,
      first: first.milliseconds,
      busiest: first.busiest,
      cpu: Math.max(0, first.cpu - usual.cpu),
      executing,
    }
  } finally {
    await contestant.stop()
  }
}

const refreshOf = async (stand: Stand, start: Start, scrapes: number): Promise<Refresh> => {
  const all: Awaited<ReturnType<typeof refreshOnce>>[] = []
  const times = Math.min(refreshes, Math.ceil(scrapes / scrapesPerRefresh))
  while (all.length < times) all.push(await refreshOnce(stand, start))
  const median = (of: (one: (typeof all)[number]) => number) => spreadOf(all.map(of)).median
  return {
    latency: median(({ latency }) => latency),
    first: median(({ first }) => first),
    busiest: median(({ busiest }) => busiest),
    cpu: median(({ cpu }) => cpu),
    executing: median(({ executing }) => executing),
    pace: median(({ pace }) => pace),
    scrapes: median(({ between }) => between) / scrapeSeconds,
  }
}

const measurePlan = async (title: string, words: string, plan: Plan, stand: Stand, options: Options) => {
  const { mine, surveyed, theirs } = starters(stand, options, plan)
  const pair = await measurePair({
    title,
    words,
    port: stand.port,
    scrapes: options.scrapes,
    ours: { start: mine, meter: stand.meterOf('ours'), memoryOf: (one) => stand.memoryOf('ours', one) },
    peer: theirs && { start: theirs, meter: stand.meterOf('peer'), memoryOf: (one) => stand.memoryOf('peer', one) },
  })
  return { ...pair, refresh: await refreshOf(stand, surveyed, options.scrapes) }
}

/** Both exporters on one catalogue: with everything and equal series, and each with its own defaults. */
export const benchPostgres = async (name: string, options: Options) => {
  const { catalogue, say } = options
  const { tables, indexes, statements } = catalogue
  const from = performance.now()
  const stand = await openStand(catalogue)
  try {
    say(`${name}: ${tables} tables, ${indexes} indexes, ${statements} statements after ${elapsed(from)}`)
    const plan = await equalPlan(stand, options)
    say(`${name}: equal series by ${JSON.stringify(plan)}`)
    const equal = await measurePlan(`${name}, equal series`, wordsOf(plan), plan, stand, options)
    say(`${name}: measured with equal series after ${elapsed(from)}`)
    const words = 'Each as it comes: ours with the limits of `config/targets.ts`, the peer without a flag.'
    const usual = await measurePlan(`${name}, defaults`, words, { flags: [] }, stand, options)
    say(`${name}: measured with the defaults after ${elapsed(from)}`)
    return { version: stand.version, pairs: [equal, usual] as const }
  } finally {
    await stand.end()
  }
}

const elapsed = (from: number) => `${Math.round((performance.now() - from) / 1000)} s`

const wordsOf = ({ limits, collectors = [], flags }: Plan) => {
  const limit = limits?.statements
  const shown = limit === null || limit === undefined ? 'every statement' : `the ${limit} costliest statements`
  return (
    `All tables one by one. Ours: ${shown}, collectors ${collectors.join(', ') || 'all'}. ` +
    `Peer: ${flags.map((flag) => `\`${flag}\``).join(' ') || 'absent'}.`
  )
}
