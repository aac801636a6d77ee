import { type JobName, type JobSetting, jobs } from '../../config/jobs.ts'
import type { Source } from '../collector.ts'
import { type Kept, readIf, readKept, schedulerOf } from './folder.ts'
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
  readonly settings?: Readonly<Record<JobName, JobSetting>>
  readonly now?: () => number
}

/** A folder that is there or will be: one that nobody has made yet holds nothing. */
export const jobsFolder = (folder: string, { settings = jobs, now = Date.now }: Options = {}): Source<JobsFolder> => {
  const since = now()
  return {
    ready: async () => undefined,
    answered: async () => true,
    reader: () => ({
      since,
      now,
      setting: (job) => settings[job],
      kept: (job) => readKept(folder, job),
      scheduler: () => readIf(schedulerOf(folder), readSchedulerNote),
    }),
    close: async () => undefined,
  }
}
