import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Where `npm start` keeps a pid file for every server it runs. */
const runFolder = fileURLToPath(new URL('../.local/run', import.meta.url))

interface Living {
  readonly pid: number
  /** Its boot, where there is a /proc, and the time of its start. */
  readonly born?: string
}

interface PidFile extends Living {
  readonly parent?: Living
}

/** The server's process and its children (PostgreSQL answers with those); undefined where `npm start` runs none. */
export const processesOf = (server: string, folder = runFolder): readonly number[] | undefined => {
  const file = readPidFile(`${folder}/${server}.pid`)
  // What a killed start left may have a pid that came round to a stranger, who is not ours to pause.
  if (!file?.parent || !lives(file) || !lives(file.parent)) return undefined
  const { pid } = file
  return [pid, ...childrenOf(pid)]
}

const hasProc = existsSync('/proc/self/stat')

const childrenOf = (pid: number): readonly number[] => {
  if (hasProc) {
    const all = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))
    return all.map(Number).filter((one) => statOf(one)[1] === String(pid))
  }
  const { stdout, error } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
  if (error) throw new Error('could not list processes: install ps', { cause: error })
  const pairs = stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number))
  return pairs.flatMap(([child, parent]) => (parent === pid && child !== undefined ? [child] : []))
}

/** What /proc tells of a process behind its name: state, parent, ..., and as the twentieth the time of its start. */
const statOf = (pid: number): readonly string[] =>
  readText(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /s, '')
    .split(' ') ?? []

const readText = (path: string) => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

const readPidFile = (path: string): PidFile | undefined => {
  try {
    const file: PidFile = JSON.parse(readFileSync(path, 'utf8'))
    return file
  } catch {
    return undefined
  }
}

/** As `npm start` writes it, but for the boot before it. */
const startOf = (pid: number) => {
  if (!hasProc) {
    return spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).stdout?.trim() || undefined
  }
  const stat = statOf(pid)
  return stat[0] === 'Z' ? undefined : stat[19]
}

const lives = ({ pid, born }: Living) => {
  const start = startOf(pid)
  return start !== undefined && ` ${born}`.endsWith(` ${start}`)
}

/** The parent first, so that it can't start or miss a child meanwhile. */
export const pause = (pids: readonly number[]) => {
  for (const pid of pids) signal(pid, 'SIGSTOP')
}

export const resume = (pids: readonly number[]) => {
  for (const pid of pids.toReversed()) signal(pid, 'SIGCONT')
}

const signal = (pid: number, name: NodeJS.Signals) => {
  try {
    process.kill(pid, name)
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ESRCH') return
    throw new Error(`could not send a signal to process ${pid}: run this as the user that ran npm start`, { cause })
  }
}
