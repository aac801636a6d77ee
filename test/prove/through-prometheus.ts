import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ensurePrograms } from '../../compose/local/programs.ts'
import { startPrometheus } from '../../compose/local/servers.ts'
import type { Scraped } from '../../exporters/collector.ts'
import type { Reading } from '../../exporters/reading.ts'
import { processRegistry } from '../../exporters/registry.ts'
import { exporterServer } from '../../exporters/server.ts'
import { gauge } from '../../metrics/metric.ts'
import { instantQuery, instantValue } from '../integration/instant-query.ts'
import { eventually, freePort, workshop } from '../integration/servers.ts'
import type { Expected, Generated } from './generated.ts'

const vitals = {
  up: gauge({ name: 'fake_up', counts: 'answers', help: 'x' }),
  success: gauge({ name: 'fake_success', counts: 'successes', help: 'x', labels: ['collector'] }),
  duration: gauge({ name: 'fake_duration_seconds', help: 'x', labels: ['collector'] }),
}

/** A source in memory that several collectors share between them: the series of one metric come from all. */
export const fakeScraped = (readings: readonly Reading[], shares = 3): Scraped => ({
  kind: 'fake',
  name: 'main',
  source: { ready: async () => {}, answered: async () => true, reader: () => undefined, close: async () => {} },
  collectors: Array.from({ length: shares }, (_, share) => {
    const own = readings.filter((_reading, place) => place % shares === share)
    return { name: `share-${share}`, metrics: [], collect: async () => own }
  }),
  vitals,
})

/** Prometheus 2.42 can't be told which to ask for first: who does not get what it prefers still reads it. */
const formats = { OpenMetrics: undefined, text: 'text/plain;version=0.0.4' } as const
type FormatName = keyof typeof formats
const formatNames = ['OpenMetrics', 'text'] as const satisfies readonly FormatName[]

const serve = async (readings: readonly Reading[], accept: string | undefined) => {
  const app = exporterServer({ scraped: [fakeScraped(readings)], registry: processRegistry(), log: false })
  app.addHook('onRequest', async ({ headers }) => {
    if (accept) headers.accept = accept
  })
  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  return { target: new URL(address).host, close: () => app.close() }
}

const configOf = (served: ReadonlyMap<FormatName, { readonly target: string }>, seconds: number) => {
  const jobs = [...served].map(([name, { target }]) => ({
    job_name: name,
    metrics_path: '/metrics/fake/main',
    static_configs: [{ targets: [target] }],
  }))
  const global = { scrape_interval: `${seconds}s`, scrape_timeout: `${seconds}s` }
  return JSON.stringify({ global, scrape_configs: jobs })
}

const ask = async (url: string) => {
  const answer = await (await fetch(url)).text()
  const { status, data, error } = JSON.parse(answer)
  if (status !== 'success') throw new Error(`could not ask Prometheus ${url}: ${error}`)
  return data
}

/** @throws Error with the words of Prometheus when it refused an answer */
const scraped = async (prometheus: string, jobs: number, within: number) => {
  const targets = async (): Promise<readonly { health: string; scrapePool: string; lastError: string }[]> =>
    (await ask(`${prometheus}/api/v1/targets?state=active`)).activeTargets
  const states = await eventually(
    targets,
    (found) => found.filter(({ health }) => health !== 'unknown').length === jobs,
    {
      within,
    },
  )
  const refused = states.filter(({ health }) => health !== 'up').map((one) => `${one.scrapePool}: ${one.lastError}`)
  if (refused.length > 0) throw new Error(`Prometheus could not read ${refused.join('; ')}`)
}

/** Prometheus calls a target healthy a moment before it has stored the last of it. What never comes is told later, by name. */
const stored = async (prometheus: string, job: string, count: number) => {
  const counted = async () => (await instantValue(prometheus, `count({job="${job}",__name__=~"demo_.+"})`)) ?? 0
  await eventually(counted, (series) => series >= count, { every: 500 }).catch(() => undefined)
}

