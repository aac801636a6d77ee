import { existsSync, readdirSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { wordsOf } from '../../exporters/failure.ts'
import { findProgram, output, startProgram } from '../program.ts'
import { knownOf } from '../security-audit/npm-audit.ts'
import { readMadison, readSimulation, type Upgrade } from './apt.ts'

/** A package for which something waits that mends a known vulnerability. */
export interface PendingUpdate {
  readonly name: string
  /** From what to what, or how bad it is: for the reader. */
  readonly words: string
}

/** What waits of one source. What nobody could find out is never taken for nothing. */
export type Pending =
  | { readonly state: 'known'; readonly updates: readonly PendingUpdate[] }
  /** It could not be found out: why, and what to do. */
  | { readonly state: 'unknown'; readonly why: string }
  /** There is no such thing here: no Debian, no folder of an application. */
  | { readonly state: 'absent'; readonly why: string }

/** Where updates come from, as labels name it. */
export type UpdateSource = 'system' | 'npm'

export interface PendingUpdates extends Readonly<Record<UpdateSource, Pending>> {
  /** Whether the system says that it waits for a reboot, as Debian and Ubuntu do in `/run/reboot-required`. */
  readonly rebootRequired: boolean
}

interface Options {
  /** The folder of the application, with its package-lock.json. Without one npm's updates are `absent`. */
  readonly folder?: string | undefined
  readonly signal: AbortSignal
  /** Days after which nobody trusts the lists of packages: since the last `apt-get update`. */
  readonly listsDays?: number
  /** Seconds that npm waits for the registry. */
  readonly seconds?: number
  /** The folder of apt's lists, and the file that says that a reboot is due: apt's own and the system's, but in tests. */
  readonly lists?: string
  readonly reboot?: string
  readonly now?: () => number
}

/**
 * Security updates that wait: of the system, by apt's own simulation, and of the application's packages, by `npm audit`,
 * where a fix within the ranges of its package.json is there. Changes nothing, and needs no rights.
 * @throws Error only where `signal` aborts
 */
export const pendingUpdates = async (options: Options): Promise<PendingUpdates> => {
  const { reboot = '/run/reboot-required' } = options
  const [system, npm] = await Promise.all([systemPending(options), npmPending(options)])
  options.signal.throwIfAborted()
  return { system, npm, rebootRequired: existsSync(reboot) }
}

const looked = async (look: () => Promise<Pending>): Promise<Pending> => {
  try {
    return await look()
  } catch (cause) {
    return { state: 'unknown', why: wordsOf(cause) }
  }
}

/** The same words everywhere, whatever the language of the system. */
const env = { LC_ALL: 'C' } as const

const systemPending = ({ signal, listsDays = 7, lists, now = Date.now }: Options) =>
  looked(async () => {
    const apt = findProgram('apt-get')
    if (!apt) return { state: 'absent', why: 'there is no apt-get here: only Debian, Ubuntu and theirs are looked at' }
    const days = (now() - refreshed(lists ?? (await listsOfApt(signal)))) / 86_400_000
    if (!(days <= listsDays)) {
      const age = Number.isFinite(days) ? `are ${Math.floor(days)} days old` : 'are not there'
      return { state: 'unknown', why: `the lists of packages ${age}: run apt-get update, once a day` }
    }
    // What the upgrade would keep back counts as well, such as a kernel, which comes as a new package.
    const simulated = await output([apt, '-s', '-o', 'Debug::NoLocking=true', 'dist-upgrade'], { signal, env })
    const upgrades = readSimulation(simulated)
    const hidden = await alsoSecurity(
      upgrades.filter(({ security }) => !security),
      signal,
    )
    const updates = upgrades
      .filter(({ name, security }) => security || hidden.has(name))
      .map(({ name, installed, candidate }) => ({ name, words: `${name} ${installed ?? 'anew'} -> ${candidate}` }))
    return { state: 'known', updates }
  })

/** Where its configuration has apt keep them, which need not be where Debian has them. */
const listsOfApt = async (signal: AbortSignal): Promise<string> => {
  const config = findProgram('apt-config')
  const said = config && (await output([config, 'shell', 'lists', 'Dir::State::lists/d'], { signal, env }))
  return /^lists='(?<folder>.+)'$/m.exec(said ?? '')?.groups?.folder ?? '/var/lib/apt/lists'
}

/**
 * When `apt-get update` was there last: it makes and moves files in both folders. -Infinity where there are no lists: an image
 * has the folders and nothing in them, and apt says there that nothing waits.
 */
const refreshed = (lists: string) => {
  if (!existsSync(lists) || !readdirSync(lists).some((name) => name.includes('_Packages'))) return -Infinity
  return Math.max(
    ...[lists, join(lists, 'partial')].map((path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? -Infinity),
  )
}

/**
 * Those whose newest version comes from elsewhere, and took over what a suite of security updates has already: newer than
 * what is installed, and older than what would be.
 */
const alsoSecurity = async (upgrades: readonly Upgrade[], signal: AbortSignal): Promise<ReadonlySet<string>> => {
  const cache = findProgram('apt-cache')
  const dpkg = findProgram('dpkg')
  if (!cache || !dpkg || upgrades.length === 0) return new Set()
  const installed = new Map(upgrades.map(({ name, installed }) => [name, installed]))
  const known = readMadison(await output([cache, 'madison', ...installed.keys()], { signal, env }))
  const found = new Set<string>()
  for (const { name, version, security } of known) {
    const own = installed.get(name)
    if (!security || own === undefined) continue
    const newer = startProgram([dpkg, '--compare-versions', own, 'lt', version], { signal })
    newer.stdin.end()
    newer.stdout.resume()
    await newer.ended.then(
      () => found.add(name),
      () => undefined,
    )
  }
  return found
}

const npmPending = ({ folder, signal, seconds = 120 }: Options) =>
  looked(async () => {
    if (folder === undefined) return { state: 'absent', why: 'no folder of an application is named: set API_DIR' }
    const npm = findProgram('npm')
    if (!npm) return { state: 'unknown', why: 'there is no npm on PATH: install it with Node' }
    const scratch = await mkdtemp(join(tmpdir(), 'audit-'))
    try {
      const vulnerable = await knownOf(folder, { program: npm, scratch: join(scratch, 'known'), seconds, signal })
      const updates = vulnerable
        .filter(({ fixable }) => fixable)
        .map(({ name, level }) => ({ name, words: `${name} (${level})` }))
      return { state: 'known', updates }
    } finally {
      await rm(scratch, { recursive: true, force: true })
    }
  })
