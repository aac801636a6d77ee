import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

const patience = 300_000

const take = (path: string) => {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' })
    return true
  } catch {
    return false
  }
}

const ownerIsDead = (path: string) => {
  try {
    const pid = Number(readFileSync(path, 'utf8'))
    // Empty for the instant between its making and its writing.
    return pid > 0 && !process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH'
  }
}

/**
 * One at a time among processes. The lock of a dead owner is taken over, and patience ends: it saves work (one
 * download instead of one per test file), and nothing may depend on it.
 */
export const withLock = async <T>(path: string, work: () => Promise<T>): Promise<T> => {
  const deadline = Date.now() + patience
  while (!take(path) && Date.now() < deadline) {
    if (ownerIsDead(path)) rmSync(path, { force: true })
    else await delay(50)
  }
  try {
    return await work()
  } finally {
    rmSync(path, { force: true })
  }
}
