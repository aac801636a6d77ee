import { createHash } from 'node:crypto'
import { copyFile, mkdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { wordsOf } from '../../exporters/failure.ts'
import { readIf } from '../../exporters/jobs/folder.ts'
import { replaceFile, syncFolder } from '../../exporters/replace-file.ts'
import { within } from '../../exporters/time-limit.ts'
import type { Run } from '../job.ts'
import { type Npm, npmOf } from '../update/npm.ts'
import { outsideOf, untilNobody } from '../update/outside.ts'

/** What an audit fix may change, besides what is installed. */
const files = ['package.json', 'package-lock.json'] as const

const stateShape = z.object({
  version: z.literal(1),
  folder: z.string(),
  /** `fixing`: from before the fix until the API is healthy with it, or all is back. */
  step: z.enum(['fixing', 'done']),
  /** Of the package-lock.json that the fix left. */
  lock: z.string().optional(),
})
type State = z.infer<typeof stateShape>

interface Options {
  /** Of the application. */
  readonly folder: string
  /** The job's own. */
  readonly own: string
  readonly npm: string
  /** As npm installs it. */
  readonly install: readonly string[]
  readonly minutes: number
  /** Restarts the API and waits until it is healthy. */
  readonly healthy: (run: Run) => Promise<void>
}

/** A state that a run left. */
const stateOf = (own: string) => join(own, 'state.json')
const readState = (own: string): Promise<State | undefined> =>
  readIf(stateOf(own), (text) => stateShape.parse(JSON.parse(text)))

/** @returns the digest of the package-lock.json that a fix left in this folder, which belongs to no commit */
export const fixedLock = async (own: string, folder: string): Promise<string | undefined> => {
  const state = await readState(own)
  return state?.step === 'done' && state.folder === folder ? state.lock : undefined
}

export const digestOf = async (file: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex')

/** Whether a run was killed while it fixed. */
export const isHalfFixed = async (own: string): Promise<boolean> => (await readState(own))?.step === 'fixing'

/** The packages of an application, which can be fixed and taken back. */
export const packagesOf = (options: Options) => {
  const { folder, own, install } = options
  const kept = join(own, 'before')
  const outside = outsideOf(own)
  const run = npmOf({ npm: options.npm, folder, logs: own, outside })
  const note = async (state: Omit<State, 'version' | 'folder'>) => {
    await replaceFile(stateOf(own), `${JSON.stringify({ version: 1, folder, ...state }, undefined, 2)}\n`)
    await syncFolder(stateOf(own))
  }
  const npm = (given: Run, name: string, args: readonly string[]): ReturnType<Npm> =>
    run({
      name,
      args,
      progress: given.progress,
      signal: within(options.minutes * 60_000, given.signal),
    })
  const back = async (given: Run) => {
    for (const file of files) await copyFile(join(kept, file), join(folder, file))
    await npm(given, 'install-back', [...install, '--prefer-offline'])
    await options.healthy(given)
    await rm(stateOf(own), { force: true })
  }
  return {
    /** Waits for what a killed run has left, and brings back what was before it. */
    settle: async (given: Run) => {
      const who = async () => (await outside.leftOver()).map((pid) => `process ${pid}`)
      await untilNobody(who, { signal: given.signal, minutes: options.minutes, waits: given.step })
      if (!(await isHalfFixed(own))) return
      given.step('a run was ended while it fixed packages: bringing back what was before')
      await back(given)
    },
    /**
     * Fixes what npm can by itself, restarts the API, and takes all of it back where it is not healthy then.
     * @throws Error where it was taken back, saying why
     */
    fix: async (given: Run) => {
      const fresh = `${kept}.new`
      await rm(fresh, { recursive: true, force: true })
      await mkdir(fresh, { recursive: true, mode: 0o700 })
      for (const file of files) await copyFile(join(folder, file), join(fresh, file))
      await rm(kept, { recursive: true, force: true })
      await rename(fresh, kept)
      await note({ step: 'fixing' })
      try {
        given.step('npm audit fix')
        // It ends with 1 as well where something is left that it cannot fix: what waits is counted afterwards.
        const left = await npm(given, 'audit-fix', [
          'audit',
          'fix',
          ...install.filter((word) => word.startsWith('--')),
        ]).then(
          () => undefined,
          (cause: unknown) => cause,
        )
        given.signal.throwIfAborted()
        if (left !== undefined && !wordsOf(left).includes('ended with 1')) throw left
        await options.healthy(given)
      } catch (cause) {
        given.signal.throwIfAborted()
        given.step(`taking it back: ${wordsOf(cause)}`)
        await back(given)
        throw new Error(`npm audit fix was taken back, and the API is healthy without it: ${wordsOf(cause)}`, { cause })
      }
      await note({ step: 'done', lock: await digestOf(join(folder, 'package-lock.json')) })
    },
  }
}
