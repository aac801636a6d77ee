import type { Alert } from '../alerts/alert.ts'
import { alertsOf, ruleFiles, type Subject } from '../alerts/index.ts'
import { drawnOn } from '../dashboards/alerts.ts'
import { type DashboardJson, withPages } from '../dashboards/dashboard.ts'
import { alertsUid, subjects } from '../dashboards/subjects.ts'
import { api, database, postgresServer, redisServer } from '../dashboards/variables.ts'
import { namesOf } from '../metrics/names.ts'
import type { Deployment } from './deployment.ts'

/** The choice of the dashboard that becomes the target which the alert is about, where it has one. */
const choices: Readonly<Partial<Record<Subject, string>>> = {
  http: api.name,
  service: api.name,
  reservations: database.name,
  postgres: postgresServer.name,
  redis: redisServer.name,
}

/** Where the entry of an alert stands on the page. */
export const anchorOf = ({ id }: Pick<Alert, 'id'>): string => id.replaceAll(' ', '-')

/** Where the first entry of a name stands, whichever of its alerts fires. */
export const anchorOfName = ({ alert }: Pick<Alert, 'alert'>): string => alert

/** What tells that nobody responds leads to what nobody responded to. */
const anchorFor = (alert: Alert) => (alert.labels.step === undefined ? anchorOf(alert) : '{{ $labels.source_alert }}')

/** Where Prometheus serves the runbook: who can read the alert there can read what to do, with nothing else that must run. */
export const runbookPath = 'consoles/runbook.html'

const panelOf = (subject: Subject, alert: Alert) => {
  const { uid, panel } = drawnOn(subject, alert)
  return `${uid}?viewPanel=${panel}`
}

/**
 * What is added to each alert of a subject: its entry in the runbook, the panel that shows what it judges, and the dashboard
 * to open on the target it is about. Prometheus fills in where it is itself.
 */
export const linksOf =
  (subject: Subject, { dashboards }: Pick<Deployment, 'dashboards'>) =>
  (alert: Alert): Readonly<Record<string, string>> => {
    if (!alert.runbook) return {}
    const [uid] = subjects[subject].on
    const choice = choices[subject]
    const chosen = choice ? `{{ with $labels.instance }}?var-${choice}={{ . }}{{ end }}` : ''
    return {
      runbook_url: `{{ $externalURL }}/${runbookPath}#${anchorFor(alert)}`,
      panel_url: `${dashboards}/d/${panelOf(subject, alert)}`,
      dashboard_url: `${dashboards}/d/${uid}${chosen}`,
    }
  }

/**
 * Those dashboards, and from the panel of each alert a link back to its entry in the runbook. That stands where the browser
 * reaches Prometheus, of which a dashboard by itself knows nothing.
 */
export const withRunbook = <Json extends DashboardJson>(
  dashboards: readonly Json[],
  { runbooks }: Pick<Deployment, 'runbooks'>,
): readonly Json[] => {
  const files = ruleFiles()
  const entries = new Map(
    namesOf(files).map((subject) => {
      const written = alertsOf(files[subject]).filter(({ runbook }) => runbook)
      return [alertsUid(subject), new Map(written.map((alert) => [alert.id, anchorOf(alert)]))] as const
    }),
  )
  const page = `${runbooks}/${runbookPath}`
  return dashboards.map((dashboard) => {
    const anchors = new Map<string | undefined, ReadonlyMap<string, string>>(entries).get(dashboard.uid)
    if (!anchors) return dashboard
    return withPages(dashboard, 'Runbook', (panel) => {
      const anchor = anchors.get(panel)
      return anchor && `${page}#${anchor}`
    })
  })
}
