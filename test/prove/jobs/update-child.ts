import { backupSettings } from '../../../config/backup.ts'
import { readEnv } from '../../../config/env.ts'
import { jobs } from '../../../config/jobs.ts'
import type { Job } from '../../../jobs/job.ts'
import { driverOf } from '../../../jobs/restart/driver.ts'
import { runJob } from '../../../jobs/runner.ts'
import { updateJob } from '../../../jobs/update/index.ts'
import type { Task } from './update-stand.ts'

/** One run of the update, with the backup that it makes. */
const { env: given, settings, process: name, home, saved }: Task = JSON.parse(process.argv[2] ?? '{}')
const env = readEnv(given)
const { backupJob } = saved === 'by the job' ? await import('../../../jobs/backup/index.ts') : { backupJob: undefined }
const backup: Job = backupJob?.(env, { settings: { ...backupSettings, parts: ['database'] } }) ?? {
  name: 'backup',
  setting: jobs.backup,
  plan: async () => ({ steps: [], run: async () => 'what is proven here needs no backup' }),
}
const job = updateJob(env, {
  backup: { ...backup, setting: { ...backup.setting, on: true } },
  driver: driverOf({ by: 'pm2', process: name, home }),
  settings,
})
const tell = (words: string) => console.log(words)
const { outcome } = await runJob(job, { folder: env.JOBS_DIR, signal: new AbortController().signal, tell })
process.exit(outcome === 'succeeded' ? 0 : 1)
