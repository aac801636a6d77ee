import { runJob } from '../../../jobs/runner.ts'
import { jobOf, type Task } from './update-job.ts'

/** One run of the update. */
const task: Task = JSON.parse(process.argv[2] ?? '{}')
const tell = (words: string) => console.log(words)
const { outcome } = await runJob(jobOf(task), {
  folder: task.env.JOBS_DIR ?? '',
  signal: new AbortController().signal,
  tell,
})
process.exit(outcome === 'succeeded' ? 0 : 1)
