import type { Look } from '../alert.ts'
import { jobsDir } from '../jobs/looks.ts'

/** The readable report of the audit: what each check found, what could not be looked at, and what to do. */
export const report: Look = {
  look: 'What the last audit found, what it could not look at, and what to do about each',
  shell: `cat ${jobsDir}/security-audit/report.md`,
}

/** It only reads. */
export const auditAgain: Look = {
  look: 'Look again, now: it only reads. Done well, it ends the alert',
  shell: 'npm run job -- security-audit',
}
