import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { readEnv } from '../../config/env.ts'
import { root, secretsDirOf } from '../plan.ts'
import { filledIn } from './alertmanager.ts'

/** Prints the configuration of a tenant's Alertmanager with its secrets, for whoever sends it to Mimir: docs/mimir.md. */
try {
  const folder = secretsDirOf(readEnv())
  const text = readFileSync(join(root, 'compose/generated/mimir/alertmanager.yml'), 'utf8')
  process.stdout.write(filledIn(text, (path) => readFileSync(join(folder, basename(path)), 'utf8')))
} catch (fault) {
  console.error(`could not fill in the secrets: ${fault instanceof Error ? fault.message : String(fault)}`)
  process.exitCode = 1
}
