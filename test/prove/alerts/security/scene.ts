import { alertsOf } from '../../../../alerts/index.ts'
import { securityGroups } from '../../../../alerts/security/index.ts'
import { readingJobs } from '../jobs/stand.ts'
import type { Scene } from '../provocation.ts'
import { openCertificates } from './certificates.ts'
import { hostAdjusted, hostUnprovoked, openHost } from './host.ts'

export const securityScene: Scene = {
  name: 'security',
  alerts: alertsOf(securityGroups),
  adjusted: hostAdjusted,
  unprovoked: hostUnprovoked,
  open: async (shop) => {
    const parts = [await openCertificates(shop), ...(await openHost(shop))]
    const scraped = await readingJobs(shop, Object.fromEntries(parts.flatMap(({ watched }) => Object.entries(watched))))
    return {
      scraped: () => scraped,
      lanes: () => parts.flatMap(({ lanes }) => lanes),
      end: async () => {
        for (const { end } of parts) await end()
      },
    }
  },
}
