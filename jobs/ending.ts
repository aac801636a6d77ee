import { wordsOf } from '../exporters/failure.ts'
import type { Outcome } from '../exporters/jobs/record.ts'

/** Why a run is over, or has to be. */
export interface Verdict {
  readonly outcome: Outcome
  /** In one sentence. */
  readonly words: string
}

/** How a run is ended from outside. */
export interface Ending {
  /** Aborts when it has to end. */
  readonly signal: AbortSignal
  /** Why it has to end: what was said first. Undefined where it does not have to. */
  because(): Verdict | undefined
  end(verdict: Verdict): void
  /** Stops looking. */
  over(): void
}

interface Options {
  /** Milliseconds that the run may take. */
  readonly timeout: number
  /** Aborts when somebody stops the program. */
  readonly stopped: AbortSignal
}

/** Ends a run when its time is up, when somebody stops the program, and when something fails that nobody waited for. */
export const endingOf = ({ timeout, stopped }: Options): Ending => {
  const controller = new AbortController()
  let because: Verdict | undefined
  const end = (verdict: Verdict) => {
    because ??= verdict
    controller.abort(new Error(because.words))
  }
  const late = setTimeout(
    () => end({ outcome: 'timed_out', words: `it was not done after ${timeout / 60_000} minutes` }),
    timeout,
  )
  const stop = () => end({ outcome: 'stopped', words: 'it was told to stop' })
  if (stopped.aborted) stop()
  stopped.addEventListener('abort', stop)
  // It may still put away what it made: the process ends behind its record.
  const broken = (cause: unknown) =>
    end({ outcome: 'failed', words: `something failed that nothing waited for: ${wordsOf(cause)}` })
  process.on('uncaughtException', broken).on('unhandledRejection', broken)
  return {
    signal: controller.signal,
    because: () => because,
    end,
    over: () => {
      clearTimeout(late)
      stopped.removeEventListener('abort', stop)
      process.off('uncaughtException', broken).off('unhandledRejection', broken)
    },
  }
}

/** What became of it where it ended, and did not only say so when it was told to. */
export const inTime = async (work: Promise<Verdict>, { signal, because }: Ending, graceMs: number) => {
  const patience = new AbortController()
  const impatient = new Promise<undefined>((resolve) => {
    const begin = () => {
      const timer = setTimeout(() => resolve(undefined), graceMs)
      patience.signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
    }
    if (signal.aborted) begin()
    else signal.addEventListener('abort', begin, { once: true })
  })
  const found = await Promise.race([work, impatient])
  patience.abort()
  return { heard: found !== undefined, verdict: judged(found, because(), graceMs) }
}

const judged = (found: Verdict | undefined, because: Verdict | undefined, graceMs: number): Verdict => {
  if (!because) return found ?? { outcome: 'failed', words: 'it ended without a word' }
  // It was done before it heard that it should end.
  if (found?.outcome === 'succeeded' && because.outcome !== 'failed') return found
  if (found) return because
  return { ...because, words: `${because.words}, and did not end within ${graceMs / 1_000} seconds after that` }
}
