import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { composeDeployment } from '../../compose/deployment.ts'
import { rules } from '../../compose/rules.ts'

/** Writes every generated rule file into a folder, as it is or altered, and returns a pattern for all of them. */
export const writeRuleFiles = (folder: string, altered = (text: string) => text): string => {
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of rules(composeDeployment)) writeFileSync(join(folder, name), altered(text))
  return join(folder, '*.yml')
}
