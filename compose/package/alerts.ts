import type { RuleGroup } from '../../alerts/alert.ts'
import { ruleFile } from '../rule-file.ts'
import { plainYaml } from '../yaml.ts'

export { type Alert, alertOf as alert, type RecordingRule, type RuleGroup, type Said } from '../../alerts/alert.ts'

/** The text of a rule file of Prometheus. */
export const printRules = (groups: readonly RuleGroup[]): string => plainYaml(ruleFile(groups))
