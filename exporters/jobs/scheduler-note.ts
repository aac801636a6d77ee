import { z } from 'zod'
import { type JobName, jobNames } from '../../config/jobs.ts'

const note = z.object({
  version: z.literal(1),
  pid: z.number(),
  /** It was there then. */
  beat: z.iso.datetime(),
  /** Since when it knows each job as one that runs by itself. */
  since: z.partialRecord(z.enum(jobNames), z.iso.datetime()),
})

/** What the scheduler leaves for whoever wants to know whether it is there. */
export interface SchedulerNote extends Readonly<z.infer<typeof note>> {
  readonly since: Readonly<Partial<Record<JobName, string>>>
}

/** @throws Error saying what is wrong with it */
export const readSchedulerNote = (text: string): SchedulerNote => {
  const parsed = note.safeParse(JSON.parse(text))
  if (parsed.success) return parsed.data
  throw new Error(parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join(', '))
}
