import type { Look } from '../alert.ts'
import { jobsDir } from '../jobs/looks.ts'

/** The readable report of the audit: what each check found. */
export const report: Look = {
  look: 'What the last audit found, and what could not be looked at',
  shell: `jq -r '.words, .failures[]' "$(ls ${jobsDir}/security-audit/records/*.json | tail -n 1)"`,
}

/** It only reads. */
export const auditAgain: Look = {
  look: 'Look again, now: it only reads. Done well, it ends the alert',
  shell: 'npm run job -- security-audit',
}
