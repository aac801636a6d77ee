import { cleanupSetting } from '../../../../config/cleanup.ts'
import { readEnv } from '../../../../config/env.ts'
import { cleanupJob } from '../../../../jobs/cleanup/index.ts'
import { command } from '../../../../jobs/command.ts'
import { settingsOf } from './settings.ts'

/** Keys that go in a second: what has gathered takes its time, and something can happen meanwhile. */
const removedPerSecond = 100

const { cache, ceilings } = cleanupSetting
if (!cache) throw new Error('config/cleanup.ts cleans no cache')

/** `npm run job` as it is, with the cleanup of Redis alone, which is due every minute. */
command(() => {
  const env = readEnv()
  const job = cleanupJob(env, { what: { cache: { ...cache, removedPerSecond }, ceilings } })
  const settings = settingsOf({ settings: { cleanup: { schedule: '* * * * *' } } })
  return { jobs: new Map([['cleanup', job]]), settings, folder: env.JOBS_DIR }
})
