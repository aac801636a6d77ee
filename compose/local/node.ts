import { fileURLToPath } from 'node:url'
import { startProcess } from './process.ts'

interface NodeOptions {
  readonly name: string
  /** A program of this checkout, such as `exporters/main.ts`. It answers at /health once it serves. */
  readonly entry: string
  readonly home: string
  readonly port: number
  readonly env: NodeJS.ProcessEnv
  readonly signal?: AbortSignal
}

/** Runs one of our own programs as a process of its own. */
export const startNode = ({ entry, port, ...options }: NodeOptions) =>
  startProcess({
    ...options,
    command: process.execPath,
    args: ['--import', 'tsx', entry],
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    ready: async () => (await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(1000) })).ok,
  })
