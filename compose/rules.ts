import type { RuleGroup } from '../alerts/alert.ts'
import { ruleFiles, type Subject } from '../alerts/index.ts'
import { namesOf } from '../metrics/names.ts'
import type { Deployment } from './deployment.ts'
import { linksOf } from './links.ts'
import { ruleFile } from './rule-file.ts'
import { yaml } from './yaml.ts'

/** Rule files by name, each alert with its links. */
export const rules = (
  deployment: Pick<Deployment, 'dashboards'>,
  files: Readonly<Record<Subject, readonly RuleGroup[]>> = ruleFiles(),
): ReadonlyMap<string, string> =>
  new Map(
    namesOf(files).map((subject) => [`${subject}.yml`, yaml(ruleFile(files[subject], linksOf(subject, deployment)))]),
  )
