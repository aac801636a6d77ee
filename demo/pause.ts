import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Where `npm start` keeps a pid file for every server it runs. */
const runFolder = fileURLToPath(new URL('../.local/run', import.meta.url))

/** The server's process and its children (PostgreSQL answers with those); undefined where `npm start` runs none. */
export const processesOf = (server: string, folder = runFolder): readonly number[] | undefined => {
  const pid = pidIn(`${folder}/${server}.pid`)
  if (pid === undefined || !signal(pid, 0)) return undefined
  const { stdout, error } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
  if (error) throw new Error('could not list processes: install ps (package procps)', { cause: error })
  const pairs = stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number))
  return [pid, ...pairs.flatMap(([child, parent]) => (parent === pid && child !== undefined ? [child] : []))]
}

const pidIn = (path: string) => {
  try {
    const file: unknown = JSON.parse(readFileSync(path, 'utf8'))
    return typeof file === 'object' && file !== null && 'pid' in file ? Number(file.pid) : undefined
  } catch {
    return undefined
  }
}

/** The parent first, so that it can't start or miss a child meanwhile. */
export const pause = (pids: readonly number[]) => {
  for (const pid of pids) signal(pid, 'SIGSTOP')
}

export const resume = (pids: readonly number[]) => {
  for (const pid of pids.toReversed()) signal(pid, 'SIGCONT')
}

/** False where the process is gone. */
const signal = (pid: number, name: NodeJS.Signals | 0) => {
  try {
    return process.kill(pid, name)
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ESRCH') return false
    throw new Error(`could not send a signal to process ${pid}: run this as the user that ran npm start`, { cause })
  }
}
