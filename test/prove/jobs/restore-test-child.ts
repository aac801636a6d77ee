import { readEnv } from '../../../config/env.ts'
import { restoreTestJob } from '../../../jobs/restore-test/index.ts'
import { runJob } from '../../../jobs/runner.ts'

/** One run of the job, in a process that can be killed. Its environment is in `TASK`. */
const env = readEnv(JSON.parse(process.env.TASK ?? '{}'))
const { signal } = new AbortController()
const record = await runJob(restoreTestJob(env), { folder: env.JOBS_DIR, signal, tell: (words) => console.log(words) })
process.exit(record.outcome === 'succeeded' ? 0 : 1)