type Found = Pick<Expected, 'name' | 'labels'> & { readonly value: number }

const seriesOf = async (prometheus: string, job: string, name: string): Promise<readonly Found[]> => {
  const found = await instantQuery(prometheus, `${name}{job="${job}"}`)
  return found.map(({ metric: { __name__ = '', job: _job, instance: _instance, ...labels }, value }) => {
    return { name: __name__, labels, value: Number(value[1].replace('Inf', 'Infinity')) }
  })
}

/** What goes out of a label: the first 983 characters and a mark of what was cut, and no half of a character. */
const sent = (value: string) => {
  if (value.length <= 1000) return Buffer.from(value).toString()
  const mark = createHash('sha256').update(value).digest('hex').slice(0, 16)
  return Buffer.from(`${value.slice(0, 983).replace(/[\ud800-\udbff]$/, '')}…${mark}`).toString()
}

/** Prometheus 3 writes the bound of a bucket 1 as 1.0, and 2 leaves it: the number is what counts. */
const canonical = (label: string, value: string) =>
  label === 'le' && value !== '+Inf' ? String(Number(value)) : sent(value)

const keyOf = ({ name, labels }: Pick<Expected, 'name' | 'labels'>) =>
  JSON.stringify([
    name,
    ...Object.entries(labels)
      .map(([label, value]) => [label, canonical(label, value)] as const)
      // A label without a value is none to Prometheus.
      .filter(([, value]) => value !== '')
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  ])

/** One line for each series that came back otherwise, or not, or of itself. */
const differences = (expected: readonly Expected[], found: readonly Found[]): readonly string[] => {
  const wanted = new Map(expected.map((one) => [keyOf(one), one.value]))
  if (wanted.size < expected.length) return [`${expected.length - wanted.size} series were generated twice`]
  const had = new Map(found.map((one) => [keyOf(one), one.value]))
  return [
    ...[...wanted].flatMap(([key, value]) => {
      if (!had.has(key)) return [`${key} is missing`]
      return Object.is(had.get(key), value) ? [] : [`${key} is ${had.get(key)} instead of ${value}`]
    }),
    ...[...had.keys()].filter((key) => !wanted.has(key)).map((key) => `${key} came from nowhere`),
  ]
}

export interface ReadBack {
  readonly format: string
  readonly prometheus: string
  readonly series: number
  readonly differences: readonly string[]
  /** What Prometheus says it took, in seconds: the answer, its parsing and its storing. */
  readonly seconds: number
}

/**
 * Serves what was generated, in both formats, to a Prometheus of its own, and asks that for every series.
 * @throws Error when Prometheus refuses an answer, which it does as a whole
 */
export const throughPrometheus = async ({ readings, expected }: Generated, { interval = 5 } = {}) => {
  const shop = workshop()
  const served = new Map<FormatName, Awaited<ReturnType<typeof serve>>>()
  try {
    for (const name of formatNames) served.set(name, await serve(readings, formats[name]))
    const configFile = join(shop.folder, 'prometheus.yml')
    writeFileSync(configFile, configOf(served, interval))
    const { prometheus: program } = await ensurePrograms(['prometheus'])
    const options = { program, configFile, dataDir: join(shop.folder, 'data'), port: await freePort() }
    const { url } = shop.keep(await startPrometheus(options))
    await scraped(url, served.size, 30_000 + 3000 * interval)
    for (const format of formatNames) await stored(url, format, expected.length)
    const names = [...new Set(expected.map(({ name }) => name))]
    const all: ReadBack[] = []
    for (const format of formatNames) {
      const found: Found[] = []
      for (const name of names) found.push(...(await seriesOf(url, format, name)))
      const seconds = (await instantValue(url, `scrape_duration_seconds{job="${format}"}`)) ?? Number.NaN
      const wrong = differences(expected, found)
      all.push({ format, prometheus: program.version ?? '', series: found.length, differences: wrong, seconds })
    }
    return all
  } finally {
    await shop.end()
    for (const { close } of served.values()) await close()
  }
}
