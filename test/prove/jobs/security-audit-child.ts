import { readEnv } from '../../../config/env.ts'
import { runJob } from '../../../jobs/runner.ts'
import { securityAuditJob } from '../../../jobs/security-audit/index.ts'
import type { Task } from './security-audit-stand.ts'

/** One run of the audit, in a process that can be killed. */
const { env: given, settings }: Task = JSON.parse(process.env.TASK ?? '{}')
const env = readEnv(given)
const tell = (words: string) => console.log(words)
const { signal } = new AbortController()
const { outcome } = await runJob(securityAuditJob(env, { settings }), { folder: env.JOBS_DIR, signal, tell })
process.exit(outcome === 'succeeded' ? 0 : 1)
