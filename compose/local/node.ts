import { fileURLToPath } from 'node:url'
import { startProcess } from './process.ts'

interface NodeOptions {
  readonly name: string
  /** A program of this checkout, such as `exporters/main.ts`. It answers at /health once it serves. */
  readonly entry: string
  /** Programs of this checkout that are loaded before it. */
  readonly imports?: readonly string[]
  readonly home: string
  readonly port: number
  readonly env: NodeJS.ProcessEnv
  readonly signal?: AbortSignal
}

/** Runs one of our own programs as a process of its own. */
export const startNode = ({ entry, imports = [], port, ...options }: NodeOptions) =>
  startProcess({
    ...options,
    command: process.execPath,
    args: ['tsx', ...imports].flatMap((one) => ['--import', one]).concat(entry),
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    ready: async () => (await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(1000) })).ok,
  })
