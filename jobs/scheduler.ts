import { type ChildProcess, spawn } from 'node:child_process'
import { type JobName, type JobSettings, jobNames } from '../config/jobs.ts'
import { wordsOf } from '../exporters/failure.ts'
import { type FolderLock, lockFolder } from '../exporters/folder-lock.ts'
import { readIf, readKept, schedulerOf } from '../exporters/jobs/folder.ts'
import { type Schedule, scheduleOf } from '../exporters/jobs/schedule.ts'
import { readSchedulerNote, type SchedulerNote } from '../exporters/jobs/scheduler-note.ts'
import { goesOn } from '../exporters/jobs/told.ts'
import { replaceFile } from '../exporters/replace-file.ts'
import type { Tell } from '../exporters/secret.ts'
import type { Job } from './job.ts'
import { makeJobsFolder } from './keeping.ts'
import { settleJob } from './runner.ts'
import { folderScrape, writeTextfile } from './textfile.ts'

type Planned = Pick<Job, 'name' | 'setting'>

interface Options {
  readonly folder: string
  readonly settings?: JobSettings | undefined
  readonly signal: AbortSignal
  readonly tell: Tell
  readonly now?: () => number
  /** How a run is started: as a process of its own, which takes nobody with it. */
  readonly launch?: (name: JobName) => ChildProcess
  readonly clocks?: (expression: string) => Pick<Schedule, 'each'>
  /** Milliseconds between two signs of life. */
  readonly beatEvery?: number
}

/** This program again, with the name of the job. In a group of its own: what is typed at a terminal ends us, and we end it. */
const launchSelf = (name: JobName) =>
  spawn(process.execPath, [...process.execArgv, process.argv[1] ?? '', name], {
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  })

/**
 * Runs every job that is on and has a schedule, when its time has come, each in a process of its own. One that is still
 * under way when its time comes again goes on, and that time is left out; so is a time at which no scheduler was there.
 * @returns once it is stopped and what ran has ended
 * @throws FolderTaken where another scheduler uses the folder, also later
 * @throws Error where it cannot be written
 */
export const runSchedule = async (jobs: Iterable<Planned>, options: Options): Promise<void> => {
  const { folder, signal, tell, clocks = scheduleOf, beatEvery = 15_000 } = options
  const known = [...jobs]
  const planned = known.flatMap(({ name, setting: { on, schedule, firstAtOnce = false } }) =>
    on && schedule !== undefined ? [{ name, schedule, firstAtOnce }] : [],
  )
  await makeJobsFolder(folder)
  const lock = await lockFolder(folder, {
    socket: 'scheduler.sock',
    taken: ['another scheduler runs the jobs', 'stop it, or set JOBS_DIR to another folder'],
    variable: 'JOBS_DIR',
  })
  try {
    const pulse = await pulseOf(planned, options)
    await pulse()
    const starter = starterOf(options)
    for (const { name, setting } of known) {
      if (setting.impossible !== undefined) tell(`${name} is off here: ${setting.impossible}`)
    }
    for (const { name, schedule } of planned) tell(`${name}: ${schedule}`)
    const soon = planned.filter(({ firstAtOnce }) => firstAtOnce).map(({ name }) => name)
    const firsts = await neverRun(soon, folder)
    for (const name of firsts) tell(`${name}: for the first time, now`)
    tell(`the schedule of ${planned.length} jobs runs`)
    for (const name of firsts) starter.start(name)
    const running = planned.map(({ name, schedule }) => clocks(schedule).each(() => starter.start(name)))
    const lost = await untilEnd(lock, pulse, { signal, tell, beatEvery })
    for (const clock of running) clock.stop()
    await starter.end()
    if (lost) throw new Error(`the lock of the scheduler in ${folder} was taken away: another one may have begun`)
  } finally {
    await lock.release()
  }
}

const neverRun = async (names: readonly JobName[], folder: string) => {
  const found: JobName[] = []
  for (const name of names) {
    const { records, running, damaged } = await readKept(folder, name)
    if (records.length === 0 && running === undefined && damaged.length === 0) found.push(name)
  }
  return found
}

