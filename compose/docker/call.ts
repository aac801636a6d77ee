import { spawn } from 'node:child_process'
import { root } from '../plan.ts'
import { composeFileWith, type Files } from './files.ts'

export interface Answer {
  /** Null when docker could not be started, or a signal ended it. */
  readonly code: number | null
  readonly output: string
  /** What it wrote to its error output, and why we ended it. */
  readonly complaint: string
}

interface CallOptions {
  /** Milliseconds in which it has to end, or, where that will do, to say its first word. */
  readonly within?: number
  readonly firstWordWillDo?: boolean
  /** Its output goes to the terminal, and is not returned. */
  readonly shown?: boolean
  readonly signal?: AbortSignal
}

/** Calls the docker program. A failure is an answer, not an exception: the caller knows what it means. */
export type Docker = (args: readonly string[], options?: CallOptions) => Promise<Answer>

/** What docker is told besides the environment that we have. */
interface Given {
  readonly env: Readonly<Record<string, string>>
  readonly files: Files
}

/** Calls docker with these variables and files besides. */
export const dockerWith =
  (given: Given): Docker =>
  (args, options) =>
    call(given, args, options)

export const docker: Docker = dockerWith({ env: {}, files: { over: [] } })

/** The value of COMPOSE_FILE that docker is called with. */
export const composeFileOf = (files: Files): string => composeFileWith(files, process.env)

/**
 * In the checkout, where compose finds its file, and out of reach of the terminal's Ctrl-C: containers are stopped in
 * order, by us, and not by whoever hears of it first.
 */
const call = (given: Given, args: readonly string[], options: CallOptions = {}) => {
  const { env, files } = given
  const { within, firstWordWillDo = false, shown = false, signal } = options
  return new Promise<Answer>((resolve) => {
    const stdout = shown ? 'inherit' : 'pipe'
    const child = spawn('docker', [...args], {
      cwd: root,
      detached: true,
      stdio: ['ignore', stdout, stdout],
      env: { ...process.env, COMPOSE_FILE: composeFileOf(files), ...env },
    })
    const [output, complaint]: [Buffer[], Buffer[]] = [[], []]
    const words: string[] = []
    const timer = setTimeout(() => {
      words.push(`no answer within ${(within ?? 0) / 1000} s`)
      child.kill('SIGTERM')
    }, within ?? longest)
    const listen = (stream: typeof child.stdout, kept: Buffer[]) =>
      stream?.on('data', (chunk: Buffer) => {
        if (firstWordWillDo) clearTimeout(timer)
        kept.push(chunk)
      })
    listen(child.stdout, output)
    listen(child.stderr, complaint)
    const interrupt = () => child.kill('SIGINT')
    signal?.addEventListener('abort', interrupt, { once: true })
    if (signal?.aborted) interrupt()
    const done = (code: number | null) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', interrupt)
      resolve({ code, output: text(output), complaint: [text(complaint), ...words].filter(Boolean).join('\n') })
    }
    child.once('error', ({ message }) => {
      words.push(message)
      done(null)
    })
    child.once('close', done)
  })
}

/** A timer can't be set for longer. */
const longest = 2 ** 31 - 1

const text = (chunks: readonly Buffer[]) => Buffer.concat(chunks).toString().trim()

/** What matters of a long complaint: how it ends. */
export const lastLine = (words: string): string => words.trim().split('\n').at(-1)?.trim() ?? ''
