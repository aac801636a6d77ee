import { mkdir } from 'node:fs/promises'
import type { JobName } from '../config/jobs.ts'
import { wordsOf } from '../exporters/failure.ts'
import { FolderTaken, lockFolder } from '../exporters/folder-lock.ts'
import { readIf, schedulerOf } from '../exporters/jobs/folder.ts'
import { scheduleOf } from '../exporters/jobs/schedule.ts'
import { readSchedulerNote } from '../exporters/jobs/scheduler-note.ts'
import { replaceFile } from '../exporters/replace-file.ts'
import type { Tell } from '../exporters/secret.ts'
import type { Job } from './job.ts'
import { AlreadyRuns, runJob } from './runner.ts'
import { writeTextfile } from './textfile.ts'

interface Options {
  readonly folder: string
  readonly signal: AbortSignal
  readonly tell: Tell
  readonly now?: () => number
}

/** Milliseconds between two signs of life. */
const beatEvery = 15_000

/**
 * Runs every job that is on and has a schedule, when its time has come. One that is still under way when its time comes
 * again goes on, and that time is left out.
 * @returns once it is stopped and what ran has ended
 * @throws Error where another scheduler uses the folder, or it cannot be written
 */
export const runSchedule = async (jobs: Iterable<Job>, { folder, signal, tell, now = Date.now }: Options) => {
  const planned = [...jobs].flatMap((job) => {
    const { on, schedule } = job.setting
    return on && schedule !== undefined ? [{ job, schedule: scheduleOf(schedule) }] : []
  })
  await mkdir(folder, { recursive: true, mode: 0o755 })
  const lock = await lockFolder(folder, {
    socket: 'scheduler.sock',
    taken: ['another scheduler runs the jobs', 'stop it, or set JOBS_DIR to another folder'],
    variable: 'JOBS_DIR',
  })
  const since = await begun(
    folder,
    planned.map(({ job }) => job.name),
    now(),
  )
  const beat = async () => {
    if (!lock.holds()) throw new FolderTaken(`the lock of the scheduler in ${folder} was taken away`)
    const text = JSON.stringify({ version: 1, pid: process.pid, beat: new Date(now()).toISOString(), since })
    await replaceFile(schedulerOf(folder), `${text}\n`, 0o644)
    await writeTextfile(folder)
  }
  const under = new Map<JobName, Promise<void>>()
  const start = (job: Job) => {
    if (under.has(job.name)) return tell(`${job.name}: its time has come again while it runs, and is left out`)
    const told = (words: string) => tell(`${job.name}: ${words}`)
    const running = runJob(job, { folder, signal, tell: told, now })
      .then(
        () => undefined,
        (cause: unknown) => {
          told(cause instanceof AlreadyRuns ? cause.message : `could not run: ${wordsOf(cause)}`)
        },
      )
      .finally(() => under.delete(job.name))
    under.set(job.name, running)
  }
  await beat()
  for (const { job } of planned) tell(`${job.name}: ${job.setting.schedule}`)
  const clocks = planned.map(({ job, schedule }) => schedule.each(() => start(job)))
  const pulse = setInterval(() => {
    beat().catch((cause: unknown) => tell(`could not leave a sign of life: ${wordsOf(cause)}`))
  }, beatEvery)
  await aborted(signal)
  for (const clock of clocks) clock.stop()
  clearInterval(pulse)
  await Promise.all(under.values())
  await lock.release()
}

/** Since when each job is waited for: as it was noted before, or from now on. */
const begun = async (folder: string, names: readonly JobName[], now: number) => {
  const before = await readIf(schedulerOf(folder), readSchedulerNote)
  return Object.fromEntries(names.map((name) => [name, before?.since[name] ?? new Date(now).toISOString()]))
}

const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
