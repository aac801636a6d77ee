import { accessSync, constants, existsSync, realpathSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Env } from '../../config/env.ts'
import { services } from '../../config/targets.ts'
import type { UpdateSettings } from '../../config/update.ts'
import { wordsOf } from '../../exporters/failure.ts'
import { type Job, Refused } from '../job.ts'
import { findProgram } from '../program.ts'
import type { Driver } from '../restart/driver.ts'
import { readPackage } from './npm.ts'
import { recentBackup } from './saving.ts'
import { type Stand, standOf } from './stand.ts'
import { isUnfinished, type State } from './state.ts'

export interface Needs {
  readonly env: Env
  readonly settings: UpdateSettings
  readonly driver: Driver
  readonly backup: Job
  readonly now: () => number
}

/** What was found before anything is done. */
export interface Looked {
  readonly stand: Stand
  /** What the update before left. */
  readonly state: State | undefined
  readonly head: string
  /** The newest commit of the remote's branch; undefined where one that was killed goes on, and nobody asks. */
  readonly newest: string | undefined
  /** A backup that counts; undefined where one has to be made. */
  readonly recent: string | undefined
}

/** Collects what is wrong, instead of ending at the first. */
const collecting = (signal: AbortSignal) => {
  const faults: string[] = []
  const attempt = async <T>(what: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work()
    } catch (cause) {
      signal.throwIfAborted()
      if (cause instanceof Refused) faults.push(...cause.faults)
      else faults.push(`${what}: ${wordsOf(cause)}`)
      return undefined
    }
  }
  return { faults, attempt }
}

/**
 * Looks at all that an update needs, and changes nothing.
 * @throws Refused naming every fault at once
 */
export const look = async (needs: Needs, signal: AbortSignal): Promise<Looked> => {
  const { env, settings, driver } = needs
  const { faults, attempt } = collecting(signal)
  const stand = opened(needs, faults)
  await attempt('the restart', () => driver.check(signal))
  if (!stand) throw new Refused(faults)
  const { checkout, keeping } = stand
  const state = await attempt('the update before', keeping.state)
  const top = await attempt(`${stand.folder} is no checkout of git`, () => checkout.top(signal))
  if (top === undefined) throw new Refused(faults)
  if (realpathSync(top) !== realpathSync(stand.folder)) {
    faults.push(`${stand.folder} is not the top of its checkout: set API_DIR to ${top}`)
  }
  const head = await attempt('HEAD', () => checkout.head(signal))
  const branch = await attempt('the branch', () => checkout.branch(signal))
  if (branch !== settings.branch) faults.push(wrongBranch(branch, stand))
  const goesOn = isUnfinished(state)
  if (!goesOn) {
    const changed = await attempt('the work tree', () => checkout.changed(signal))
    if (changed && changed.length > 0) faults.push(dirty(changed, stand.folder))
    const lock = await attempt('the lock of git', () => checkout.lock(signal))
    if (lock) faults.push(`${lock.path} is there: end the git that has it, or remove it where none is left`)
  }
  const newest = goesOn
    ? undefined
    : await attempt(`${settings.remote} cannot be asked for ${settings.branch}`, () => checkout.newest(signal))
  if (head !== undefined && newest !== undefined) await diverged(stand, head, newest, attempt, signal)
  await attempt('the schema of the database', () => stand.reading(signal))
  const recent = await attempt('backups', () =>
    recentBackup({ ...needs, folder: env.JOBS_DIR, countsMinutes: settings.backupCountsMinutes }),
  )
  // What needs no backup must not fail for want of one.
  if (!goesOn && newest !== head && recent === undefined) await attempt('the backup', () => backedUp(needs, signal))
  if (faults.length > 0 || head === undefined) throw new Refused(faults)
  return { stand, state, head, newest, recent }
}

