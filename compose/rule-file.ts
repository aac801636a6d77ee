import type { Alert, RuleGroup } from '../alerts/alert.ts'

const some = (record: Readonly<Record<string, string>>) => (Object.keys(record).length > 0 ? record : undefined)

/** Added to what an alert says: where to read on. */
export type Links = (alert: Alert) => Readonly<Record<string, string>>
const noLinks: Links = () => ({})

const alerting = (one: Alert, links: Links) => ({
  alert: one.alert,
  expr: one.expr,
  for: one.for,
  ...(one.keepFiringFor && { keep_firing_for: one.keepFiringFor }),
  labels: some(one.labels),
  annotations: { ...one.annotations, ...links(one) },
})

/** What a rule file says, as `promtool check rules` takes it. */
export const ruleFile = (groups: readonly RuleGroup[], links: Links = noLinks) => ({
  groups: groups.map(({ name, interval, rules }) => ({
    name,
    ...(interval && { interval }),
    rules: rules.map((rule) =>
      'alert' in rule ? alerting(rule, links) : { record: rule.name, expr: rule.expr, labels: some(rule.labels) },
    ),
  })),
})
