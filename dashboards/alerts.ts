import type { Alert } from '../alerts/alert.ts'
import { isAlert, type RuleGroup } from '../alerts/alert.ts'
import { ruleFiles, type Subject } from '../alerts/index.ts'
import { namesOf } from '../metrics/names.ts'
import { type Step, severityMeaning } from './colour.ts'
import { type Dashboard, dashboard, row } from './dashboard.ts'
import type { Panel } from './field.ts'
import { timeseries } from './panel.ts'
import type { Query } from './query.ts'
import type { Unit } from './unit.ts'

const subjects: Readonly<Record<Subject, string>> = {
  promises: 'promises',
  http: 'HTTP',
  service: 'the service',
  reservations: 'reservations',
  postgres: 'PostgreSQL',
  redis: 'Redis',
  probe: 'probes',
  stack: 'the stack',
}

/** The address of the dashboard that shows what the alerts of a subject judge. */
export const alertsUid = (subject: Subject): `techplus-alerts-${Subject}` => `techplus-alerts-${subject}`

/** Prometheus' own printing of the value says what it is counted in. */
const unitOf = ({ annotations, threshold }: Alert): Unit => {
  const printed = /\$value \| (\w+)/.exec(annotations.summary)?.[1]
  if (printed === 'humanizePercentage' || threshold?.dimension === 'share') return 'share'
  if (printed === 'humanizeDuration' || threshold?.dimension === 'time') return 'seconds'
  if (printed === 'humanize1024' || threshold?.dimension === 'size') return 'bytes'
  return 'plain'
}

/** The labels that its sentence quotes tell its series apart. */
const legendOf = ({ annotations }: Alert) => {
  const quoted = new Set([...annotations.summary.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => `{{${label}}}`))
  return [...quoted].join(' ')
}

const severityOf = ({ labels }: Alert) =>
  new Map<string | undefined, Step['is']>(Object.entries(severityMeaning)).get(labels.severity) ?? 'neutral'

const limitName = 'fires beyond'
const emptyWhen = 'There is nothing now that it judges'

/** What the alert judges, and from where on it fires. */
const panelOf = (alert: Alert): Panel => {
  const { comparison, annotations, expr } = alert
  const judged: Query = { expr: comparison?.value ?? expr, legend: legendOf(alert) || alert.alert, emptyWhen }
  const bound = comparison?.bound
  return timeseries({
    title: alert.id,
    description: [
      alert.runbook?.meaning ?? annotations.action,
      `It fires where this holds for ${alert.for}: \`${comparison ? `value ${comparison.operator} ${typeof bound === 'number' ? bound : 'the line'}` : 'there is a series'}\`, and whatever else its rule asks.`,
    ].join('\n\n'),
    unit: unitOf(alert),
    queries: [judged, ...(typeof bound === 'string' ? [{ expr: bound, legend: limitName, emptyWhen }] : [])],
    ...(typeof bound === 'number' && { limits: [{ from: bound, is: severityOf(alert) }], reaches: [0, bound] }),
    ...(typeof bound === 'string' && { bounds: [limitName] }),
  })
}

const alertsIn = ({ rules }: RuleGroup) => rules.filter(isAlert)

const of = (subject: Subject, groups: readonly RuleGroup[]): Dashboard =>
  dashboard({
    uid: alertsUid(subject),
    title: `Alerts: ${subjects[subject]}`,
    description: `What each alert about ${subjects[subject]} judges, and the line beyond which it fires. Each alert leads to its panel here.`,
    aside: true,
    from: 'now-3h',
    rows: groups
      .filter((group) => alertsIn(group).length > 0)
      .map((group) => row(group.name, alertsIn(group).map(panelOf))),
  })

/** Generated: a panel for each alert that is watched. */
export const alertDashboards: readonly Dashboard[] = (() => {
  const files = ruleFiles()
  return namesOf(files).map((subject) => of(subject, files[subject]))
})()
