import { isAlert, type RuleGroup } from '../../alerts/alert.ts'
import { ruleFiles } from '../../alerts/index.ts'
import { models } from '../../dashboards/index.ts'
import type { Dashboard } from '../../dashboards/model.ts'
import { alerts, alertsForState } from '../../metrics/foreign.ts'
import { selectedBy } from './selected.ts'

/** Who reads: rules and dashboards. */
export interface Readers {
  readonly groups: readonly RuleGroup[]
  readonly dashboards: readonly Pick<Dashboard, 'uid' | 'json'>[]
}

const ours = (): Readers => ({ groups: Object.values(ruleFiles()).flat(), dashboards: models })

/** What a dashboard asks: its panels, its marks, and the choices in its head. Exemplars are asked for by the panels' own words. */
const askedBy = ({ json }: Readers['dashboards'][number]): readonly string[] => {
  const panels = (json.panels ?? []).flatMap((panel) => ('targets' in panel ? (panel.targets ?? []) : []))
  const asked = panels.flatMap((target) => ('expr' in target ? String(target.expr) : []))
  const marks = (json.annotations?.list ?? []).flatMap(({ expr }) => expr ?? [])
  const choices = (json.templating?.list ?? []).flatMap(({ type, query }) => {
    if (type !== 'query') return []
    const words = typeof query === 'object' ? query.query : query
    const selector = /^label_values\((.+), \w+\)$/.exec(String(words))?.[1]
    if (!selector) throw new Error(`could not tell which series a choice reads: "${words}": ask for label_values(...)`)
    return selector
  })
  return [...asked, ...marks, ...choices]
}

/** Every expression that is evaluated where the series are kept, as PromQL: only Grafana knows its ranges. */
export const everyExpression = ({ groups, dashboards }: Readers = ours()): readonly string[] =>
  [...groups.flatMap(({ rules }) => rules.map(({ expr }) => expr)), ...dashboards.flatMap(askedBy)].map((expr) =>
    expr.replace(/\$__\w+/g, '1m'),
  )

/** What comes about where rules are evaluated, and is never scraped. */
const madeByRules = ({ groups }: Readers): ReadonlySet<string> =>
  new Set([
    alerts.name,
    alertsForState.name,
    ...groups.flatMap(({ rules }) => rules.flatMap((rule) => (isAlert(rule) ? [] : [rule.name]))),
  ])

/**
 * The names of all series that somebody reads and a scrape brings, in the order of the alphabet: nothing else needs to be kept
 * far away. A histogram stands there by those of its series that are read.
 */
export const allowList = (readers: Readers = ours()): readonly string[] => {
  const made = madeByRules(readers)
  const read = everyExpression(readers).flatMap((expr) => selectedBy(expr).map(({ name }) => name))
  return [...new Set(read)].filter((name) => !made.has(name)).sort()
}
