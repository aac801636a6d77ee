import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

interface Living {
  readonly pid: number
  /** Missing where it was gone before its birth could be read. */
  readonly born?: string
}

interface PidFile extends Living {
  readonly name: string
  readonly signal: NodeJS.Signals
  readonly parent: Living
}

const grace = 10_000

const readText = (path: string) => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/**
 * When a living process began. A pid comes round again, a pid with its birth does not; the command line would prove
 * less, for the way through setpriv and unshare changes it.
 */
const birth = (pid: number): string | undefined => {
  if (!existsSync('/proc/self/stat')) {
    return spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).stdout?.trim() || undefined
  }
  const [state, ...fields] =
    readText(`/proc/${pid}/stat`)
      ?.replace(/^.*\) /s, '')
      .split(' ') ?? []
  const ticks = fields[18]
  if (state === undefined || state === 'Z' || ticks === undefined) return undefined
  return `${readText('/proc/sys/kernel/random/boot_id')?.trim()} ${ticks}`
}

const lives = ({ pid, born }: Living) => born !== undefined && birth(pid) === born

export const writePidFile = (path: string, child: { name: string; pid: number; signal: NodeJS.Signals }) => {
  const parent = { pid: process.pid, born: birth(process.pid) }
  writeFileSync(path, `${JSON.stringify({ ...child, born: birth(child.pid), parent })}\n`)
}

export const removePidFile = (path: string) => rmSync(path, { force: true })

const readPidFile = (path: string): PidFile | undefined => {
  try {
    const file: Partial<PidFile> = JSON.parse(readFileSync(path, 'utf8'))
    const { pid, name, signal, parent, born } = file
    if (pid === undefined || name === undefined || signal === undefined || parent === undefined) return undefined
    return { pid, name, signal, parent, ...(born !== undefined && { born }) }
  } catch {
    return undefined
  }
}

const signalTo = (pid: number, signal: NodeJS.Signals) => {
  try {
    process.kill(pid, signal)
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ESRCH')) {
      throw new Error(`could not end process ${pid}`, { cause })
    }
  }
}

const end = async (left: PidFile) => {
  for (const signal of [left.signal, 'SIGKILL'] as const) {
    signalTo(left.pid, signal)
    const deadline = Date.now() + grace
    while (lives(left) && Date.now() < deadline) await delay(25)
    if (!lives(left)) return
  }
  throw new Error(
    `could not end ${left.name} (pid ${left.pid}), which a killed start left behind: it lives ${grace / 1000} s after ` +
      'SIGKILL. Its disk may hang; end it by hand, or restart the machine',
  )
}

/** Ends the process of one pid file if whoever started it is dead; refuses if not. */
export const endLeftover = async (path: string, say: (line: string) => void = () => undefined) => {
  const left = readPidFile(path)
  if (left && lives(left)) {
    if (lives(left.parent)) {
      throw new Error(`${left.name} (pid ${left.pid}) is run by process ${left.parent.pid} already: stop that first`)
    }
    say(`Ending ${left.name} (pid ${left.pid}), which a killed start left behind`)
    await end(left)
  }
  removePidFile(path)
}

/** The same for every pid file of a folder. Before the ports are checked, or what was left would hold them. */
export const endLeftovers = async (folder: string, say?: (line: string) => void) => {
  if (!existsSync(folder)) return
  const files = readdirSync(folder).filter((file) => file.endsWith('.pid'))
  await Promise.all(files.map((file) => endLeftover(join(folder, file), say)))
}
