import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import type { BackupSettings } from '../../../config/backup.ts'
import { readEnv } from '../../../config/env.ts'

/** One run of the job, in a process that can be killed. */
export interface BackupTask {
  readonly env: Readonly<Record<string, string>>
  readonly settings: BackupSettings
  /** Where it kills itself, with SIGKILL: right before it renames or removes something whose path holds this. */
  readonly kill?: { readonly at: 'rename' | 'rm'; readonly path: string }
}

const { env, settings, kill }: BackupTask = JSON.parse(process.env.TASK ?? '{}')

if (kill) {
  const { rename, rm } = fs.promises
  const dieAt = (at: NonNullable<typeof kill>['at'], path: unknown) => {
    if (at === kill.at && String(path).includes(kill.path)) process.kill(process.pid, 'SIGKILL')
  }
  fs.promises.rename = async (from, to) => {
    dieAt('rename', to)
    return rename(from, to)
  }
  fs.promises.rm = async (path, options) => {
    dieAt('rm', path)
    return rm(path, options)
  }
  syncBuiltinESMExports()
}

// Whoever imports the functions above gets these.
const { backupJob } = await import('../../../jobs/backup/index.ts')
const { runJob } = await import('../../../jobs/runner.ts')
const read = readEnv(env)
const tell = (words: string) => console.log(words)
const { outcome } = await runJob(backupJob(read, { settings }), {
  folder: read.JOBS_DIR,
  signal: new AbortController().signal,
  tell,
})
// KiB that it had in memory at most.
console.log(`maxrss ${process.resourceUsage().maxRSS}`)
process.exit(outcome === 'succeeded' ? 0 : 1)
