import './sound-promises.ts'
import { alertDashboards } from './alerts.ts'
import type { Dashboard, DashboardJson } from './dashboard.ts'
import { http } from './http.ts'
import { jobsDashboard } from './jobs.ts'
import { onCall } from './on-call.ts'
import { overview } from './overview.ts'
import { postgresDashboards } from './postgres.ts'
import { redis } from './redis.ts'
import { reservations } from './reservations.ts'
import { runtime } from './runtime.ts'
import { securityDashboard } from './security.ts'
import { slaDashboard } from './sla.ts'
import { stack } from './stack.ts'

/**
 * Those given, if each has an address and a title of its own. Grafana would show two of one address by turns.
 * @throws Error naming both
 */
export const distinct = (all: readonly Dashboard[]): readonly Dashboard[] => {
  for (const key of ['uid', 'title'] as const) {
    const seen = new Set<string>()
    for (const one of all) {
      if (seen.has(one[key])) throw new Error(`two dashboards have the ${key} ${one[key]}: change one of them`)
      seen.add(one[key])
    }
  }
  return all
}

/** Dashboards that answer questions, the one to open first at the head. */
export const answering: readonly Dashboard[] = [
  overview,
  onCall,
  slaDashboard,
  http,
  runtime,
  reservations,
  ...postgresDashboards,
  redis,
  jobsDashboard,
  securityDashboard,
  stack,
]

/** Every dashboard, with what each asks: those, and one a subject with a panel for each alert. */
export const models: readonly Dashboard[] = distinct([...answering, ...alertDashboards])

/** As Grafana takes them. */
export const dashboards: readonly DashboardJson[] = models.map(({ json }) => json)
