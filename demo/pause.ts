import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
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
  const { stdout, error } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
  if (error) throw new Error('could not list processes: install ps (package procps)', { cause: error })
  const pairs = stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number))
  return [pid, ...pairs.flatMap(([child, parent]) => (parent === pid && child !== undefined ? [child] : []))]
}

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
  if (!existsSync('/proc/self/stat')) {
    return spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).stdout?.trim() || undefined
  }
  const [state, ...fields] =
    readText(`/proc/${pid}/stat`)
      ?.replace(/^.*\) /s, '')
      .split(' ') ?? []
  return state === 'Z' ? undefined : fields[18]
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
