import { readEnv } from '../config/env.ts'
import { settingsFor } from '../config/jobs.ts'
import { command } from './command.ts'
import { openJobs } from './index.ts'

command(() => {
  const env = readEnv()
  return { jobs: openJobs(env), settings: settingsFor(env), folder: env.JOBS_DIR }
})
