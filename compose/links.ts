import type { Alert } from '../alerts/alert.ts'
import type { Subject } from '../alerts/index.ts'
import { alertDashboards, alertsUid } from '../dashboards/alerts.ts'
import { panelIdOf } from '../dashboards/dashboard.ts'
import { uids } from '../dashboards/uids.ts'
import { api, database, postgresServer, redisServer } from '../dashboards/variables.ts'
import type { Deployment } from './deployment.ts'

interface Opens {
  readonly uid: string
  /** The choice of that dashboard that becomes the target which the alert is about. */
  readonly choice?: string
}

/** The dashboard to open first, by what an alert is about. */
const opens: Readonly<Record<Subject, Opens>> = {
  promises: { uid: uids.sla },
  http: { uid: uids.http, choice: api.name },
  service: { uid: uids.http, choice: api.name },
  reservations: { uid: uids.reservations, choice: database.name },
  postgres: { uid: uids.postgres, choice: postgresServer.name },
  redis: { uid: uids.redis, choice: redisServer.name },
  probe: { uid: uids.overview },
  jobs: { uid: uids.jobs },
  security: { uid: uids.security },
  stack: { uid: uids.overview },
  escalation: { uid: uids.onCall },
}

/** Where the entry of an alert stands on the page. */
export const anchorOf = ({ id }: Pick<Alert, 'id'>): string => id.replaceAll(' ', '-')

/** Where the first entry of a name stands, whichever of its alerts fires. */
export const anchorOfName = ({ alert }: Pick<Alert, 'alert'>): string => alert

/** What tells that nobody responds leads to what nobody responded to. */
const anchorFor = (alert: Alert) => (alert.labels.step === undefined ? anchorOf(alert) : '{{ $labels.source_alert }}')

/** Where Prometheus serves the runbook: who can read the alert there can read what to do, with nothing else that must run. */
export const runbookPath = 'consoles/runbook.html'

const panelOf = (subject: Subject, { id }: Alert) => {
  const uid = alertsUid(subject)
  const found = alertDashboards.find((one) => one.uid === uid)
  if (!found) throw new Error(`no dashboard shows the alerts of ${subject}`)
  return `${uid}?viewPanel=${panelIdOf(found, id)}`
}

/**
 * What is added to each alert of a subject: its entry in the runbook, the panel that shows what it judges, and the dashboard
 * to open on the target it is about. Prometheus fills in where it is itself.
 */
export const linksOf =
  (subject: Subject, { dashboards }: Pick<Deployment, 'dashboards'>) =>
  (alert: Alert): Readonly<Record<string, string>> => {
    if (!alert.runbook) return {}
    const { uid, choice } = opens[subject]
    const chosen = choice ? `{{ with $labels.instance }}?var-${choice}={{ . }}{{ end }}` : ''
    return {
      runbook_url: `{{ $externalURL }}/${runbookPath}#${anchorFor(alert)}`,
      panel_url: `${dashboards}/d/${panelOf(subject, alert)}`,
      dashboard_url: `${dashboards}/d/${uid}${chosen}`,
    }
  }
