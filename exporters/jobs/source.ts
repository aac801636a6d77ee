import { relative } from 'node:path'
import { type JobName, type JobSetting, type JobSettings, jobs } from '../../config/jobs.ts'
import type { Source } from '../collector.ts'
import { type Kept, type KnownRecords, readIf, readKept, schedulerOf } from './folder.ts'
import { readSchedulerNote, type SchedulerNote } from './scheduler-note.ts'

/** What the jobs left in their folder. */
export interface JobsFolder {
  kept(job: JobName): Promise<Kept>
  scheduler(): Promise<SchedulerNote | undefined>
  setting(job: JobName): JobSetting
  /** Since when this process waits for a first run. Milliseconds of Unix time. */
  readonly since: number
  now(): number
}

interface Options {
  readonly settings?: JobSettings | undefined
  readonly now?: () => number
}

/** A folder that is there or will be: one that nobody has made yet holds nothing. */
export const jobsFolder = (folder: string, { settings = jobs, now = Date.now }: Options = {}): Source<JobsFolder> => {
  const since = now()
  const known = new Map<JobName, KnownRecords>()
  const knownOf = (job: JobName) => {
    const records = known.get(job) ?? new Map()
    known.set(job, records)
    return records
  }
  return {
    ready: async () => undefined,
    answered: async () => true,
    reader: ({ failed }) => ({
      since,
      now,
      setting: (job) => settings[job],
      kept: async (job) => {
        const kept = await readKept(folder, job, knownOf(job))
        for (const { path, cause } of kept.damaged) failed(relative(folder, path), cause)
        return kept
      },
      scheduler: () => readIf(schedulerOf(folder), readSchedulerNote),
    }),
    close: async () => undefined,
  }
}
