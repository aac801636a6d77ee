import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
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