const opened = (needs: Needs, faults: string[]): Stand | undefined => {
  const { env, settings } = needs
  const [git, npm] = ['git', 'npm'].map((name) => findProgram(name))
  if (!git) faults.push('there is no git on PATH: install it')
  if (!npm) faults.push('there is no npm on PATH: install it with Node')
  if (!env.API_URL) faults.push('API_URL is not set: set it to where the API answers, such as http://127.0.0.1:3000')
  const { migrate } = settings.schema
  if (migrate !== undefined && !env.JOBS_DATABASE_URL) {
    faults.push('JOBS_DATABASE_URL is not set: set it to the login of the owner of the database, who may migrate it')
  }
  const folder = env.API_DIR === undefined ? undefined : resolve(env.API_DIR)
  if (folder === undefined) faults.push('API_DIR is not set: set it to the checkout of the API')
  else faults.push(...folderFaults(folder, migrate))
  if (!git || !npm || !env.API_URL || folder === undefined || !existsSync(folder)) return undefined
  return standOf({ ...needs, git, npm, folder, healthUrl: `${env.API_URL.replace(/\/$/, '')}${services.api.health}` })
}

const folderFaults = (folder: string, migrate: string | undefined): readonly string[] => {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    return [`${folder} is no folder: set API_DIR to the checkout of the API`]
  }
  const faults = ['package.json', 'package-lock.json']
    .filter((name) => !existsSync(join(folder, name)))
    .map((name) => `${folder} has no ${name}: npm ci needs one, so commit it`)
  try {
    accessSync(folder, constants.W_OK)
  } catch {
    faults.push(`${folder} cannot be written: run the job as the user it belongs to`)
  }
  return migrate === '' ? [...faults, 'the script that migrates has no name: leave it out of config/update.ts'] : faults
}

const wrongBranch = (branch: string | undefined, { folder, settings }: Stand) =>
  branch === undefined
    ? `HEAD of ${folder} is detached: git -C ${folder} switch ${settings.branch}`
    : `${folder} is on ${branch}, not on ${settings.branch}: git -C ${folder} switch ${settings.branch}`

/** As many names as somebody reads. */
const few = (names: readonly string[], most = 5) =>
  names.length > most ? `${names.slice(0, most).join(', ')} and ${names.length - most} more` : names.join(', ')

const dirty = (changed: readonly string[], folder: string) =>
  `${folder} has changes that belong to no commit: ${few(changed)}. Commit them elsewhere, or undo them: git -C ${folder} status`

type Attempt = ReturnType<typeof collecting>['attempt']

const diverged = (
  { checkout, folder, settings }: Stand,
  head: string,
  newest: string,
  attempt: Attempt,
  signal: AbortSignal,
) =>
  attempt('the branch', async () => {
    const { remote, branch } = settings
    // Where the newest is not here yet, it is looked at once it was fetched.
    const [behind, ahead] = [
      await checkout.isBefore(head, newest, signal),
      await checkout.isBefore(newest, head, signal),
    ]
    if (behind === false && ahead === false) throw new Refused([apart(folder, remote, branch)])
  })

/** What is said of a branch that has gone its own way. */
export const apart = (folder: string, remote: string, branch: string) =>
  `${branch} of ${folder} has commits that ${remote} does not have, and lacks some that it has: push or drop them (git -C ${folder} log ${remote}/${branch}..${branch})`

const backedUp = async ({ backup }: Needs, signal: AbortSignal) => {
  if (!backup.setting.on) {
    throw new Refused(['the job backup is off, and no update goes without one: switch it on in config/jobs.ts'])
  }
  await backup.plan(signal)
}

/**
 * Whether a commit can be brought at all.
 * @throws Refused naming what it lacks or what is in its way
 */
export const looksGood = async (stand: Stand, head: string, commit: string, signal: AbortSignal): Promise<void> => {
  const { checkout, folder, settings } = stand
  const faults: string[] = []
  const short = await checkout.short(commit, signal)
  const inTheWay = (await checkout.added(head, commit, signal)).filter((file) => existsSync(join(folder, file)))
  if (inTheWay.length > 0)
    faults.push(
      `${short} brings files that are in ${folder} already, and in no commit: ${few(inTheWay)}. Move them away`,
    )
  const lock = await checkout.content(commit, 'package-lock.json', signal)
  if (lock === undefined) faults.push(`${short} has no package-lock.json: npm ci needs one, so commit it`)
  const text = await checkout.content(commit, 'package.json', signal)
  const { migrate } = settings.schema
  if (text === undefined) faults.push(`${short} has no package.json: commit it`)
  else if (migrate !== undefined && !readPackage(text).scripts.includes(migrate)) {
    faults.push(`package.json of ${short} has no script ${migrate}: add it, or name another in config/update.ts`)
  }
  if (faults.length > 0) throw new Refused(faults)
}
