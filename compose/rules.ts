import type { RuleGroup } from '../alerts/alert.ts'
import { ruleFiles, type Subject } from '../alerts/index.ts'
import { namesOf } from '../metrics/names.ts'
import type { Deployment } from './deployment.ts'
import { linksOf } from './links.ts'
import { ruleFile } from './rule-file.ts'
import { yaml } from './yaml.ts'

/** What rule files say, by their subject, each alert with its links. */
export const plainRules = (
  deployment: Pick<Deployment, 'dashboards'>,
  files: Readonly<Record<Subject, readonly RuleGroup[]>> = ruleFiles(),
): ReadonlyMap<Subject, ReturnType<typeof ruleFile>> =>
  new Map(namesOf(files).map((subject) => [subject, ruleFile(files[subject], linksOf(subject, deployment))]))

/** Rule files by name. */
export const rules = (...given: Parameters<typeof plainRules>): ReadonlyMap<string, string> =>
  new Map([...plainRules(...given)].map(([subject, said]) => [`${subject}.yml`, yaml(said)]))
