import { setTimeout as delay } from 'node:timers/promises'
import type { JobName, JobSettings } from '../config/jobs.ts'
import { wordsOf } from '../exporters/failure.ts'
import { type FolderLock, FolderTaken, lockFolder } from '../exporters/folder-lock.ts'
import { placesOf } from '../exporters/jobs/folder.ts'
import type { JobRecord } from '../exporters/jobs/record.ts'
import type { Tell } from '../exporters/secret.ts'
import { type Ending, endingOf, inTime, type Verdict } from './ending.ts'
import { type Job, Refused, Undecided } from './job.ts'
import { type Keeping, keepingOf, makeJobsFolder, NoRoom, runName } from './keeping.ts'
import { type Report, reportOf } from './report.ts'
import { folderScrape, writeTextfile } from './textfile.ts'

interface Options {
  /** Of all jobs: `JOBS_DIR`. */
  readonly folder: string
  /** Of all jobs, as the textfile tells them. */
  readonly settings?: JobSettings | undefined
  /** Aborts when somebody stops the program. */
  readonly signal: AbortSignal
  readonly tell: Tell
  readonly now?: () => number
  /** Milliseconds that a run has for its end, after it was told to end. */
  readonly graceMs?: number
}

type Place = Pick<Options, 'folder' | 'settings' | 'tell'>

/** The job runs already, here or in another process. */
export class AlreadyRuns extends Error {}

/** Milliseconds between two signs of life. */
const beatEvery = 5_000

/** What it would do, without doing it. */
export const dryRun = async ({ name, plan }: Job, { tell, signal }: Pick<Options, 'tell' | 'signal'>) => {
  const { steps } = await plan(signal)
  tell(`${name} would:`)
  for (const step of steps) tell(`  - ${step}`)
}

/**
 * One run of a job, and its record: there is one whatever happens, but where another process runs the job already. A run
 * that does not end when it is told to keeps the lock: whoever called ends the process.
 * @throws AlreadyRuns, with no record
 * @throws Error where the folder cannot be written, before anything else is done
 */
export const runJob = async (job: Job, options: Options): Promise<JobRecord> => {
  const { folder } = options
  const lock = await locked(folder, job.name)
  let held: Promise<unknown> | undefined
  try {
    const { record, work } = await recorded(job, options, lock)
    held = work
    return record
  } finally {
    await toldToAll(job.name, options)
    if (held) void held.finally(() => lock.release())
    else await lock.release()
  }
}

/**
 * Writes the record of a run that was killed, if the last one was.
 * @returns undefined where the job runs
 */
export const settleJob = async (name: JobName, options: Place) => {
  const { folder, tell } = options
  const lock = await locked(folder, name).catch((cause: unknown) => {
    if (cause instanceof AlreadyRuns) return undefined
    throw cause
  })
  if (!lock) return undefined
  try {
    const { lost } = await keepingOf(folder, name, { tell }).settle()
    if (lost.length > 0) await toldToAll(name, options)
    return lost
  } finally {
    await lock.release()
  }
}

const toldToAll = (name: JobName, { folder, settings, tell }: Place) =>
  writeTextfile(folder, { writer: name, scrape: folderScrape(folder, settings) }).catch((cause: unknown) => {
    tell(`could not write the textfile of ${folder}: ${wordsOf(cause)}`)
  })

const locked = async (folder: string, name: JobName) => {
  const { own } = placesOf(folder, name)
  await makeJobsFolder(own)
  return lockFolder(own, {
    socket: 'run.sock',
    taken: [`${name} runs already, as its lock says`, 'wait for its end, or stop that process'],
    variable: 'JOBS_DIR',
  }).catch((cause: unknown) => {
    throw cause instanceof FolderTaken ? new AlreadyRuns(cause.message, { cause }) : cause
  })
}

const recorded = async (job: Job, options: Options, lock: FolderLock) => {
  const { folder, tell, signal, now = Date.now, graceMs = 30_000 } = options
  const keeping = keepingOf(folder, job.name, { tell })
  const { lost, last } = await keeping.settle()
  for (const one of lost) tell(`the run of ${one.started} was killed: ${one.words}`)
  const ending = endingOf({ timeout: job.setting.timeoutMinutes * 60_000, stopped: signal })
  const report = reportOf({ name: job.name, run: runName(now(), last), signal: ending.signal, tell, now })
  const atExit = (code: number) => {
    const words = `its process ended with ${code} before it was done`
    keeping.endAtOnce(report.record(ending.because() ?? { outcome: 'failed', words }))
  }
  process.on('exit', atExit)
  try {
    const room = await begun(keeping, report)
    const beat = room ? undefined : beating(() => onBeat(keeping, report, lock, ending), tell)
    const work = room ? Promise.resolve(room) : done(job, report)
    const { heard, verdict } = await inTime(work, ending, graceMs)
    await beat?.stop()
    const record = report.record(verdict)
    await keeping.end(record)
    tell(`${record.outcome}: ${record.words}`)
    return { record, work: heard ? undefined : work }
  } finally {
    ending.over()
    process.off('exit', atExit)
  }
}

/** Why it cannot begin. */
const begun = async (keeping: Keeping, report: Report): Promise<Verdict | undefined> => {
  try {
    await keeping.begin(report.beat())
    return undefined
  } catch (cause) {
    if (cause instanceof NoRoom) return { outcome: 'refused', words: wordsOf(cause) }
    throw cause
  }
}

const onBeat = async (keeping: Keeping, report: Report, lock: FolderLock, ending: Ending) => {
  if (!lock.holds()) ending.end({ outcome: 'stopped', words: 'its lock was taken away: another run may have begun' })
  await keeping.goOn(report.beat())
}

const done = async ({ plan }: Job, { run, failures }: Report): Promise<Verdict> => {
  try {
    const { steps, run: work } = await plan(run.signal)
    run.signal.throwIfAborted()
    run.step(`it will: ${steps.join('; ')}`)
    const words = await work(run)
    const [first] = failures
    return first === undefined ? { outcome: 'succeeded', words } : { outcome: 'failed', words: first }
  } catch (cause) {
    if (cause instanceof Refused) {
      for (const fault of cause.faults) run.failure(fault)
      return { outcome: 'refused', words: cause.faults[0] ?? 'refused' }
    }
    run.failure(wordsOf(cause))
    return { outcome: cause instanceof Undecided ? 'undecided' : 'failed', words: wordsOf(cause) }
  }
}

/** Does something again and again, one after the other. */
const beating = (work: () => Promise<void>, tell: Tell) => {
  const controller = new AbortController()
  let failing = false
  const loop = async () => {
    while (!controller.signal.aborted) {
      await delay(beatEvery, undefined, { signal: controller.signal }).catch(() => undefined)
      if (controller.signal.aborted) return
      try {
        await work()
        failing = false
      } catch (cause) {
        // A full disk: the run itself finds out, where it needs room.
        if (!failing) tell(`could not note its progress: ${wordsOf(cause)}`)
        failing = true
      }
    }
  }
  const going = loop()
  return {
    stop: async () => {
      controller.abort()
      await going
    },
  }
}
