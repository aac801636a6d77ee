import { fork } from 'node:child_process'
import { once } from 'node:events'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { keepHeapSmall } from '../../exporters/heap.ts'
import type { Reading } from '../../exporters/reading.ts'
import { processRegistry } from '../../exporters/registry.ts'
import { exporterServer } from '../../exporters/server.ts'
import { spreadOf } from '../bench/measure.ts'
import { eventually } from '../integration/servers.ts'
import { asSamples, asTable } from './catalogue.ts'
import type { Proof } from './proof.ts'
import { fakeScraped } from './through-prometheus.ts'

export const series = 200_000
const runs = 20
/** Milliseconds that nothing else in the process may have to wait. */
const limit = 50

// As the exporter does.
keepHeapSmall()
setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')
const resident = () => {
  collectGarbage()
  return Math.round(process.memoryUsage().rss / 1024 ** 2)
}

interface Run {
  /** The longest that a timer of 1 ms was late, in milliseconds. */
  readonly block: number
  readonly milliseconds: number
}

const timed = async (work: () => Promise<unknown>): Promise<Run> => {
  const late = monitorEventLoopDelay({ resolution: 1 })
  late.enable()
  const start = performance.now()
  await work()
  const milliseconds = performance.now() - start
  late.disable()
  return { block: late.max / 1e6, milliseconds }
}

const repeated = async (name: string, encoding: string, work: () => Promise<unknown>, times = runs) => {
  const before = resident()
  const found: Run[] = []
  for (let run = 0; run < times; run += 1) found.push(await timed(work))
  const blocks = spreadOf(found.map(({ block }) => block))
  const took = spreadOf(found.map(({ milliseconds }) => milliseconds))
  const cells = [blocks.median.toFixed(1), blocks.most.toFixed(1), took.median.toFixed(0), before, resident()] as const
  return { most: blocks.most, cells: [name, encoding, times, ...cells] }
}

const client = async () => {
  const child = fork(fileURLToPath(new URL('./drain.ts', import.meta.url)), { execArgv: ['--import', 'tsx'] })
  await once(child, 'message')
  const ask = async (url: string, encoding: string) => {
    const answer = once(child, 'message')
    child.send({ url, encoding, deaf: false })
    await answer
  }
  const deafen = (url: string, encoding: string) => void child.send({ url, encoding, deaf: true })
  return { ask, deafen, end: () => child.kill() }
}

const measured = async (
  name: string,
  readings: readonly Reading[],
  { ask, deafen }: Awaited<ReturnType<typeof client>>,
) => {
  const app = exporterServer({ scraped: [fakeScraped(readings)], registry: processRegistry(), log: false })
  const url = `${await app.listen({ host: '127.0.0.1', port: 0 })}/metrics/fake/main`
  const connections = () => new Promise<number>((done) => app.server.getConnections((_error, count) => done(count)))
  const until = (count: number) => eventually(connections, (open) => open === count, { every: 10 })
  const ignored = async () => {
    deafen(url, 'identity')
    await until(1)
    await until(0)
  }
  const rows = []
  for (const encoding of ['identity', 'gzip']) {
    await ask(url, encoding)
    rows.push(await repeated(name, encoding, () => ask(url, encoding)))
  }
  rows.push(await repeated(`${name}, to a client that never reads`, 'identity', ignored, 5))
  await app.close()
  return rows
}

export const eventLoopProof: Proof = {
  title: 'What a scrape of 200,000 series holds up',
  says: `${series.toLocaleString('en')} series in memory are served by the exporter to another process over HTTP, while a timer of 1 ms tells how late it is. No
scrape may hold up the event loop for more than ${limit} ms. A client that never reads, which gives its answer 1 s, is cut off a second
later, and what was held for it is let go. The first line is the machine itself, with nothing to do. Tables are what the collectors
return of statements, tables and indexes, the only ones with series by the hundred thousand, and are held to the limit. Single samples,
of which none returns more than some thousands, are shown beside them: as many of those at once are too much for the garbage collector.`,
  columns: [
    'served',
    'encoding',
    'runs',
    'longest block, median ms',
    'largest ms',
    'answer, median ms',
    'RSS before, MiB',
    'after, MiB',
  ],
  prove: async (say) => {
    const reader = await client()
    try {
      const all = [await repeated('nothing', '', () => delay(1000))]
      say('measured the machine')
      all.push(...(await measured('a table of texts', asTable(series), reader)))
      say('measured a table')
      const held = [...all]
      all.push(...(await measured('samples', asSamples(series), reader)))
      const faults = held
        .filter(({ most }) => most > limit)
        .map(({ cells, most }) => `${cells.slice(0, 2).join(', ')}: ${most.toFixed(1)} ms`)
      return { rows: all.map(({ cells }) => cells), faults }
    } finally {
      reader.end()
    }
  },
}
