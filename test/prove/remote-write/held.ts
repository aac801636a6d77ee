import { alertsOf, ruleFiles } from '../../../alerts/index.ts'
import { allowList, everyExpression } from '../../../compose/mimir/allow-list.ts'
import { models } from '../../../dashboards/index.ts'
import { acknowledgedUntil } from '../../../exporters/incidents/metrics.ts'
import { alerts, alertsForState } from '../../../metrics/foreign.ts'
import type { Definition } from '../../../metrics/metric.ts'
import { everyMetric } from '../../promtool/series.ts'
import { type HouseSeries, house } from '../panels/house.ts'

const size = { statements: 3, tables: 3, indexes: 4, routes: 3, commands: 3, databases: 2 } as const

const namesOf = ({ name, type }: Definition) =>
  type === 'histogram' ? ['_bucket', '_count', '_sum'].map((suffix) => `${name}${suffix}`) : [name]

const listed = new Set(allowList())
/** Rules make them. */
const made: readonly string[] = [alerts.name, alertsForState.name]

/** What is served and nobody reads. */
const unread = (): readonly HouseSeries[] =>
  everyMetric
    .flatMap(namesOf)
    .filter((name) => !listed.has(name) && !made.includes(name))
    .map((name, place) => ({ name, labels: { job: 'exporter', instance: 'exporter' }, kind: 'counter', place }))

/** Somebody answered each alert about PostgreSQL. */
const answered = (): readonly HouseSeries[] =>
  alertsOf(ruleFiles().postgres).map(({ alert, labels: { severity = '', owner = '' } }, place) => ({
    name: acknowledgedUntil.name,
    labels: { alertname: alert, severity, owner, job: 'postgres', instance: 'main', created_by: `somebody-${place}` },
    kind: 'moment',
    place,
  }))

/** All that is scraped: what somebody reads, and what nobody does. */
export const held: readonly HouseSeries[] = [
  ...house(models, size, everyExpression()).filter(({ name }) => !made.includes(name)),
  ...answered(),
  ...unread(),
]