/** Starts runs, and waits for them. */
const starterOf = ({ folder, settings, tell, launch = launchSelf }: Options) => {
  const under = new Map<JobName, { readonly child: ChildProcess; readonly ended: Promise<void> }>()
  const run = async (child: ChildProcess, told: Tell) => {
    const end = await new Promise<string | undefined>((resolve) => {
      child.once('error', (cause) => resolve(`could not be started: ${cause.message}`))
      child.once('exit', (_code, by) => resolve(by === null ? undefined : `was ended by ${by}`))
    })
    if (end) told(end)
  }
  return {
    start: (name: JobName) => {
      const told = (words: string) => tell(`${name}: ${words}`)
      if (under.has(name)) return told('its time has come again while it runs, and is left out')
      const child = launch(name)
      const ended = run(child, told)
        // Where it left no record, there is one now.
        .then(() => settleJob(name, { folder, settings, tell: told }))
        .catch((cause: unknown) => told(`could not be looked after: ${wordsOf(cause)}`))
        .then(() => void under.delete(name))
      under.set(name, { child, ended })
    },
    /** They have their grace, and are ended then. */
    end: async () => {
      for (const { child } of under.values()) child.kill('SIGTERM')
      const impatience = setTimeout(() => {
        for (const { child } of under.values()) child.kill('SIGKILL')
      }, patience)
      await Promise.all([...under.values()].map(({ ended }) => ended))
      clearTimeout(impatience)
    },
  }
}

/** Milliseconds that runs have for their end: the grace of a run, and the time for its record. */
const patience = 45_000

/** One sign of life, and a look at what was killed. */
const pulseOf = async (planned: readonly { name: JobName; schedule: string }[], options: Options) => {
  const { folder, settings, tell, now = Date.now } = options
  const scrape = folderScrape(folder, settings)
  const before = await readIf(schedulerOf(folder), readSchedulerNote).catch((cause: unknown) => {
    tell(`${wordsOf(cause)}. A new one is written`)
    return undefined
  })
  const jobs = begun(planned, before, new Date(now()).toISOString())
  return async () => {
    const text = JSON.stringify({ version: 1, pid: process.pid, beat: new Date(now()).toISOString(), jobs })
    await replaceFile(schedulerOf(folder), `${text}\n`, { mode: 0o644 })
    for (const name of jobNames) {
      const { running } = await readKept(folder, name)
      const told = (words: string) => tell(`${name}: ${words}`)
      if (running && !goesOn(running, now())) await settleJob(name, { folder, settings, tell: told })
    }
    await writeTextfile(folder, { writer: 'scheduler', scrape })
  }
}

/** Since when each job is waited for on its schedule: as it was noted before, or from now on. */
const begun = (
  planned: readonly { name: JobName; schedule: string }[],
  before: SchedulerNote | undefined,
  now: string,
): SchedulerNote['jobs'] =>
  Object.fromEntries(
    planned.map(({ name, schedule }) => {
      const known = before?.jobs[name]
      return [name, { since: known?.schedule === schedule ? known.since : now, schedule }]
    }),
  )

/** @returns whether the lock was lost */
const untilEnd = (
  lock: FolderLock,
  pulse: () => Promise<void>,
  { signal, tell, beatEvery }: Pick<Options, 'signal' | 'tell'> & { readonly beatEvery: number },
) =>
  new Promise<boolean>((resolve) => {
    let beating = false
    const end = (lost: boolean) => {
      clearInterval(timer)
      resolve(lost)
    }
    const beat = async () => {
      if (!lock.holds()) return end(true)
      if (beating) return
      beating = true
      await pulse().catch((cause: unknown) => tell(`could not leave a sign of life: ${wordsOf(cause)}`))
      beating = false
    }
    const timer = setInterval(() => void beat(), beatEvery)
    if (signal.aborted) end(false)
    signal.addEventListener('abort', () => end(false), { once: true })
  })
