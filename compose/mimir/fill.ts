import { readEnv } from '../../config/env.ts'
import { filledFor } from './filled.ts'

/** Prints the configuration of a tenant's Alertmanager with its secrets, for whoever sends it to Mimir: docs/mimir.md. */
try {
  process.stdout.write(filledFor(readEnv()))
} catch (fault) {
  console.error(`could not fill in the secrets: ${fault instanceof Error ? fault.message : String(fault)}`)
  process.exitCode = 1
}
