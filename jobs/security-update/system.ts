import { setTimeout as delay } from 'node:timers/promises'
import type { SecurityUpdateSettings } from '../../config/update.ts'
import { wordsOf } from '../../exporters/failure.ts'
import { within } from '../../exporters/time-limit.ts'
import { Refused, type Run } from '../job.ts'
import { findProgram, output, startProgram } from '../program.ts'
import { ownVariables } from '../update/outside.ts'
import { type PendingUpdate, pendingUpdates } from './pending.ts'
import { type Command, rootPrefix } from './root.ts'

/** How the system is brought up to date. */
export interface System {
  readonly steps: readonly string[]
  /**
   * @param installing called before anything is installed
   * @returns what waited before, and what waits still
   */
  apply(
    run: Run,
    installing: () => Promise<void>,
  ): Promise<{ readonly before: readonly PendingUpdate[]; readonly after: readonly PendingUpdate[] }>
}

/** Seconds that apt waits for somebody else's lock, such as that of an apt which a killed run has left. */
const lockSeconds = 600
/** Nobody is there to answer a question about a file that was changed: it stays as it is. */
const quiet = [
  '-o',
  `DPkg::Lock::Timeout=${lockSeconds}`,
  '-o',
  'Dpkg::Options::=--force-confdef',
  '-o',
  'Dpkg::Options::=--force-confold',
]

const need = (name: string, remedy: string): string => {
  const found = findProgram(name)
  if (found === undefined) throw new Refused([`there is no ${name} on PATH: ${remedy}`])
  return found
}

/** The commands that root runs, each as it stands in the line of sudoers. */
export const commandsOf = (
  how: 'security' | 'all',
  apt: string,
  dpkg: string,
): { readonly mend: Command; readonly lists: Command; readonly install: Command } => ({
  // Where a dpkg was killed, nothing can be installed before this.
  mend: [dpkg, '--configure', '-a'],
  lists: [apt, '-o', `DPkg::Lock::Timeout=${lockSeconds}`, 'update'],
  install:
    how === 'all'
      ? [apt, '-y', ...quiet, '--with-new-pkgs', '--no-remove', 'upgrade']
      : [
          need('unattended-upgrade', 'install unattended-upgrades, or set `system` in config/update.ts to all or none'),
          '-v',
        ],
})

/**
 * Looks whether the system could be brought up to date by this user.
 * @returns undefined where there is nothing to do: it is left alone, or is no Debian
 * @throws Refused with what is missing
 */
export const systemOf = async (settings: SecurityUpdateSettings, signal: AbortSignal): Promise<System | undefined> => {
  const apt = findProgram('apt-get')
  if (settings.system === 'none' || apt === undefined) return undefined
  const { mend, lists, install } = commandsOf(settings.system, apt, need('dpkg', 'is this Debian?'))
  const prefix = await rootPrefix({ commands: [mend, lists, install], signal })
  const { system } = await pendingUpdates({ signal, listsDays: Number.POSITIVE_INFINITY })
  const names = system.state === 'known' ? system.updates.map(({ words }) => words) : [system.why]
  const words = (command: Command) => [...prefix, ...command].join(' ')
  return {
    steps: [
      words(lists),
      `${words(install)}, by what is known now for: ${names.length > 0 ? names.join(', ') : 'nothing'}`,
    ],
    apply: (run, installing) =>
      applied({ mend, lists, install, prefix, minutes: settings.minutes.system, installing }, run),
  }
}

interface Applying extends ReturnType<typeof commandsOf> {
  readonly prefix: readonly string[]
  readonly minutes: number
  readonly installing: () => Promise<void>
}

const applied = async ({ mend, lists, install, prefix, minutes, installing }: Applying, run: Run) => {
  const signal = within(minutes * 60_000, run.signal)
  const as = async (command: Command) => {
    const env = { LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' }
    const { stdin, stdout, ended } = startProgram([...prefix, ...command], {
      signal,
      env,
      without: ownVariables,
      onErrorLine: run.progress,
    })
    stdin.end()
    stdout.on('data', run.progress)
    await ended
  }
  const halves = await output([mend[0], '--audit'], { signal })
  const told = (command: Command) => run.step([...prefix, ...command].join(' '))
  if (halves.trim() !== '') {
    told(mend)
    await unlocked(() => as(mend), run)
  }
  told(lists)
  await as(lists)
  const before = await waiting(run.signal)
  if (before.length > 0) {
    await installing()
    told(install)
    await as(install)
  }
  return { before, after: before.length > 0 ? await waiting(run.signal) : [] }
}

/** Milliseconds between two tries of a dpkg. */
const pause = 2_000

/** dpkg itself waits for nobody's lock: not for that of an apt either, which a killed run has left at work. */
const unlocked = async (work: () => Promise<void>, { signal, step }: Run) => {
  const until = performance.now() + lockSeconds * 1_000
  for (let told = false; ; told = true) {
    try {
      return await work()
    } catch (cause) {
      // `dpkg frontend lock was locked by another process with pid 8855`; it was shorter in older ones.
      if (!/locked by another process/.test(wordsOf(cause)) || performance.now() > until) throw cause
      if (!told) step('waiting for another process that installs packages')
      await delay(pause, undefined, { signal })
    }
  }
}

const waiting = async (signal: AbortSignal) => {
  const { system } = await pendingUpdates({ signal })
  if (system.state === 'known') return system.updates
  throw new Error(`nobody knows what waits for the system: ${system.why}`)
}
