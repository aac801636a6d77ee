import { z } from 'zod'
import { type JobName, jobNames } from '../../config/jobs.ts'
import { reader } from './reader.ts'

const note = z.object({
  version: z.literal(1),
  pid: z.number(),
  /** It was there then. */
  beat: z.iso.datetime(),
  /** What runs by itself, and since when on that schedule. */
  jobs: z.partialRecord(z.enum(jobNames), z.object({ since: z.iso.datetime(), schedule: z.string() })),
})

/** What the scheduler leaves for whoever wants to know whether it is there. */
export interface SchedulerNote extends Readonly<z.infer<typeof note>> {
  readonly jobs: Readonly<Partial<Record<JobName, { readonly since: string; readonly schedule: string }>>>
}

/** @throws Error saying what is wrong with it */
export const readSchedulerNote: (text: string) => SchedulerNote = reader(note)
