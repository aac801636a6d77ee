import { isAlert } from '../../../alerts/alert.ts'
import { ruleFiles } from '../../../alerts/index.ts'
import { nodesOf, textOf } from '../promql-edit.ts'

const rules = Object.values(ruleFiles())
  .flat()
  .flatMap((group) => group.rules)
const recorded = new Set(rules.flatMap((rule) => (isAlert(rule) ? [] : [rule.name])))

/** Names of all series that a rule reads of a target: what rules record is none. */
export const askedNames: readonly string[] = [
  ...new Set(rules.flatMap(({ expr }) => nodesOf(expr, ['Identifier']).map((node) => textOf(expr, node)))),
]
  .filter((name) => !recorded.has(name))
  .sort()
