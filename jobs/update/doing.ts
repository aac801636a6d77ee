import { existsSync } from 'node:fs'
import { copyFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Run } from '../job.ts'
import { healthyWith } from './health.ts'
import { readPackage } from './npm.ts'
import { migrationName, type Stand } from './stand.ts'
import type { Backward, Forward, State } from './state.ts'

/** What a step needs to know. */
export interface At {
  readonly stand: Stand
  readonly state: State
  readonly run: Run
}
type Step = (at: At) => Promise<void>

/** Ends a step that takes too long: that is a failure of it, after which there is time to go back. */
export const within = async <T>(
  minutes: number,
  { signal }: Run,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const late = AbortSignal.timeout(minutes * 60_000)
  try {
    return await work(AbortSignal.any([signal, late]))
  } catch (cause) {
    signal.throwIfAborted()
    if (!late.aborted) throw cause
    throw new Error(`it was not done after ${minutes} minutes, and was ended`, { cause })
  }
}

/** Brings the code, also where a killed run has brought a part of it. */
const code: Step = async ({ stand: { checkout, folder }, state: { from, to, at, fixedLock }, run: { signal } }) => {
  const head = await checkout.head(signal)
  if (head === to && (await checkout.changed(signal)).length === 0) return
  if (head !== from && head !== to) throw new Error(`somebody has moved HEAD of ${folder} to ${head} meanwhile`)
  const [changed, known] = [await checkout.changed(signal), new Set(await checkout.between(from, to, signal))]
  const foreign = changed.filter((file) => !known.has(file))
  if (foreign.length > 0) throw new Error(`somebody has changed ${foreign.join(', ')} meanwhile`)
  const lock = await checkout.lock(signal)
  // Of the git that was killed with us: all that we have started has ended by now.
  if (lock && lock.made >= Date.parse(at) - clockSlack) await rm(lock.path, { force: true })
  if (changed.length === 0 && head === from && !lock && !fixedLock) return checkout.forward(to, signal)
  await checkout.reset(to, signal)
}

/** Milliseconds by which the clock of the disk may be behind: coarser than the one of the system. */
const clockSlack = 50

const install: Step = ({ stand: { npm, settings }, run }) =>
  within(settings.minutes.install, run, (signal) =>
    npm({ name: 'install', args: settings.install, signal, progress: run.progress }),
  )

/** Runs one of the scripts of the API, with the login of the owner of the database. */
export const script = ({ stand, run }: At, name: string) =>
  within(stand.settings.minutes.migrate, run, (signal) =>
    stand.npm({
      name: name.replaceAll(/[^\w-]/g, '-'),
      args: ['run', name],
      env: { [stand.settings.schema.variable]: stand.env.JOBS_DATABASE_URL ?? '', PGAPPNAME: migrationName },
      signal,
      progress: run.progress,
    }),
  )

const migrate: Step = async (at) => {
  const { migrate } = at.stand.settings.schema
  if (migrate !== undefined) await script(at, migrate)
}

const restart: Step = ({ stand: { driver, settings }, run }) =>
  within(settings.minutes.healthy, run, (signal) => driver.restart(signal))

const check =
  (of: 'from' | 'to'): Step =>
  async ({ stand, state, run }) => {
    const { settings, healthUrl, checkout } = stand
    const commit = state[of]
    const text = await checkout.content(commit, 'package.json', run.signal)
    const version = text === undefined ? undefined : readPackage(text).version
    const versions = [version, commit, await checkout.short(commit, run.signal)].filter((one) => one !== undefined)
    await healthyWith({
      url: healthUrl,
      versions: settings.versionCounts ? versions : undefined,
      minutes: settings.minutes.healthy,
      signal: run.signal,
      progress: run.progress,
    })
  }

/** By what name each step goes in a sentence. */
export const forwardSteps: Readonly<Record<Forward, Step>> = {
  code,
  install,
  migrate,
  restart,
  check: check('to'),
}

const codeBack: Step = async ({ stand, state: { from, to, at, fixedLock }, run: { signal } }) => {
  const { checkout, folder, lockKept } = stand
  const head = await checkout.head(signal)
  if (head !== from && head !== to) throw new Error(`somebody has moved HEAD of ${folder} to ${head} meanwhile`)
  const lock = await checkout.lock(signal)
  if (lock && lock.made >= Date.parse(at) - clockSlack) await rm(lock.path, { force: true })
  await checkout.reset(from, signal)
  // Brought by halves they belong to no commit: nothing stood in their place before.
  for (const file of await checkout.added(from, to, signal)) {
    const path = join(folder, file)
    if (existsSync(path)) await rm(path, { force: true })
  }
  if (fixedLock) await copyFile(lockKept, join(folder, 'package-lock.json'))
}

const installBack: Step = ({ stand: { npm, settings }, run }) =>
  within(settings.minutes.install, run, (signal) =>
    // What was installed before is in npm's cache, also where the registry is gone.
    npm({ name: 'install-back', args: [...settings.install, '--prefer-offline'], signal, progress: run.progress }),
  )

export const backwardSteps: Readonly<Record<Exclude<Backward, 'schema back'>, Step>> = {
  'code back': codeBack,
  'install back': installBack,
  'restart back': restart,
  'check back': check('from'),
}
