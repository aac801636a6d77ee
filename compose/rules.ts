import type { RuleGroup } from '../alerts/alert.ts'
import { ruleFiles } from '../alerts/index.ts'
import { ruleFile } from './rule-file.ts'
import { yaml } from './yaml.ts'

/** Rule files by name. */
export const rules = (
  files: Readonly<Record<string, readonly RuleGroup[]>> = ruleFiles(),
): ReadonlyMap<string, string> =>
  new Map(Object.entries(files).map(([name, groups]) => [`${name}.yml`, yaml(ruleFile(groups))]))
