import { parseArgs } from 'node:util'
import { readEnv } from '../config/env.ts'
import { jobNames } from '../config/jobs.ts'
import { wordsOf } from '../exporters/failure.ts'
import { openJobs } from './index.ts'
import { type Job, Refused } from './job.ts'
import { AlreadyRuns, dryRun, runJob } from './runner.ts'
import { runSchedule } from './scheduler.ts'

const usage = `npm run job -- NAME [--dry-run]     runs one job now: ${jobNames.join(', ')}
npm run job -- schedule             runs every job that config/jobs.ts switches on, when its time has come
npm run job -- list                 says which are on, and when they run`

/** Exit codes: what a job that did not succeed ends with, and as `sysexits.h` has them: used wrongly, not now. */
const codes = { failed: 1, usage: 64, later: 75 } as const

const tell = (words: string) => console.log(words)

const stopping = () => {
  const controller = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => controller.abort(new Error(`stopped by ${signal}`)))
  }
  return controller.signal
}

const wrongly = (words: string) => {
  console.error(`${words}\n${usage}`)
  return codes.usage
}

const off = ({ name }: Job) =>
  `${name} is off: it changes something, and runs only where config/jobs.ts says \`on: true\`. What it would do: npm run job -- ${name} --dry-run`

const list = (jobs: Iterable<Job>) => {
  for (const { name, setting } of jobs) {
    const when = setting.schedule ?? 'when asked'
    tell(`${name.padEnd(21)} ${(setting.on ? 'on' : 'off').padEnd(4)} ${when.padEnd(12)} ${setting.words}`)
  }
  return 0
}

const main = async (): Promise<number> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { 'dry-run': { type: 'boolean', default: false } },
  })
  const [name, ...more] = positionals
  if (name === undefined || more.length > 0) return wrongly('Name one job.')
  const env = readEnv()
  const jobs = openJobs(env)
  const folder = env.JOBS_DIR
  if (name === 'list') return list(jobs.values())
  const signal = stopping()
  if (name === 'schedule') {
    await runSchedule(jobs.values(), { folder, signal, tell })
    return 0
  }
  const job = [...jobs.values()].find((one) => one.name === name)
  if (!job) return wrongly(`There is no job ${name}.`)
  if (values['dry-run']) {
    await dryRun(job, { tell, signal })
    return 0
  }
  if (!job.setting.on) return wrongly(off(job))
  const { outcome } = await runJob(job, { folder, signal, tell })
  return outcome === 'succeeded' ? 0 : codes.failed
}

main().then(
  (code) => process.exit(code),
  (cause: unknown) => {
    const faults = cause instanceof Refused ? cause.faults : [wordsOf(cause)]
    for (const fault of faults) console.error(`job: ${fault}`)
    process.exit(cause instanceof AlreadyRuns ? codes.later : codes.failed)
  },
)
