import { createWriteStream } from 'node:fs'
import { unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { z } from 'zod'
import { isCode, wordsOf } from '../../exporters/failure.ts'
import { ownMode } from '../../exporters/replace-file.ts'
import { startProgram } from '../program.ts'
import type { Outside } from './outside.ts'

const shape = z.object({
  version: z.string().optional(),
  scripts: z.record(z.string(), z.string()).optional(),
})

/** What is of use here of a package.json. */
export interface Package {
  readonly version: string | undefined
  /** Names of its scripts. */
  readonly scripts: readonly string[]
}

/** @throws Error where it is none */
export const readPackage = (text: string): Package => {
  const { version, scripts = {} } = shape.parse(JSON.parse(text))
  return { version, scripts: Object.keys(scripts) }
}

interface Options {
  readonly npm: string
  /** Of the application. */
  readonly folder: string
  /** Where what npm says is kept, a file for each thing it does. It may tell of guests, and so it stands nowhere else. */
  readonly logs: string
  readonly outside: Outside
}

interface Doing {
  /** Names the file in which what it says is kept. */
  readonly name: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly signal: AbortSignal
  readonly progress: () => void
}

export type Npm = (doing: Doing) => Promise<void>

/** Runs npm in the folder of an application. It throws Error naming the file with what npm said, where npm fails. */
export const npmOf =
  ({ npm, folder, logs, outside }: Options): Npm =>
  async ({ name, args, env = {}, signal, progress }) => {
    const file = join(logs, `${name}.log`)
    // One that was made by hand may have another mode.
    await unlink(file).catch((cause: unknown) => {
      if (!isCode(cause, 'ENOENT')) throw cause
    })
    const log = createWriteStream(file, { mode: ownMode, flags: 'wx' })
    const { options } = outside
    const { stdin, stdout, ended } = startProgram([npm, ...args], {
      cwd: folder,
      signal,
      without: options.without,
      // Nobody is told of a newer npm, and nobody asked for an audit.
      env: {
        ...options.env,
        npm_config_update_notifier: 'false',
        npm_config_audit: 'false',
        npm_config_fund: 'false',
        ...env,
      },
      onErrorLine: (line) => {
        progress()
        log.write(`${line}\n`)
      },
    })
    stdin.end()
    stdout.on('data', progress).pipe(log, { end: false })
    try {
      await ended
    } catch (cause) {
      signal.throwIfAborted()
      const how = /ended with \d+|was ended by \w+|could not be started/.exec(wordsOf(cause))?.[0] ?? 'failed'
      throw new Error(`npm ${args.join(' ')} ${how}: what it said is in ${file}`, { cause })
    } finally {
      log.end()
      await finished(log).catch(() => undefined)
    }
  }
