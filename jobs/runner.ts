import { setTimeout as delay } from 'node:timers/promises'
import { wordsOf } from '../exporters/failure.ts'
import { type FolderLock, FolderTaken, lockFolder } from '../exporters/folder-lock.ts'
import { placesOf, readKept } from '../exporters/jobs/folder.ts'
import type { JobRecord, Measured, Outcome, Running } from '../exporters/jobs/record.ts'
import type { Tell } from '../exporters/secret.ts'
import { type Job, Refused, type Run, Undecided } from './job.ts'
import { keepingOf, makeFolder, runName } from './keeping.ts'
import { writeTextfile } from './textfile.ts'

interface Options {
  /** Of all jobs: `JOBS_DIR`. */
  readonly folder: string
  /** Aborts when somebody stops the program. */
  readonly signal: AbortSignal
  readonly tell: Tell
  readonly now?: () => number
  /** Milliseconds that a run has for its end, after it was told to end. */
  readonly graceMs?: number
}

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
 * One run of a job, and its record: there is one whatever happens, but where another process runs the job already.
 * @throws AlreadyRuns, with no record
 * @throws Error where the folder cannot be written, before anything else is done
 */
export const runJob = async (job: Job, options: Options): Promise<JobRecord> => {
  const { folder, tell } = options
  await makeFolder(folder, job.name)
  const lock = await locked(folder, job)
  try {
    return await recorded(job, options, lock)
  } finally {
    await lock.release()
    await writeTextfile(folder).catch((cause: unknown) => {
      tell(`could not write the textfile of ${folder}: ${wordsOf(cause)}`)
    })
  }
}

const locked = (folder: string, { name }: Job) =>
  lockFolder(placesOf(folder, name).own, {
    socket: 'run.sock',
    taken: [`${name} runs already, as its lock says`, 'wait for its end, or stop that process'],
    variable: 'JOBS_DIR',
  }).catch((cause: unknown) => {
    throw cause instanceof FolderTaken ? new AlreadyRuns(cause.message, { cause }) : cause
  })

const recorded = async (
  job: Job,
  { folder, tell, signal, now = Date.now, graceMs = 30_000 }: Options,
  lock: FolderLock,
) => {
  const keeping = keepingOf(folder, job.name)
  const started = now()
  const last = (await readKept(folder, job.name)).records.at(-1)?.run
  const moment = (at: number) => new Date(at).toISOString()
  let running: Running = {
    version: 1,
    job: job.name,
    run: runName(started, last),
    started: moment(started),
    pid: process.pid,
    beat: moment(started),
    progressed: moment(started),
    step: 'looking whether all that it needs is there',
  }
  for (const lost of await keeping.begin(running)) tell(`the run of ${lost.started} was killed: ${lost.words}`)
  const ending = endingOf(job.setting.timeoutMinutes * 60_000, signal)
  const [samples, failures]: [Measured[], string[]] = [[], []]
  const beat = beating(async () => {
    running = { ...running, beat: moment(now()) }
    if (!lock.holds()) ending.end('stopped', `its lock in ${folder} was taken away`)
    await keeping.goOn(running)
  }, tell)
  const run: Run = {
    signal: ending.signal,
    step: (words) => {
      tell(words)
      running = { ...running, step: words, progressed: moment(now()) }
    },
    progress: () => {
      running = { ...running, progressed: moment(now()) }
    },
    measured: (...found) => {
      samples.push(...found.map(({ metric, labels, value }) => ({ metric: metric.name, labels, value })))
    },
    failure: (words) => {
      tell(words)
      failures.push(words)
    },
  }
  const found = await inTime(done(job, run, failures), ending, graceMs)
  await beat.stop()
  const record: JobRecord = { ...baseOf(running), ...found, ended: moment(Math.max(now(), started)), failures, samples }
  await keeping.end(record)
  tell(`${record.outcome}: ${record.words}`)
  return record
}

const baseOf = ({ job, run, started }: Running) => ({ version: 1, job, run, started }) as const

interface Found {
  readonly outcome: Outcome
  readonly words: string
}

const done = async ({ plan }: Job, run: Run, failures: string[]): Promise<Found> => {
  try {
    const { steps, run: work } = await plan(run.signal)
    run.signal.throwIfAborted()
    run.step(`it will: ${steps.join('; ')}`)
    const words = await work(run)
    const [first] = failures
    return first === undefined ? { outcome: 'succeeded', words } : { outcome: 'failed', words: first }
  } catch (cause) {
    if (cause instanceof Refused) {
      failures.push(...cause.faults)
      return { outcome: 'refused', words: cause.faults[0] ?? 'refused' }
    }
    failures.push(wordsOf(cause))
    return { outcome: cause instanceof Undecided ? 'undecided' : 'failed', words: wordsOf(cause) }
  }
}

interface Ending {
  readonly signal: AbortSignal
  /** Why the run has to end, where it has to. */
  because(): Found | undefined
  end(outcome: Outcome, words: string): void
  over(): void
}

const endingOf = (timeout: number, stopped: AbortSignal): Ending => {
  const controller = new AbortController()
  let because: Found | undefined
  const end = (outcome: Outcome, words: string) => {
    because ??= { outcome, words }
    controller.abort(new Error(words))
  }
  const late = setTimeout(() => end('timed_out', `it was not done after ${timeout / 60_000} minutes`), timeout)
  const stop = () => end('stopped', 'it was told to stop')
  if (stopped.aborted) stop()
  stopped.addEventListener('abort', stop)
  return {
    signal: controller.signal,
    because: () => because,
    end,
    over: () => {
      clearTimeout(late)
      stopped.removeEventListener('abort', stop)
    },
  }
}

/** What became of it, also where it does not end when it is told to. */
const inTime = async (work: Promise<Found>, ending: Ending, graceMs: number): Promise<Found> => {
  const patience = new AbortController()
  const impatient = new Promise<undefined>((resolve) => {
    const begin = () => void delay(graceMs, undefined, { signal: patience.signal }).then(resolve, () => undefined)
    if (ending.signal.aborted) begin()
    ending.signal.addEventListener('abort', begin)
  })
  const found = await Promise.race([work, impatient])
  patience.abort()
  ending.over()
  const because = ending.because()
  if (!because) return found ?? { outcome: 'failed', words: 'it ended without a word' }
  // It was done before it heard that it should end.
  if (found?.outcome === 'succeeded') return found
  const unheard = found ? '' : `, and did not end within ${graceMs / 1_000} seconds: what it started may go on`
  return { ...because, words: `${because.words}${unheard}` }
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
