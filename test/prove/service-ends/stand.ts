import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundleOurs } from '../../bench/contestants.ts'
import { spreadOf } from '../../bench/measure.ts'
import { endTold, said, startTold } from '../processes.ts'
import { type Scraped, scraped } from '../scraped.ts'
import type { Settings, Started, State } from './ending-app.ts'
import type { Order, Reached, Report } from './ending-client.ts'

export const frameworks = ['Fastify 5', 'Express 5'] as const
export type Framework = Settings['framework']

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly at: number
  readonly errors: string
}

/** The application in its own process. */
export interface Running {
  readonly port: number
  readonly pid: number
  readonly folder: string
  readonly ended: Promise<Ended>
  ask(path: string): Promise<string>
  state(): Promise<State>
  scrape(): Promise<Scraped>
  kill(signal: NodeJS.Signals): void
}

/** One line of the table, and what was a fault in it. */
export interface Found {
  readonly row: readonly (string | number)[]
  readonly faults: readonly string[]
}

export interface Stand {
  start(settings: Omit<Settings, 'folder'>, wrap?: readonly string[]): Promise<Running>
  /** Requests by their numbers, none of them twice. */
  load(order: Omit<Order, 'first'>): Promise<Report>
  /** The same; it goes on until `stop`, or until no connection is taken. Resolves when so many are answered. */
  begin(
    order: Omit<Order, 'first'> & { readonly tellAfter: number },
  ): Promise<{ readonly report: Promise<Report>; stop(): void }>
  end(): Promise<void>
}

export const openStand = async (): Promise<Stand> => {
  const [app, clientBundle] = [
    await bundleOurs(new URL('ending-app.ts', import.meta.url)),
    await bundleOurs(new URL('ending-client.ts', import.meta.url)),
  ]
  const base = mkdtempSync(join(tmpdir(), 'service-ends-'))
  const client = startTold(clientBundle)
  const running: Running[] = []
  /** More than one order asks. */
  const room = 10_000_000
  let first = 0
  const numbered = (order: Omit<Order, 'first'>): Order => {
    first += room
    return { ...order, first }
  }
  return {
    start: async (settings, wrap = []) => {
      const folder = mkdtempSync(join(base, 'logs-'))
      const one = await started(app, { ...settings, folder }, wrap)
      running.push(one)
      return one
    },
    load: (order) => said<Report>(client, numbered(order)),
    begin: async (order) => {
      await said<Reached>(client, numbered(order))
      const report = said<Report>(client)
      // Whoever asks is told; nobody does where something else has failed before.
      report.catch(() => undefined)
      return { report, stop: () => void client.child.send('stop') }
    },
    end: async () => {
      for (const one of running) one.kill('SIGKILL')
      await Promise.all([...running.map(({ ended }) => ended), endTold(client)])
      for (const path of [base, app, clientBundle]) rmSync(path, { recursive: true, force: true })
    },
  }
}

const started = async (bundle: string, settings: Settings, wrap: readonly string[]): Promise<Running> => {
  const [command = '', ...args] = [...wrap, process.execPath, '--expose-gc', bundle, JSON.stringify(settings)]
  const env = { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'production' }
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env })
  let errors = ''
  child.stderr.on('data', (text) => {
    errors += String(text)
  })
  const ended = once(child, 'exit').then(([code, signal]) => ({ code, signal, at: performance.now(), errors }))
  const line = await Promise.race([
    once(child.stdout, 'data').then(String),
    ended.then(({ errors: why }) => Promise.reject(new Error(why))),
  ])
  const { port, metrics = '' }: Started = JSON.parse(line)
  const ask = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text()
  return {
    port,
    folder: settings.folder,
    pid: child.pid ?? 0,
    ended,
    ask,
    state: async () => JSON.parse(await ask('/state/now')),
    scrape: () => scraped(metrics),
    kill: (signal) => void child.kill(signal),
  }
}

export interface Line {
  readonly level: string
  readonly message: string
  readonly sequence?: number
}
/** Every line of a kind of files, whole, or this throws. */
export const linesIn = (folder: string, kind: 'combined' | 'error'): readonly Line[] =>
  readdirSync(folder)
    .filter((name) => new RegExp(`^${kind}\\d*\\.log$`).test(name))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n').filter(Boolean))
    .map((line) => JSON.parse(line))

/** Numbers of requests that were answered with 200, and have no line. */
export const unwritten = (report: Report, lines: readonly Line[]): readonly number[] => {
  const written = new Set(lines.map(({ sequence }) => sequence))
  return report.answered.filter(([number, status]) => status === 200 && !written.has(number)).map(([number]) => number)
}

export const statusesOf = ({ answered }: Report): readonly number[] =>
  [...new Set(answered.map(([, status]) => status))].toSorted()

/** What a client found in the wrong answer, or not at all. */
export const lossesOf = ({ cut, refused, wrong, answered }: Report): readonly string[] => [
  ...wrong.slice(0, 3).map((one) => `a wrong answer: ${one}`),
  ...(cut.length > 0 ? [`${cut.length} requests were cut`] : []),
  ...(refused > 0 ? [`${refused} connections were refused`] : []),
  ...answered
    .filter(([, status]) => status !== 200)
    .slice(0, 3)
    .map(([number, status]) => `${number} was answered ${status}`),
]

export const slowest = ({ took }: Report) => spreadOf(took).most
export const median = ({ took }: Report) => spreadOf(took).median
