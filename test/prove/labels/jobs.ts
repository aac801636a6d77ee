import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { jobNames, jobs } from '../../../config/jobs.ts'
import { readKept } from '../../../exporters/jobs/folder.ts'
import { measures } from '../../../exporters/jobs/measures.ts'
import { runSchedule } from '../../../jobs/scheduler.ts'
import type { Sample } from '../../../metrics/metric.ts'
import { eventually } from '../../integration/servers.ts'
import { jobThat, readingJobs, runOf, type Shop } from '../alerts/jobs/stand.ts'

/** One value of everything that a job may measure, of one thing each. */
const samplesOf = (name: (typeof jobNames)[number]): readonly Sample[] =>
  measures[name].map((metric) => ({
    metric,
    value: 1,
    labels: Object.fromEntries(metric.labels.map((label) => [label, `<${label}>`])),
  }))

/** Every job has run, the scheduler is there, and one of the jobs is under way. */
export const talkativeJobs = async (shop: Shop) => {
  const folder = join(shop.folder, 'jobs')
  const controller = new AbortController()
  for (const name of jobNames) {
    await runOf(
      jobThat(name, async ({ measured }) => {
        measured(...samplesOf(name))
        return 'done'
      }),
      folder,
    )
  }
  const scheduler = runSchedule([], { folder, signal: controller.signal, tell: () => undefined, beatEvery: 1_000 })
  const running = runOf(
    jobThat('cleanup', async ({ signal }) => {
      await delay(3_600_000, undefined, { signal })
      return 'done'
    }),
    folder,
    controller.signal,
  )
  await eventually(
    () => readKept(folder, 'cleanup'),
    (kept) => kept.running !== undefined,
  )
  const { schedule } = jobs.cleanup
  const scraped = await readingJobs(shop, { talkative: { folder, settings: { cleanup: { schedule } } } })
  return {
    scraped,
    end: async () => {
      controller.abort()
      await Promise.allSettled([running, scheduler])
    },
  }
}
