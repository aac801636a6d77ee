import { type Alert, isAlert, type RuleGroup } from '../alerts/alert.ts'
import { ruleFiles, type Subject } from '../alerts/index.ts'
import { namesOf } from '../metrics/names.ts'
import { type Comparison, type Expr, labelReplace } from '../metrics/promql.ts'
import { type Step, severityMeaning } from './colour.ts'
import { type Dashboard, dashboard, panelIdOf, row } from './dashboard.ts'
import type { Panel } from './field.ts'
import { timeseries } from './panel.ts'
import type { Query } from './query.ts'
import { alertsTitle, alertsUid, subjects } from './subjects.ts'
import type { Unit } from './unit.ts'

const units = { share: 'share', time: 'seconds', size: 'bytes', pace: 'perSecond', count: 'plain' } as const
const printed = { humanizePercentage: 'share', humanizeDuration: 'seconds', humanize1024: 'bytes' } as const
const suffixes = { ratio: 'share', seconds: 'seconds', bytes: 'bytes' } as const
const unitNamed = (table: Readonly<Record<string, Unit>>, name = ''): Unit | undefined =>
  new Map(Object.entries(table)).get(name)

/** Of one metric alone, or of its values over time. */
const simple = /^(?:(?:\w+_over_time|predict_linear)\()?[\w:]*?([a-z]+)(?:\{[^}]*\})?(?:\[[^\]]*\])?(?:, \d+)?\)?$/

/** What the alert itself says, or how its sentence prints the value, or what the metric is named. */
const unitOf = ({ annotations, dimension, comparisons: [first] }: Alert): Unit =>
  (dimension && units[dimension]) ??
  unitNamed(printed, /\$value \| (\w+)/.exec(annotations.summary)?.[1]) ??
  unitNamed(suffixes, simple.exec(first?.value ?? '')?.[1]) ??
  'plain'

/** The labels that its sentence quotes tell its series apart. */
const legendOf = ({ annotations }: Alert) => {
  const quoted = new Set([...annotations.summary.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => `{{${label}}}`))
  return [...quoted].join(' ')
}

const severityOf = ({ labels }: Alert) =>
  new Map<string | undefined, Step['is']>(Object.entries(severityMeaning)).get(labels.severity) ?? 'neutral'

const nothing = 'There is nothing now that it judges'

const words = ({ operator, bound }: Comparison) => `value ${operator} ${typeof bound === 'number' ? bound : 'the line'}`

/** What the alert judges, and from where on it fires. */
const panelOf = (alert: Alert): Panel => {
  const { comparisons, annotations, expr } = alert
  const told = legendOf(alert)
  const legend = told || alert.alert
  // Where what is judged has several series, so has the line.
  const limitName = `${told} fires beyond`.trim()
  const bounds = [...new Set(comparisons.map(({ bound }) => bound))]
  const numbers = bounds.flatMap((bound) => (typeof bound === 'number' ? [bound] : []))
  const lines = bounds.flatMap((bound): readonly Query[] =>
    typeof bound === 'string' ? [{ expr: bound, legend: limitName, emptyWhen: nothing }] : [],
  )
  const judged: readonly Query[] =
    comparisons.length > 0
      ? comparisons.map(({ value }) => ({ expr: value, legend, emptyWhen: nothing }))
      : [{ expr, legend, emptyWhen: 'It fires for what is shown here: nothing' }]
  const fires = comparisons.length > 0 ? [...new Set(comparisons.map(words))].join('` or `') : 'there is a series'
  const [first, ...rest] = numbers
  return timeseries({
    title: alert.id,
    description: [
      alert.runbook?.meaning ?? annotations.action,
      `It fires where this holds for ${alert.for}: \`${fires}\`, and whatever else its rule asks.`,
      ...(alert.threshold ? [`Its threshold is ${alert.threshold.is}.`] : []),
    ].join('\n\n'),
    unit: unitOf(alert),
    // Many ask for every table, statement or route.
    finest: '1m',
    // What holds for less never fires, and what fires has a point beyond the line.
    coarsest: alert.for,
    queries: [...judged, ...lines],
    ...(first !== undefined && {
      limits: numbers.map((from) => ({ from, is: severityOf(alert) })),
      reaches: [0, first, ...rest],
    }),
    ...(lines.length > 0 && { bounds: [limitName] }),
  })
}

const alertsIn = ({ rules }: RuleGroup) => rules.filter(isAlert)

const of = (subject: Subject, groups: readonly RuleGroup[]): Dashboard =>
  dashboard({
    uid: alertsUid(subject),
    title: alertsTitle(subject),
    description: `What each alert about ${subjects[subject].about} judges, and the line beyond which it fires. Each alert leads to its panel here.`,
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

/**
 * The panel that shows what an alert of a subject judges.
 * @throws Error where none does
 */
export const drawnOn = (
  subject: Subject,
  { id }: Pick<Alert, 'id'>,
): { readonly uid: string; readonly panel: number } => {
  const uid = alertsUid(subject)
  const found = alertDashboards.find((one) => one.uid === uid)
  if (!found) throw new Error(`no dashboard shows the alerts of ${subject}`)
  return { uid, panel: panelIdOf(found, id) }
}

/** Adds to each alert the address of the dashboard that shows what it judges, as the label `page`. */
export const withPage = <L extends string>(vector: Expr<L | 'alertname'>): Expr<L | 'alertname' | 'page'> => {
  const files = ruleFiles()
  return namesOf(files).reduce<Expr<L | 'alertname' | 'page'>>(
    (named, subject) => {
      const names = [...new Set(files[subject].flatMap(alertsIn).map(({ alert }) => alert))]
      return labelReplace(named, 'page', alertsUid(subject), 'alertname', names.join('|'))
    },
    labelReplace(vector, 'page', '', 'alertname', '.*'),
  )
}

/** The column of those addresses, which tells what the alerts at each are about. */
export const pageColumn = {
  title: 'Drawn on',
  leadsTo: Object.fromEntries(namesOf(subjects).map((subject) => [alertsUid(subject), subjects[subject].about])),
} as const
