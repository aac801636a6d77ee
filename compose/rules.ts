import type { Alert, RecordingRule, RuleGroup } from '../alerts/alert.ts'
import { ruleFiles } from '../alerts/index.ts'
import { yaml } from './yaml.ts'

const some = (record: Readonly<Record<string, string>>) => (Object.keys(record).length > 0 ? record : undefined)

const printRule = (rule: Alert | RecordingRule) =>
  'alert' in rule
    ? { ...rule, labels: some(rule.labels) }
    : { record: rule.name, expr: rule.expr, labels: some(rule.labels) }

/** Rule files by name, as `promtool check rules` takes them. */
export const rules = (
  files: Readonly<Record<string, readonly RuleGroup[]>> = ruleFiles(),
): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(files).map(([name, groups]) => [
      `${name}.yml`,
      yaml({ groups: groups.map((group) => ({ name: group.name, rules: group.rules.map(printRule) })) }),
    ]),
  )
