import { type JobName, jobNames } from '../../config/jobs.ts'
import { gauge } from '../../metrics/metric.ts'
import type { Collector, Vitals } from '../collector.ts'
import { measures } from './measures.ts'
import { everyJob, schedulerSeen } from './metrics.ts'
import type { JobsFolder } from './source.ts'
import { told } from './told.ts'

export const jobsVitals = {
  up: gauge({
    name: 'maintenance_up',
    counts: 'folders',
    help: 'Whether the folder of the maintenance jobs was read (1) or not (0)',
  }),
  success: gauge({
    name: 'maintenance_scrape_collector_success',
    counts: 'collectors',
    help: 'Whether what a job left could be read (1) or not (0); the log says why and how to mend it',
    labels: ['collector'],
  }),
  duration: gauge({
    name: 'maintenance_scrape_collector_duration_seconds',
    help: 'How long it took to read what a job left',
    labels: ['collector'],
  }),
} as const satisfies Vitals

/** One for each job: what cannot be read of one takes nothing from the others. */
const jobCollector = (job: JobName): Collector<JobsFolder> => ({
  name: job,
  metrics: [...everyJob.filter((metric) => metric !== schedulerSeen), ...measures[job]],
  collect: async (folder) => {
    const [kept, scheduler] = await Promise.all([
      folder.kept(job),
      // What is wrong with it is told once, below.
      folder.scheduler().catch(() => undefined),
    ])
    const setting = folder.setting(job)
    const planned = scheduler?.jobs[job]
    return told({
      ...kept,
      job,
      setting,
      measures: measures[job],
      scheduled: planned && planned.schedule === setting.schedule ? Date.parse(planned.since) : undefined,
      since: folder.since,
      now: folder.now(),
    })
  },
})

const schedulerCollector: Collector<JobsFolder> = {
  name: 'scheduler',
  metrics: [schedulerSeen],
  collect: async (folder) => {
    const note = await folder.scheduler()
    return note ? [schedulerSeen.sample(Date.parse(note.beat) / 1_000)] : []
  },
}

/** What is read of the maintenance jobs. */
export const jobsCollectors = (): readonly Collector<JobsFolder>[] => [
  ...jobNames.map(jobCollector),
  schedulerCollector,
]
