import type { RestartSetting } from '../../config/restart.ts'
import { wordsOf } from '../../exporters/failure.ts'
import { lastRestart, restartAttempts, restartGaveUp, restartHealthy } from '../../exporters/jobs/restart.ts'
import type { Definition, Sample } from '../../metrics/metric.ts'
import { Refused, type Run } from '../job.ts'
import { whileNoneRuns } from '../update/alone.ts'
import { type Driver, isHealthy, waitHealthy } from './driver.ts'
import { lately, type Outage, type State, writeState } from './state.ts'

interface Watched {
  readonly url: string
  readonly how: RestartSetting
  readonly driver: Driver
  /** The job's own, and that of all jobs. */
  readonly folder: string
  readonly jobsFolder: string
  readonly state: State
  readonly now: () => number
  readonly pause: (milliseconds: number, signal: AbortSignal) => Promise<void>
}

/** Looks at the API, and restarts it where it is down. */
export const watch = async (watched: Watched, run: Run): Promise<string> => {
  // Of what is measured again and again only the last counts.
  const figures = new Map<Definition, Sample>()
  const measured = (...samples: readonly Sample[]) => {
    for (const sample of samples) figures.set(sample.metric, sample)
  }
  try {
    return await look(watched, { ...run, measured })
  } finally {
    run.measured(...figures.values())
  }
}

const look = async (watched: Watched, run: Run): Promise<string> => {
  const { url, state, now } = watched
  const last = state.restarts.at(-1)
  if (last !== undefined) run.measured(lastRestart.sample(Date.parse(last) / 1_000))
  const failed = await failures(watched, run)
  if (failed < watched.how.failures) {
    await recovered(watched, failed, run)
    return failed === 0 ? `${url} is healthy` : `${url} is healthy, after ${failed} failures`
  }
  const outage = state.outage ?? { since: moment(now()), attempts: 0, gaveUp: false }
  if (outage.gaveUp && lately(state, now()).length > 0) {
    const since = `down since ${outage.since}, and ${outage.attempts} restarts did not help`
    return gaveUp(
      watched,
      { ...state, outage },
      `${since}: it is restarted again when there was no restart for an hour`,
      run,
    )
  }
  return mend(watched, { ...state, outage: { ...outage, gaveUp: false } }, run)
}

const moment = (at: number) => new Date(at).toISOString()

/** How often it failed in a row, until it was healthy. */
const failures = async ({ url, how, pause }: Watched, run: Run) => {
  for (let failed = 0; failed < how.failures; failed += 1) {
    if (failed > 0) await pause(how.secondsBetween * 1_000, run.signal)
    if (await isHealthy(url, run.signal)) return failed
    run.step(`${url} is not healthy, ${failed + 1} times of ${how.failures}`)
  }
  return how.failures
}

/** Nothing was done about it in this run. */
const recovered = async ({ folder, state }: Watched, failed: number, run: Run) => {
  run.measured(restartHealthy.sample(1), restartGaveUp.sample(0))
  const { outage, ...rest } = state
  if (failed > 0 || outage) run.measured(restartAttempts.sample(outage?.attempts ?? 0))
  if (outage) await writeState(folder, rest)
}

/** @throws Error, always: it is down, and stays so until somebody mends it */
const gaveUp = async (
  { folder, url }: Watched,
  state: State & { readonly outage: Outage },
  words: string,
  run: Run,
) => {
  const outage = { ...state.outage, gaveUp: true }
  run.measured(restartHealthy.sample(0), restartGaveUp.sample(1), restartAttempts.sample(outage.attempts))
  await writeState(folder, { ...state, outage })
  throw new Error(`${url} is ${words}`)
}

type Down = State & { readonly outage: Outage }

const mend = async (watched: Watched, from: Down, run: Run): Promise<string> => {
  const { url, how, driver, now } = watched
  let state = from
  for (let attempt = 1; attempt <= how.attempts; attempt += 1) {
    if (attempt > 1 && (await backIn(watched, how.pauseSeconds * 2 ** (attempt - 2), run)))
      return back(watched, state, run)
    if (lately(state, now()).length >= how.perHour) {
      const often = `down, and was restarted ${how.perHour} times within an hour: once more would not mend it`
      return gaveUp(watched, state, often, run)
    }
    state = await restarted(watched, state, run)
    if (await backIn(watched, how.readySeconds, run)) return back(watched, state, run)
    run.step(`${url} is not healthy ${how.readySeconds} seconds after restart ${attempt} of ${how.attempts}`)
  }
  const words = `down since ${state.outage.since}, and ${how.attempts} times ${driver.words} did not help: look into its log`
  return gaveUp(watched, state, words, run)
}

/** Written down first: also a run that is killed at it has restarted it. */
const restarted = async (watched: Watched, before: Down, run: Run): Promise<Down> => {
  const { folder, jobsFolder, driver, now } = watched
  run.measured(restartHealthy.sample(0))
  const at = now()
  const state: Down = {
    ...before,
    restarts: [...lately(before, at), moment(at)],
    outage: { ...before.outage, attempts: before.outage.attempts + 1 },
  }
  await writeWhileNoUpdate(jobsFolder, async () => {
    await writeState(folder, state)
    run.measured(lastRestart.sample(at / 1_000), restartAttempts.sample(state.outage.attempts))
    run.step(driver.words)
    await driver.restart(run.signal).catch((cause: unknown) => {
      run.signal.throwIfAborted()
      run.step(`could not restart it: ${wordsOf(cause)}`)
    })
  })
  return state
}

/** An update restarts the API itself, and leaves half of its code for a while. */
const writeWhileNoUpdate = async (jobsFolder: string, work: () => Promise<void>) => {
  try {
    await whileNoneRuns(jobsFolder, ['update'], work)
  } catch (cause) {
    if (!(cause instanceof Refused)) throw cause
    throw new Refused([`the API is down, and is not restarted while an update runs: ${cause.message}`], { cause })
  }
}

/** Whether it is healthy within so many seconds. It is asked again and again. */
const backIn = async ({ url }: Watched, seconds: number, run: Run): Promise<boolean> => {
  const late = AbortSignal.timeout(seconds * 1_000)
  try {
    await waitHealthy(url, AbortSignal.any([run.signal, late]))
    run.progress()
    return true
  } catch (cause) {
    run.signal.throwIfAborted()
    if (!late.aborted) throw cause
    run.progress()
    return false
  }
}

const back = async ({ url, folder }: Watched, { outage, ...rest }: Down, run: Run) => {
  run.measured(restartHealthy.sample(1), restartGaveUp.sample(0), restartAttempts.sample(outage.attempts))
  await writeState(folder, rest)
  return `${url} is healthy again, after ${outage.attempts} restarts`
}
