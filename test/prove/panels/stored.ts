import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { isAlert } from '../../../alerts/alert.ts'
import { ruleFiles } from '../../../alerts/index.ts'
import type { workshop } from '../../integration/servers.ts'
import { history } from '../history.ts'
import type { HouseSeries } from './house.ts'

/** Seconds between two scrapes, and in a block. */
const [scrape, block] = [15, 2 * 3600] as const

const sampleAt = ({ kind, place }: HouseSeries, at: number, moment: number): number => {
  if (kind === 'state') return 1
  if (kind === 'moment') return moment
  return kind === 'counter' ? at * (1 + place) : 10 + ((at + place * 7) % 60)
}

const nameOf = ({ name, labels }: HouseSeries) =>
  `${name}{${Object.entries(labels)
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .join(',')}}`

/** Their samples between two moments, as OpenMetrics. */
const writeSamples = (file: string, series: readonly HouseSeries[], begin: number, from: number, to: number) => {
  const out = openSync(file, 'w')
  for (const one of series) {
    const name = nameOf(one)
    const lines: string[] = []
    for (let at = from; at < to; at += scrape)
      lines.push(`${name} ${sampleAt(one, (at - begin) / scrape, begin)} ${at}\n`)
    writeSync(out, lines.join(''))
  }
  writeSync(out, '# EOF\n')
  closeSync(out)
}

interface Stored {
  readonly url: string
  /** Unix time of the last sample. */
  readonly end: number
}

interface History {
  readonly series: readonly HouseSeries[]
  readonly hours: number
  readonly say: (line: string) => void
}

/** A Prometheus that has scraped these for so many hours, and recorded what the rules record. */
export const stored = async (shop: ReturnType<typeof workshop>, { series, hours, say }: History): Promise<Stored> => {
  const { home, add, record, start } = await history(shop, 'panels')
  const end = Math.floor(Date.now() / 1000 / 60) * 60
  const begin = end - hours * 3600
  // Block by block: promtool reads all of a file for each block that it writes.
  for (let from = begin; from < end; ) {
    const to = Math.min(end, (Math.floor(from / block) + 1) * block)
    const file = join(home, 'samples.txt')
    writeSamples(file, series, begin, from, to)
    await add(file)
    rmSync(file)
    from = to
  }
  say(`${series.length} series are stored`)
  const recording = Object.values(ruleFiles())
    .flat()
    .map((group) => ({ ...group, rules: group.rules.filter((rule) => !isAlert(rule)) }))
    .filter(({ rules }) => rules.length > 0)
  // Twice: some rules read what others record.
  for (const _round of [1, 2]) await record({ groups: recording, begin, end, every: scrape })
  say('the rules have recorded')
  const { url } = shop.keep(await start())
  return { url, end }
}
