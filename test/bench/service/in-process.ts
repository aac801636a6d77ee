import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { idle, type Render } from './blocks.ts'
import { bundles } from './contestants.ts'
import type { Recording } from './rounds.ts'

const run = promisify(execFile)

/** The words of a program run by node alone, as JSON. */
const answerOf = async <Answer>(program: string, args: readonly number[]): Promise<Answer> => {
  const made = bundles()
  try {
    const bundle = await made.of(program)
    const options = { env: { ...process.env, NODE_ENV: 'production', NODE_OPTIONS: '' }, maxBuffer: 2 ** 26 }
    const { stdout } = await run(process.execPath, [bundle, ...args.map(String)], options)
    return JSON.parse(stdout)
  } catch (cause) {
    throw new Error(`could not measure ${program}`, { cause })
  } finally {
    await made.end()
  }
}

/** @throws Error where one has not counted each call */
export const recordAll = async ({ rounds = 60, calls = 50_000 } = {}): Promise<readonly Recording[]> => {
  const found = await answerOf<readonly Recording[]>('recorders', [rounds, calls])
  const fake = found.find(({ calls: called, counted }) => called !== counted)
  if (fake) throw new Error(`${fake.name} counted ${fake.counted} of ${fake.calls} requests`)
  return found
}

export interface Rendered {
  /** What the machine holds up by itself. */
  readonly machine: readonly Render[]
  readonly ours: readonly Render[]
  readonly promClient: readonly Render[]
}

/**
 * Each in a process of its own: what one leaves on the heap would cost the other.
 * @throws Error where one does not print all series
 */
export const renderAll = async ({ runs = 20, lines = 100_000 } = {}): Promise<Rendered> => {
  const mine = await answerOf<readonly Render[]>('render-ours', [runs, lines])
  const promClient = await answerOf<readonly Render[]>('render-prom-client', [runs, lines])
  const [machine, ours] = [mine.filter(({ what }) => what === idle), mine.filter(({ what }) => what !== idle)]
  const short = [...ours, ...promClient].find((one) => one.lines < lines)
  if (short) throw new Error(`${short.what}: ${short.lines} lines came of ${lines}`)
  return { machine, ours, promClient }
}
