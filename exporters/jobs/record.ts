import { z } from 'zod'
import { type JobName, jobNames } from '../../config/jobs.ts'
import { reader } from './reader.ts'

/**
 * What became of a run.
 * - `succeeded`
 * - `failed`: something went wrong on the way; what it says is in `failures`
 * - `refused`: something it needs was not there or not as it has to be; nothing was changed
 * - `undecided`: it would go further than it may by itself, and asks; what is done so far is done
 * - `timed_out`: it took longer than it may
 * - `stopped`: somebody ended it with SIGTERM or SIGINT
 * - `killed`: its process ended without a word, as at `kill -9`; whoever came next found it
 */
export const outcomes = ['succeeded', 'failed', 'refused', 'undecided', 'timed_out', 'stopped', 'killed'] as const
export type Outcome = (typeof outcomes)[number]

const moment = z.iso.datetime()
/** Sorts by the time of the start. */
const run = z.string().regex(/^[\w.-]+$/)
const sample = z.object({
  /** The name of one of the metrics of its job. */
  metric: z.string(),
  labels: z.record(z.string(), z.string()),
  value: z.number(),
})

const record = z.object({
  version: z.literal(1),
  job: z.enum(jobNames),
  run,
  started: moment,
  ended: moment,
  outcome: z.enum(outcomes),
  /** What was done, in one sentence. */
  words: z.string(),
  /** What went wrong, a line each. No secret stands in them. */
  failures: z.array(z.string()),
  /** What was measured: sizes, counts, moments. */
  samples: z.array(sample),
  /** Metrics of which there is nothing to measure any more: what earlier runs told of them is over. */
  nothing: z.array(z.string()).optional(),
})

const running = z.object({
  version: z.literal(1),
  job: z.enum(jobNames),
  run,
  started: moment,
  pid: z.number(),
  /** Its process was there then. */
  beat: moment,
  /** It got on then. */
  progressed: moment,
  /** What it is at. */
  step: z.string(),
})

const totals = z.object({
  version: z.literal(1),
  /** Runs up to this one are counted here, and their records may be gone. */
  through: z.string(),
  runs: z.partialRecord(z.enum(outcomes), z.number()),
  /** When the last of them that succeeded was over. */
  lastSuccess: moment.optional(),
  /** Of every metric what the last of them that told of it measured. */
  samples: z.array(sample),
})

/** What a run leaves behind. */
export interface JobRecord extends Readonly<z.infer<typeof record>> {
  readonly job: JobName
}
export type Measured = Readonly<z.infer<typeof sample>>
/** What a run says of itself while it runs. */
export type Running = Readonly<z.infer<typeof running>>
/** Runs whose records were removed. */
export type Totals = Readonly<z.infer<typeof totals>>

/** @throws Error saying what is wrong with it */
export const readRecord: (text: string) => JobRecord = reader(record)
/** @throws Error saying what is wrong with it */
export const readRunning: (text: string) => Running = reader(running)
/** @throws Error saying what is wrong with it */
export const readTotals: (text: string) => Totals = reader(totals)
