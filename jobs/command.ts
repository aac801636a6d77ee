import { parseArgs } from 'node:util'
import { type JobName, type JobSettings, jobNames } from '../config/jobs.ts'
import { wordsOf } from '../exporters/failure.ts'
import { settingFaults } from '../exporters/jobs/setting-faults.ts'
import { type Job, Refused } from './job.ts'
import { AlreadyRuns, dryRun, runJob } from './runner.ts'
import { runSchedule } from './scheduler.ts'
import { stopping } from './stopping.ts'

const usage = `npm run job -- NAME [--dry-run]     runs one job now: ${jobNames.join(', ')}
npm run job -- cleanup --allow reservations=N   lets it go further than config/cleanup.ts allows, in this run alone
npm run job -- schedule             runs every job that config/jobs.ts switches on, when its time has come
npm run job -- list                 says which are on, and when they run`

/** Exit codes: what a job that did not succeed ends with, and as `sysexits.h` has them: used wrongly, not now. */
const codes = { failed: 1, usage: 64, later: 75 } as const

const tell = (words: string) => console.log(words)

const wrongly = (words: string) => {
  console.error(`${words}\n${usage}`)
  return codes.usage
}

const off = ({ name, setting: { impossible } }: Job) =>
  impossible !== undefined
    ? `${name} is off here: ${impossible}`
    : `${name} is off: it changes something, and runs only where config/jobs.ts says \`on: true\`. What it would do: npm run job -- ${name} --dry-run`

const list = (jobs: Iterable<Job>) => {
  for (const { name, setting } of jobs) {
    const when = setting.schedule ?? 'when asked'
    const why = setting.impossible === undefined ? '' : ` (not here: ${setting.impossible})`
    tell(`${name.padEnd(21)} ${(setting.on ? 'on' : 'off').padEnd(4)} ${when.padEnd(15)} ${setting.words}${why}`)
  }
  return 0
}

/** For this run and no other: what the schedule starts is allowed nothing. */
const allowed = ({ setting, ...job }: Job, words: readonly string[]): Job | undefined => {
  const one = job.allowing?.(words)
  return one && { ...one, setting }
}

/** What the program is about, with the environment read. */
export interface Opened {
  readonly jobs: ReadonlyMap<JobName, Job>
  /** As they hold here. */
  readonly settings: JobSettings
  /** Of all jobs. */
  readonly folder: string
  /** Milliseconds that a run has for its end. */
  readonly graceMs?: number
}

const given = () => {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        'dry-run': { type: 'boolean', default: false },
        allow: { type: 'string', multiple: true, default: [] },
      },
    })
  } catch (cause) {
    return wordsOf(cause)
  }
}

const run = async (open: () => Opened | Promise<Opened>): Promise<number> => {
  const words = given()
  if (typeof words === 'string') return wrongly(words)
  const { values, positionals } = words
  const [name, ...more] = positionals
  if (name === undefined || more.length > 0) return wrongly('Name one job.')
  const { allow } = values
  const { jobs, ...opened } = await open()
  const { settings } = opened
  const faults = settingFaults(settings)
  if (faults.length > 0) throw new Refused(faults)
  const all = [...jobs.values()].map((job): Job => ({ ...job, setting: settings[job.name] }))
  const ofOneJob = allow.length > 0 || values['dry-run']
  // Whoever asks what a schedule would do is not to have it run.
  if (ofOneJob && (name === 'list' || name === 'schedule'))
    return wrongly('--allow and --dry-run are for one run of one job.')
  if (name === 'list') return list(all)
  const signal = stopping()
  const options = { ...opened, signal, tell }
  if (name === 'schedule') {
    await runSchedule(all, options)
    return 0
  }
  const known = all.find((one) => one.name === name)
  if (!known) return wrongly(`There is no job ${name}.`)
  const job = allow.length > 0 ? allowed(known, allow) : known
  if (!job) return wrongly(`${name} asks for nothing that --allow could allow.`)
  if (values['dry-run']) {
    // What is missing for it would be named otherwise, as if it could be brought.
    if (job.setting.impossible !== undefined) throw new Refused([off(job)])
    await dryRun(job, options)
    return 0
  }
  if (!job.setting.on) return wrongly(off(job))
  const { outcome } = await runJob(job, options)
  return outcome === 'succeeded' ? 0 : codes.failed
}

/** `npm run job`: does what the arguments say, and ends the process. */
export const command = (open: () => Opened | Promise<Opened>): void => {
  run(open).then(
    (code) => process.exit(code),
    (cause: unknown) => {
      const faults = cause instanceof Refused ? cause.faults : [wordsOf(cause)]
      for (const fault of faults) console.error(`job: ${fault}`)
      process.exit(cause instanceof AlreadyRuns ? codes.later : codes.failed)
    },
  )
}
