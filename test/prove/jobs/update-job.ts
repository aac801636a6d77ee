import { backupSettings } from '../../../config/backup.ts'
import { readEnv } from '../../../config/env.ts'
import { jobs } from '../../../config/jobs.ts'
import type { UpdateSettings } from '../../../config/update.ts'
import { backupJob } from '../../../jobs/backup/index.ts'
import type { Job } from '../../../jobs/job.ts'
import { driverOf } from '../../../jobs/restart/driver.ts'
import { updateJob } from '../../../jobs/update/index.ts'

/** What the program of a run is given. */
export interface Task {
  readonly env: Readonly<Record<string, string>>
  readonly settings: UpdateSettings
  readonly process: string
  readonly home: string
  /** Whether the backup before is made by the job, or is left out, as something else is proven. */
  readonly saved: 'by the job' | 'not at all'
}

/** The update of a stand. */
export const jobOf = ({ env: given, settings, process: name, home, saved }: Task): Job => {
  const env = readEnv(given)
  const backup = backupJob(env, { settings: { ...backupSettings, parts: ['database'] } })
  const plan: Job['plan'] = async () => ({ steps: [], run: async () => 'what is proven here needs no backup' })
  const setting = { ...jobs.backup, on: true }
  return updateJob(env, {
    backup: { ...backup, setting, ...(saved === 'not at all' && { plan }) },
    driver: driverOf({ by: 'pm2', process: name, home }),
    settings,
  })
}
