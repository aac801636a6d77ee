import { spawn } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

export interface Outcome {
  /** Null when the program could not be started or a signal ended it. */
  readonly code: number | null
  readonly output: string
}

interface RunOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  readonly uid?: number
  readonly gid?: number
}

/** Runs a program to its end. A failure is an outcome, not an exception: the caller knows what it means. */
export const run = ([command = '', ...args]: readonly string[], { env, ...options }: RunOptions = {}) =>
  new Promise<Outcome>((resolve) => {
    const child = spawn(command, args, {
      ...options,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.once('error', ({ message }) => resolve({ code: null, output: message }))
    child.once('close', (code) => resolve({ code, output: Buffer.concat(chunks).toString().trim() }))
  })

const isProgram = (path: string) => {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** The first of these programs in the first of these folders. */
export const findProgram = (names: readonly string[], folders: readonly string[]) =>
  names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram)

export const pathFolders = () => (process.env.PATH ?? '').split(delimiter).filter(Boolean)
