import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay, setInterval as each } from 'node:timers/promises'
import { type JobName, type JobSetting, jobNames, jobs } from '../../config/jobs.ts'
import { restartAttempts } from '../../exporters/jobs/restart.ts'
import { command } from '../../jobs/command.ts'
import { type Job, Refused, type Run, Undecided } from '../../jobs/job.ts'
import { output } from '../../jobs/program.ts'
import { runSchedule } from '../../jobs/scheduler.ts'
import { stopping } from '../../jobs/stopping.ts'

/** What a job of the test does, once all that it needs is there. */
const acts = {
  /** One in a moment. */
  works: async () => 'did it',
  measures: async (run: Run) => {
    run.measured(restartAttempts.sample(2))
    return 'did it'
  },
  /** Until it is told to end, and puts away what it made then. */
  waits: async ({ signal }: Run) => {
    try {
      await delay(3_600_000, undefined, { signal })
    } finally {
      note('put away')
    }
    return 'waited long'
  },
  /** And does not listen. */
  hangs: async () => {
    await delay(3_600_000)
    return 'hung long'
  },
  /** A program that does not listen either. */
  starts: async ({ signal }: Run) =>
    output(['sh', '-c', `echo $$ > ${join(folder, 'pid')}; trap "" TERM; while :; do sleep 1; done`], { signal }),
  fails: async (run: Run) => {
    run.failure('the first thing went wrong')
    throw new Error('so did the second')
  },
  asks: async () => {
    throw new Undecided('too many rows: raise the ceiling')
  },
  rejects: async (run: Run) => {
    void Promise.reject(new Error('nobody waits for this'))
    return acts.waits(run)
  },
  throws: async (run: Run) => {
    setTimeout(() => {
      throw new Error('nobody catches this')
    })
    return acts.waits(run)
  },
  exits: async () => process.exit(3),
  /** The disk, to the last byte. */
  fills: async () => {
    for (let size = 65_536; size > 0; size = Math.floor(size / 2)) {
      try {
        while (true) appendFileSync(join(folder, 'filled'), Buffer.alloc(size))
      } catch {
        // Less may find room.
      }
    }
    return 'filled it'
  },
}

export interface Task {
  readonly folder: string
  readonly acts: Readonly<Partial<Record<JobName, keyof typeof acts | 'refuses'>>>
  readonly setting?: Partial<JobSetting>
  readonly graceMs?: number
  /** Milliseconds between two times of the schedule. */
  readonly every?: number
  readonly beatEvery?: number
}

const task: Task = JSON.parse(process.env.TASK ?? '{}')
const { folder } = task
const note = (words: string) => appendFileSync(join(folder, 'notes'), `${words}\n`)

const jobOf = (name: JobName): Job => ({
  name,
  setting: jobs[name],
  plan: async () => {
    const act = task.acts[name] ?? 'works'
    if (act === 'refuses') throw new Refused(['no key: set KEY', 'no disk: buy one'])
    return {
      steps: [act],
      run: async (run) => {
        writeFileSync(join(folder, `${name}-${process.pid}`), act)
        return acts[act](run)
      },
    }
  },
})
const settingOf = (name: JobName): JobSetting => ({
  ...jobs[name],
  ...(name in task.acts && { on: true }),
  ...task.setting,
})
const known: Record<JobName, JobSetting> = { ...jobs }
for (const name of jobNames) known[name] = settingOf(name)

if (process.argv[2] === 'schedule') {
  const tell = (words: string) => console.log(words)
  const clocks = () => ({
    each: (run: () => void) => {
      const controller = new AbortController()
      const ticking = async () => {
        for await (const _ of each(task.every ?? 500, undefined, { signal: controller.signal })) run()
      }
      ticking().catch(() => undefined)
      return { stop: () => controller.abort() }
    },
  })
  const planned = jobNames.filter((name) => name in task.acts).map((name) => ({ name, setting: known[name] }))
  const options = { folder, settings: known, signal: stopping(), tell, clocks, beatEvery: task.beatEvery ?? 200 }
  runSchedule(planned, options).then(
    () => process.exit(0),
    (cause: unknown) => {
      console.error(String(cause))
      process.exit(1)
    },
  )
} else {
  command(() => ({
    jobs: new Map(jobNames.map((name) => [name, jobOf(name)])),
    settings: known,
    folder,
    ...(task.graceMs !== undefined && { graceMs: task.graceMs }),
  }))
}
