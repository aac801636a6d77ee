import { closeSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'

interface Rotation {
  readonly path: string
  /** How many files there are at most, the current one among them. */
  readonly keep: number
  /** Asked once nobody else rotates: another process may have done it meanwhile. */
  readonly isFull: (size: number) => boolean
}

/** Milliseconds after which a lock is one of a process that is gone. Rotating takes less than one. */
const lockedFor = 5_000

const sizeOf = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0

/**
 * Makes room for a new file: `combined.log` becomes `combined1.log`, that `combined2.log` and so on, the lowest number
 * the newest; the oldest goes. A number that is free, or has an empty file (logrotate leaves one), ends the moving.
 * @returns whether there is room at the path now. There is none yet where another process is at it.
 */
export const rotate = ({ path, keep, isFull }: Rotation): boolean => {
  const lock = join(dirname(path), `.${basename(path)}.lock`)
  if (!locked(lock)) return false
  try {
    if (!isFull(sizeOf(path))) return true
    const numbered = (number: number) =>
      number === 0 ? path : join(dirname(path), `${basename(path, extname(path))}${number}${extname(path)}`)
    const last = Math.max(0, keep - 1)
    let to = 1
    while (to < last && sizeOf(numbered(to)) > 0) to += 1
    if (last === 0) rmSync(path, { force: true })
    else for (let number = to; number > 0; number -= 1) renameSync(numbered(number - 1), numbered(number))
    return true
  } finally {
    rmSync(lock, { force: true })
  }
}

const locked = (lock: string) => {
  try {
    closeSync(openSync(lock, 'wx'))
    return true
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) throw cause
    const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs
    // Gone since then: whoever had it is done, and there may be room.
    if (since === undefined || Date.now() - since < lockedFor) return false
    rmSync(lock, { force: true })
    return locked(lock)
  }
}
