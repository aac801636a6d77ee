import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { isAlert } from '../../../alerts/alert.ts'
import { ruleFiles } from '../../../alerts/index.ts'
import { scrapeInterval } from '../../../config/targets.ts'
import { instantQuery } from '../../integration/instant-query.ts'
import type { workshop } from '../../integration/servers.ts'
import { secondsIn } from '../../promtool/duration.ts'
import { history } from '../history.ts'
import type { HouseSeries } from './house.ts'

const hour = 3600
const scrape = secondsIn(scrapeInterval)
/** So long rules record. They would have recorded the same before, which is written like what was scraped. */
const recorded = 600
/** What is read least far back is stored as far, for rules to find something. */
const least = 2 * hour

/** A series, and how far before now its samples begin and end, and how far apart they are, in seconds. */
interface Lasting extends HouseSeries {
  readonly depth: number
  readonly until: number
  readonly every: number
}

const sampleAt = ({ kind, place }: HouseSeries, at: number, moment: number): number => {
  if (kind === 'state') return 1
  if (kind === 'moment') return moment
  return kind === 'counter' ? at * (1 + place) : 10 + ((at + place * 7) % 60)
}

const nameOf = ({ name, labels }: HouseSeries) =>
  `${name}{${Object.entries(labels)
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .join(',')}}`

interface Span {
  /** Unix times in seconds: of the oldest sample of all, of now, and of what is written. */
  readonly begin: number
  readonly end: number
  readonly from: number
  readonly to: number
}

/** Their samples within a span, as OpenMetrics. @returns how many */
const writeSamples = (file: string, series: readonly Lasting[], { begin, end, from, to }: Span): number => {
  const out = openSync(file, 'w')
  let written = 0
  for (const one of series) {
    const name = nameOf(one)
    const lines: string[] = []
    const first = Math.ceil(Math.max(from, end - one.depth) / one.every) * one.every
    for (let at = first; at < Math.min(to, end - one.until); at += one.every)
      lines.push(`${name} ${sampleAt(one, Math.floor((at - begin) / scrape), begin)} ${at}\n`)
    writeSync(out, lines.join(''))
    written += lines.length
  }
  writeSync(out, '# EOF\n')
  closeSync(out)
  return written
}

/** As Prometheus cuts the last hours; the days before, of which few series are read, in blocks that are fewer and longer. */
const [recent, old] = [2 * hour, 18 * hour]
const spansOf = (begin: number, end: number): readonly Span[] => {
  const spans: Span[] = []
  const turn = Math.floor((end - 8 * hour) / old) * old
  for (let from = begin; from < end; ) {
    const block = from < turn ? old : recent
    const to = Math.min(end, (Math.floor(from / block) + 1) * block)
    spans.push({ begin, end, from, to })
    from = to
  }
  return spans
}

const recordingGroups = Object.values(ruleFiles())
  .flat()
  .map((group) => ({ ...group, rules: group.rules.filter((rule) => !isAlert(rule)) }))
  .filter(({ rules }) => rules.length > 0)

/** How often each name is recorded, in seconds. */
const recordedEvery = new Map(
  recordingGroups.flatMap(({ interval, rules }) =>
    rules.flatMap((rule) => (isAlert(rule) ? [] : [[rule.name, secondsIn(interval ?? scrapeInterval)] as const])),
  ),
)

interface Stored {
  readonly url: string
  /** Unix time of the last sample. */
  readonly end: number
}

interface History {
  readonly series: readonly HouseSeries[]
  /** How far back each name is read, in seconds. */
  readonly depths: ReadonlyMap<string, number>
  readonly say: (line: string) => void
}

/** A Prometheus that has scraped these for as long as each is read back, and recorded what the rules record for as long. */
export const stored = async (shop: ReturnType<typeof workshop>, { series, depths, say }: History): Promise<Stored> => {
  const { home, add, record, start } = await history(shop, 'panels')
  const end = Math.floor(Date.now() / 1000 / 60) * 60
  const depthOf = (name: string) => Math.max(least, depths.get(name) ?? 0)
  const write = async (lasting: readonly Lasting[]) => {
    const begin = end - Math.max(0, ...lasting.map(({ depth }) => depth))
    let samples = 0
    // Block by block: promtool reads all of a file for each block that it writes.
    for (const span of spansOf(begin, end)) {
      const file = join(home, 'samples.txt')
      const written = writeSamples(file, lasting, span)
      if (written > 0) await add(file, '18h')
      rmSync(file)
      samples += written
    }
    say(`${lasting.length} series are stored, ${(samples / 1e6).toFixed(1)} million samples`)
  }
  await write(series.map((one) => ({ ...one, depth: depthOf(one.name), until: 0, every: scrape })))
  // Twice: some rules read what others record.
  for (const _round of [1, 2]) await record({ groups: recordingGroups, begin: end - recorded, end, every: scrape })
  const recorder = await start()
  const found = await instantQuery(recorder.url, `{__name__=~"${[...recordedEvery.keys()].join('|')}"}`, end)
  await recorder.stop()
  say('the rules have recorded')
  await write(
    found.map(({ metric: { __name__: name = '', ...labels } }, place) => ({
      name,
      labels,
      kind: 'gauge',
      place,
      depth: depthOf(name),
      until: recorded,
      every: recordedEvery.get(name) ?? scrape,
    })),
  )
  const { url } = shop.keep(await start())
  return { url, end }
}
