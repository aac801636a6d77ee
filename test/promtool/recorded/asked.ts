import { isAlert } from '../../../alerts/alert.ts'
import { ruleFiles } from '../../../alerts/index.ts'
import { acknowledgedUntil, alertAcknowledged } from '../../../exporters/incidents/metrics.ts'
import { alerts, alertsForState } from '../../../metrics/foreign.ts'
import { nodesOf, textOf } from '../promql-edit.ts'

/** They have the labels of whichever alert they are about, and Prometheus itself makes the first two. */
export const ofAlerts: readonly string[] = [
  alerts.name,
  alertsForState.name,
  alertAcknowledged.name,
  acknowledgedUntil.name,
]

const rules = Object.values(ruleFiles())
  .flat()
  .flatMap((group) => group.rules)
const recorded = new Set(rules.flatMap((rule) => (isAlert(rule) ? [] : [rule.name])))

/** Names of all series that a rule reads of a target, with labels of their own: what rules record is none. */
export const askedNames: readonly string[] = [
  ...new Set(rules.flatMap(({ expr }) => nodesOf(expr, ['Identifier']).map((node) => textOf(expr, node)))),
]
  .filter((name) => !recorded.has(name) && !ofAlerts.includes(name))
  .sort()
