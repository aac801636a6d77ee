import { alertsOf } from '../../../../alerts/index.ts'
import { jobGroups } from '../../../../alerts/jobs/index.ts'
import type { Scene } from '../provocation.ts'
import { openApi } from './api.ts'
import { backupsAdjusted, openBackups } from './backups.ts'
import { openRestores, restoresAdjusted } from './restores.ts'
import { openRuns, runsAdjusted } from './runs.ts'
import { readingJobs } from './stand.ts'

export const jobsScene: Scene = {
  name: 'jobs',
  alerts: alertsOf(jobGroups),
  adjusted: [...runsAdjusted, ...backupsAdjusted, ...restoresAdjusted],
  unprovoked: {},
  open: async (shop) => {
    const parts = [await openRuns(shop), await openBackups(shop), await openRestores(shop), await openApi(shop)]
    const scraped = await readingJobs(shop, Object.fromEntries(parts.flatMap(({ watched }) => Object.entries(watched))))
    return {
      scraped: () => scraped,
      lanes: (watch) => parts.flatMap(({ lanes }) => lanes(watch)),
      end: async () => {
        for (const { end } of parts) await end()
      },
    }
  },
}
