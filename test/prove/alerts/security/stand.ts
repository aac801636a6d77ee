import { join } from 'node:path'
import { readEnv } from '../../../../config/env.ts'
import { type CheckName, checkNames, type SecuritySettings, security } from '../../../../config/security.ts'
import type { JobRecord } from '../../../../exporters/jobs/record.ts'
import { securityAuditJob } from '../../../../jobs/security-audit/index.ts'
import { runOf, type Shop } from '../jobs/stand.ts'

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
  const read = readEnv({ JOBS_DIR: folder, SECRETS_DIR: join(shop.folder, 'no-secrets'), ...env })
  return {
    watched: { [instance]: { folder } },
    audit: (): Promise<JobRecord> =>
      runOf(securityAuditJob(read, { settings: { ...security, ...settings, off } }), folder),
  }
}
