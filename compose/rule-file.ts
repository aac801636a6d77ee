import type { Alert, RecordingRule, RuleGroup } from '../alerts/alert.ts'

const some = (record: Readonly<Record<string, string>>) => (Object.keys(record).length > 0 ? record : undefined)

const ruleOf = (rule: Alert | RecordingRule) =>
  'alert' in rule
    ? { ...rule, labels: some(rule.labels) }
    : { record: rule.name, expr: rule.expr, labels: some(rule.labels) }

/** What a rule file says, as `promtool check rules` takes it. */
export const ruleFile = (groups: readonly RuleGroup[]) => ({
  groups: groups.map(({ name, rules }) => ({ name, rules: rules.map(ruleOf) })),
})
