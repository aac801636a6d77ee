import type { JobName, JobSetting } from '../config/jobs.ts'
import type { Definition, Sample } from '../metrics/metric.ts'

/**
 * Something that the job needs is not there, or not as it has to be: nothing was changed. Each fault names the thing and
 * what to do about it.
 */
export class Refused extends Error {
  readonly faults: readonly string[]
  constructor(faults: readonly string[], options?: ErrorOptions) {
    super(faults.join('\n'), options)
    this.faults = faults
  }
}

/** It would go further than it may by itself. What is done so far is done; the words say how to let it go on. */
export class Undecided extends Error {}

/** What a run says while it is under way. */
export interface Run {
  /** Aborts when the run has to end: its time is up, or somebody stops it. What it started must end then. */
  readonly signal: AbortSignal
  /** It is at this now. A line for the reader, and a sign of progress. */
  step(words: string): void
  /** It gets on, with no news. Cheap: call it for every chunk. */
  progress(): void
  /** Something was measured: told even where the run fails later. */
  measured(...samples: readonly Sample[]): void
  /** There is nothing of these to measure any more: what earlier runs told of them is over. */
  nothing(...metrics: readonly Definition[]): void
  /** Something went wrong that does not end the run; the run has failed all the same. No secret in it. */
  failure(words: string): void
}

/** What a job is about to do. */
export interface Plan {
  /** In order, a line each, as `--dry-run` shows them. */
  readonly steps: readonly string[]
  /**
   * Does it.
   * @returns what was done, in one sentence
   * @throws Refused, Undecided, or Error saying what went wrong
   */
  run(run: Run): Promise<string>
}

/** One of the maintenance jobs. */
export interface Job {
  readonly name: JobName
  readonly setting: JobSetting
  /**
   * Looks whether all that it needs is there, and says what it would do. Changes nothing.
   * @throws Refused naming every fault at once
   */
  plan(signal: AbortSignal): Promise<Plan>
  /**
   * The same job for one run in which it may go further, in words of its own such as `reservations=250000`. Without it
   * the job asks for nothing.
   */
  allowing?(words: readonly string[]): Job
}
