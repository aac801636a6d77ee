import type { CleanupSetting } from '../../../config/cleanup.ts'
import { readEnv } from '../../../config/env.ts'
import type { RestartSetting } from '../../../config/restart.ts'
import { cleanupJob } from '../../../jobs/cleanup/index.ts'
import { restartJob } from '../../../jobs/restart/index.ts'
import { runJob } from '../../../jobs/runner.ts'

/** One run of a job, in a process that can be killed. */
export interface CleanupTask {
  readonly env: Readonly<Record<string, string>>
  readonly what?: CleanupSetting
  readonly how?: RestartSetting
}

const { env: given, what, how }: CleanupTask = JSON.parse(process.env.TASK ?? '{}')
const env = readEnv(given)
const job = how ? restartJob(env, { how }) : cleanupJob(env, { ...(what && { what }) })
const tell = (words: string) => console.log(words)
const { outcome } = await runJob(job, { folder: env.JOBS_DIR, signal: new AbortController().signal, tell })
process.exit(outcome === 'succeeded' ? 0 : 1)
