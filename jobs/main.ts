import { readEnv } from '../config/env.ts'
import { settingsFor } from '../config/jobs.ts'
import { command } from './command.ts'
import { withDemo } from './demo.ts'
import { openJobs } from './index.ts'

command(async () => {
  const env = await withDemo(readEnv())
  return { jobs: openJobs(env), settings: settingsFor(env), folder: env.JOBS_DIR }
})
