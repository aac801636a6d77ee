import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Readable, Writable } from 'node:stream'

interface Options {
  /** Ends it, and what it started, when it aborts: SIGTERM first, SIGKILL where that does not help. */
  readonly signal: AbortSignal
  readonly cwd?: string
  /** Added to ours. Secrets go this way, never as arguments, which every user of the machine may read. */
  readonly env?: Readonly<Record<string, string>>
  /** Taken from ours: secrets that are none of its business. */
  readonly without?: readonly string[]
  /** Called for whatever it prints on its standard error. */
  readonly onErrorLine?: (line: string) => void
}

/** A program that runs. */
export interface Program {
  readonly stdin: Writable
  readonly stdout: Readable
  /** @throws Error with the end of what it said on its standard error, where it did not end with 0 */
  readonly ended: Promise<void>
}

/** Milliseconds between the request to end and the end. */
const patience = 10_000
/** Characters of what it says that are kept for the error. */
const tail = 2_000

const isProgram = (path: string) => {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** Where a program is: in this folder, or on PATH where none is given. Undefined where it is not. */
export const findProgram = (name: string, folder?: string): string | undefined =>
  (folder === undefined ? (process.env.PATH ?? '').split(delimiter).filter(Boolean) : [folder])
    .map((one) => join(one, name))
    .find(isProgram)

/** Starts a program, without a shell. */
export const startProgram = ([command = '', ...args]: readonly string[], options: Options): Program => {
  const { signal, cwd, env = {}, without = [], onErrorLine } = options
  signal.throwIfAborted()
  const stdio: StdioOptions = ['pipe', 'pipe', 'pipe']
  // A group of its own, so that what it started ends with it.
  const child = spawn(command, args, { cwd, env: { ...lessOf(process.env, without), ...env }, stdio, detached: true })
  const { stdin, stdout, stderr } = child
  if (!stdin || !stdout || !stderr) throw new Error(`could not start ${command}`)
  let said = ''
  const line = byLine(onErrorLine)
  stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-tail)
    line(text)
  })
  stderr.once('end', () => line('\n'))
  // Whoever leaves is told of by its exit code.
  stdin.on('error', () => undefined)
  const ended = new Promise<void>((resolve, reject) => {
    const fail = (words: string) => reject(new Error(`${command} ${words}${said.trim() && `: ${said.trim()}`}`))
    child.once('error', ({ message }) => fail(`could not be started (${message})`))
    child.once('close', (code, by) => {
      if (code === 0) resolve()
      else if (signal.aborted) reject(signal.reason)
      else fail(by ? `was ended by ${by}` : `ended with ${code}`)
    })
  })
  // Whoever does not wait for it yet is not to bring the process down.
  ended.catch(() => undefined)
  endWith(child, signal)
  return { stdin, stdout, ended }
}

/** What a program says of one thing may come in several pieces. */
const byLine = (tell: (line: string) => void = () => undefined) => {
  let begun = ''
  return (text: string) => {
    const lines = (begun + text).split('\n')
    begun = (lines.pop() ?? '').slice(-tail)
    for (const line of lines.filter(Boolean)) tell(line)
  }
}

const lessOf = (environment: NodeJS.ProcessEnv, without: readonly string[]) =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => !without.includes(name)))

/** Those that run: none is to outlive us, where we can help it. */
const running = new Set<ChildProcess>()

const kill = ({ pid }: ChildProcess, by: NodeJS.Signals) => {
  if (pid === undefined) return
  try {
    process.kill(-pid, by)
  } catch {
    // It is gone already.
  }
}

const endWith = (child: ChildProcess, signal: AbortSignal) => {
  let impatience: NodeJS.Timeout | undefined
  const end = () => {
    kill(child, 'SIGTERM')
    impatience = setTimeout(() => kill(child, 'SIGKILL'), patience).unref()
  }
  if (running.size === 0) process.on('exit', endAll)
  running.add(child)
  signal.addEventListener('abort', end, { once: true })
  child.once('close', () => {
    clearTimeout(impatience)
    signal.removeEventListener('abort', end)
    running.delete(child)
    if (running.size === 0) process.off('exit', endAll)
    // What it started may not have listened.
    if (signal.aborted) kill(child, 'SIGKILL')
  })
}

const endAll = () => {
  for (const child of running) kill(child, 'SIGKILL')
}

/**
 * Runs a program to its end.
 * @returns what it printed on its standard output
 * @throws Error with the end of what it said on its standard error, where it did not end with 0
 */
export const output = async (command: readonly string[], options: Options): Promise<string> => {
  const { stdin, stdout, ended } = startProgram(command, options)
  stdin.end()
  const chunks: Buffer[] = []
  for await (const chunk of stdout) chunks.push(chunk)
  await ended
  return Buffer.concat(chunks).toString()
}
