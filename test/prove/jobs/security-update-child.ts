import { runJob } from '../../../jobs/runner.ts'
import { jobOf, type SecurityUpdateTask } from './security-update-stand.ts'

/** One run of the security update, in a process that can be killed. */
const task: SecurityUpdateTask = JSON.parse(process.env.TASK ?? '{}')
const tell = (words: string) => console.log(words)
const { signal } = new AbortController()
const { outcome } = await runJob(jobOf(task), { folder: task.env.JOBS_DIR ?? '', signal, tell })
process.exit(outcome === 'succeeded' ? 0 : 1)
