import { fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import type { Order, Render, Shape, Told } from './blocks.ts'
import { bundles } from './contestants.ts'

export interface Rendered {
  /** What the machine holds up by itself: of a process that nobody asks for anything. */
  readonly machine: readonly Render[]
  readonly ours: readonly Render[]
  readonly promClient: readonly Render[]
}

interface RenderOptions {
  /** Of each contestant and shape. Each has one cold scrape. */
  readonly processes?: number
  /** Scrapes in each format after that. */
  readonly warm?: number
  readonly lines?: number
  readonly shapes?: readonly Shape[]
}

/** What a scrape asks for. */
interface Ask {
  readonly words: string
  readonly accept: string
  readonly encoding: 'identity' | 'gzip'
}
const text = 'text/plain;version=0.0.4'
const open = 'application/openmetrics-text;version=1.0.0'
const plain: Ask = { words: 'text', accept: text, encoding: 'identity' }
const asks: readonly Ask[] = [
  plain,
  { words: 'text with gzip', accept: text, encoding: 'gzip' },
  { words: 'OpenMetrics', accept: open, encoding: 'identity' },
  { words: 'OpenMetrics with gzip', accept: open, encoding: 'gzip' },
]

/** A process that is scraped. */
const start = async (bundle: string, shape: Shape, lines: number) => {
  const env = { ...process.env, NODE_ENV: 'production', NODE_OPTIONS: '' }
  const child = fork(bundle, [shape, String(lines)], { execArgv: [], env })
  const gone = once(child, 'exit').then(([code]) => {
    throw new Error(`the process that is scraped ended with exit code ${code}`)
  })
  gone.catch(() => undefined)
  const heard = async () => {
    const [told]: Told[] = await Promise.race([once(child, 'message'), gone])
    return told
  }
  const say = (order: Order) => {
    const answer = heard()
    child.send(order)
    return answer
  }
  const first = await heard()
  return { port: first && 'port' in first ? first.port : 0, say, end: () => child.disconnect() }
}
type Scraped = Awaited<ReturnType<typeof start>>

/** How long this holds up the event loop of the process. */
const watched = async ({ say }: Scraped, work: () => Promise<readonly Buffer[]>) => {
  await say('watch')
  const began = performance.now()
  const chunks = await work()
  const milliseconds = performance.now() - began
  const told = await say('tell')
  const block = told && 'block' in told ? told.block : Number.NaN
  return { block, milliseconds, chunks }
}

/** Reads as fast as it comes, and looks at it afterwards. */
const read = (port: number, agent: Agent, { accept, encoding }: Ask) =>
  new Promise<readonly Buffer[]>((resolve, reject) => {
    const headers = { accept, 'accept-encoding': encoding }
    get({ port, host: '127.0.0.1', path: '/metrics', agent, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).once('error', reject)
      response.once('end', () => {
        if (response.statusCode === 200) resolve(chunks)
        else reject(new Error(`/metrics answered ${response.statusCode}`))
      })
    }).once('error', reject)
  })

const linesIn = (chunks: readonly Buffer[], { encoding }: Ask) => {
  const bytes = Buffer.concat(chunks)
  const words = (encoding === 'gzip' ? gunzipSync(bytes) : bytes).toString()
  return words.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length
}

interface Sitting {
  readonly bundle: string
  readonly shape: Shape
  readonly lines: number
  /** The first of them is the cold one. */
  readonly order: readonly Ask[]
  readonly warm: number
}

const sitting = async ({ bundle, shape, lines, order, warm }: Sitting): Promise<readonly Render[]> => {
  const scraped = await start(bundle, shape, lines)
  const agent = new Agent({ keepAlive: true })
  const one = async (ask: Ask, cold: boolean): Promise<Render> => {
    const { chunks, ...times } = await watched(scraped, () => read(scraped.port, agent, ask))
    const printed = linesIn(chunks, ask)
    const bytes = chunks.reduce((sum, { length }) => sum + length, 0)
    return { what: `${shape}, ${ask.words}`, cold, lines: printed, bytes, ...times }
  }
  try {
    const found: Render[] = []
    const [first = plain] = order
    found.push(await one(first, true))
    for (let time = 0; time < warm; time += 1) for (const ask of order) found.push(await one(ask, false))
    return found
  } finally {
    agent.destroy()
    scraped.end()
  }
}

const waiting = async (bundle: string, times: number) => {
  const idle = await start(bundle, 'nothing', 1)
  try {
    const found: Render[] = []
    for (let time = 0; time < times; time += 1) {
      const { block, milliseconds } = await watched(idle, () => delay(100, []))
      found.push({ what: 'nothing, 100 ms', cold: false, block, milliseconds, lines: 0, bytes: 0 })
    }
    return found
  } finally {
    idle.end()
  }
}

const fewest = (renders: readonly Render[], lines: number) => {
  const short = renders.find((one) => one.lines < lines)
  if (short) throw new Error(`${short.what}: ${short.lines} lines came of ${lines}`)
}

/**
 * Scrapes over HTTP, of processes that do nothing else. Ours and prom-client take turns: what happens on the machine meets both.
 * @throws Error where one does not print all series
 */
export const renderAll = async ({
  processes = 8,
  warm = 4,
  lines = 100_000,
  shapes = ['counters', 'histograms'],
}: RenderOptions = {}): Promise<Rendered> => {
  const made = bundles()
  try {
    const [mine, theirs] = [await made.of('render-ours'), await made.of('render-prom-client')]
    const machine = await waiting(mine, processes * warm)
    const ours: Render[] = []
    const promClient: Render[] = []
    for (const shape of shapes) {
      for (let turn = 0; turn < processes; turn += 1) {
        // Each way to ask is the cold one in its turn.
        const order = asks.map((_, place) => asks[(place + turn) % asks.length] ?? plain)
        ours.push(...(await sitting({ bundle: mine, shape, lines, order, warm })))
        promClient.push(...(await sitting({ bundle: theirs, shape, lines, order: [plain], warm })))
      }
    }
    fewest([...ours, ...promClient], lines)
    return { machine, ours, promClient }
  } finally {
    await made.end()
  }
}
