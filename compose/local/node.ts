import { fileURLToPath } from 'node:url'
import { startProcess } from './process.ts'

interface NodeOptions {
  readonly name: string
  /** A program of this checkout, such as `exporters/main.ts`. */
  readonly entry: string
  readonly args?: readonly string[]
  /** Programs of this checkout that are loaded before it. */
  readonly imports?: readonly string[]
  readonly home: string
  /** Where it answers at /health once it serves; or what it says in its log then. */
  readonly ready: { readonly port: number } | RegExp
  readonly env: NodeJS.ProcessEnv
  /** Milliseconds for its end. */
  readonly grace?: number
  readonly signal?: AbortSignal
}

const answers = (port: number) => async () =>
  (await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(1000) })).ok

/** Runs one of our own programs as a process of its own. */
export const startNode = ({ entry, args = [], imports = [], ready, ...options }: NodeOptions) =>
  startProcess({
    ...options,
    // It compiles itself first. One that fails ends, and is not waited for.
    readyWithin: 120_000,
    command: process.execPath,
    args: ['tsx', ...imports].flatMap((one) => ['--import', one]).concat(entry, args),
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    ready: ready instanceof RegExp ? ready : answers(ready.port),
  })
