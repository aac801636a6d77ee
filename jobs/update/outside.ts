import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { variableNames } from '../../config/env.ts'
import { wordsOf } from '../../exporters/failure.ts'

/** How programs of the API are run: its git, its npm, its migration. */
export interface Outside {
  readonly options: {
    readonly env: Readonly<Record<string, string>>
    readonly without: readonly string[]
  }
  /** The same, where it fails without what must not be told: logins in addresses. */
  hiding<T>(work: Promise<T>): Promise<T>
  /** Processes that a run which is no more has started and left: their numbers. Found on Linux only. */
  leftOver(): Promise<readonly number[]>
}

/** Marks what we start, and what that starts. */
const mark = 'TECHPLUS_UPDATE_OF'

/** Our own logins and keys are none of the business of a package's install script. */
export const ownVariables = variableNames.flatMap((name) => [name, `${name}_FILE`])

/** @param folder the job's own, an absolute path: what another installation has started is not ours */
export const outsideOf = (folder: string): Outside => ({
  // Nobody is there to type a password.
  options: { env: { [mark]: folder, GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' }, without: ownVariables },
  hiding: (work) =>
    work.catch((cause: unknown) => {
      throw new Error(withoutLogins(wordsOf(cause)), { cause })
    }),
  leftOver: async () => {
    const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
    const marked = await Promise.all(pids.map(async (pid) => ((await isMarked(pid, folder)) ? [Number(pid)] : [])))
    return marked.flat()
  },
})

/** `https://user:token@host` without its user and token. */
export const withoutLogins = (words: string) => words.replaceAll(/(\w+:\/\/)[^\s/@'"]+@/g, '$1')

const isMarked = async (pid: string, folder: string) => {
  // Not readable where it is of another user, and not there where it has just ended.
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
  return environment.split('\0').includes(`${mark}=${folder}`)
}

interface Patience {
  readonly signal: AbortSignal
  readonly minutes: number
  /** Called as long as it waits. */
  readonly waits: (words: string) => void
}

/**
 * Waits until a question has the answer "nobody".
 * @throws Error naming who is still there when the time is up
 */
export const untilNobody = async (who: () => Promise<readonly string[]>, { signal, minutes, waits }: Patience) => {
  const until = performance.now() + minutes * 60_000
  for (let told = ''; ; ) {
    const found = (await who()).join(', ')
    if (found === '') return
    if (performance.now() > until) {
      throw new Error(`${found} of a run that was killed goes on after ${minutes} minutes: wait for its end, or end it`)
    }
    if (found !== told) waits(`waiting for what a run that was killed has left: ${found}`)
    told = found
    await delay(pause, undefined, { signal })
  }
}

/** Milliseconds between two looks. */
const pause = 500
