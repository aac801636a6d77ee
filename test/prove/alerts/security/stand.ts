import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { readEnv } from '../../../../config/env.ts'
import { type CheckName, checkNames, type SecuritySettings, security } from '../../../../config/security.ts'
import type { JobRecord } from '../../../../exporters/jobs/record.ts'
import { securityAuditJob } from '../../../../jobs/security-audit/index.ts'
import { auditChild, type Task } from '../../jobs/security-audit-stand.ts'
import { runOf, type Shop } from '../jobs/stand.ts'

const run = promisify(execFile)

interface Auditing {
  readonly instance: string
  /** The checks that are made; no other is. */
  readonly checks: readonly CheckName[]
  readonly env?: Readonly<Record<string, string>>
  readonly settings?: Partial<SecuritySettings>
}

/** Audits of some checks, in a folder of jobs of their own. */
export const auditing = (shop: Shop, { instance, checks, env = {}, settings = {} }: Auditing) => {
  const folder = join(shop.folder, `jobs-${instance}`)
  const off = Object.fromEntries(
    checkNames.filter((name) => !checks.includes(name)).map((name) => [name, 'another scene']),
  )
  const variables = { JOBS_DIR: folder, SECRETS_DIR: join(shop.folder, 'no-secrets'), ...env }
  const read = readEnv(variables)
  const task: Task = { env: variables, settings: { ...security, ...settings, off } }
  return {
    watched: { [instance]: { folder } },
    audit: (): Promise<JobRecord> => runOf(securityAuditJob(read, { settings: task.settings }), folder),
    /** The same in a process with these variables, which the programs that it asks have as well. */
    auditAsProgram: async (more: Readonly<Record<string, string>>) => {
      const given = { ...process.env, ...more, TASK: JSON.stringify(task) }
      await run(process.execPath, ['--import', 'tsx', auditChild], { env: given })
    },
  }
}
