import { mkdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Env } from '../../config/env.ts'
import { jobs } from '../../config/jobs.ts'
import { type CheckName, notInContainers, type SecuritySettings, security } from '../../config/security.ts'
import { wordsOf } from '../../exporters/failure.ts'
import { placesOf } from '../../exporters/jobs/folder.ts'
import { measuredBy, securityCheckRan, securityFindings } from '../../exporters/jobs/security.ts'
import { replaceFile } from '../../exporters/replace-file.ts'
import type { Job, Run } from '../job.ts'
import { certificates, httpsEndpoints } from './certificates.ts'
import { type Check, counted, isLeftOut, type Planned, type Seen } from './check.ts'
import { logins } from './logins.ts'
import { npmAudit } from './npm-audit.ts'
import { passwords } from './passwords.ts'
import { permissions } from './permissions.ts'
import { ports } from './ports.ts'
import { postgresRoles } from './postgres-roles.ts'
import { redisAcl } from './redis-acl.ts'
import { redisOf } from './redis-session.ts'
import { type Audit, type Done, reportOf, summaryOf } from './report.ts'
import { updates } from './updates.ts'

interface More {
  readonly settings?: SecuritySettings
  /** Milliseconds that one check may take; the others get their turn all the same. */
  readonly patience?: number
  readonly now?: () => number
}

/** Under the time after which a run without a sign of progress counts as hanging. */
const usualPatience = 8 * 60_000

/**
 * Looks for what is amiss, and changes nothing. A check that could not look at everything fails the run, as nobody knows
 * what it did not see; what the checks found does not. A check that nothing is configured for is left out, and the report
 * says so.
 */
export const securityAuditJob = (env: Env, more: More = {}): Job => {
  const { settings = security, patience = usualPatience, now = Date.now } = more
  const { own } = placesOf(env.JOBS_DIR, 'security-audit')
  return {
    name: 'security-audit',
    setting: jobs['security-audit'],
    plan: async () => {
      const planned = (await checksOf(env, settings, own)).map((one): Planned => {
        const leftOut = whyNot(one.name, settings, env)
        return leftOut === undefined ? one : { name: one.name, leftOut }
      })
      const leftOut = planned.filter(isLeftOut)
      const checks = planned.filter((one): one is Check => !isLeftOut(one))
      const report = join(own, 'report.md')
      return {
        steps: [
          ...checks.map(({ name, subjects }) => `${name}: ${subjects.join('; ')}`),
          ...leftOut.map((one) => `leaves out ${one.name}: ${one.leftOut}`),
          `writes the report to ${report}`,
        ],
        run: async (run) => {
          const done: Done[] = []
          for (const check of checks) {
            run.step(`looks at ${check.name}`)
            done.push({ name: check.name, seen: told(run, check, await looked(check, run, patience)) })
          }
          for (const { name } of leftOut) run.nothing(...measuredBy[name])
          const audit: Audit = { at: new Date(now()), machine: hostname(), done, leftOut }
          await mkdir(own, { recursive: true, mode: 0o755 })
          await replaceFile(report, reportOf(audit))
          run.step(`${summaryOf(audit)} The report is in ${report}`)
          return summaryOf(audit)
        },
      }
    },
  }
}

const machines: Readonly<Partial<Record<CheckName, string>>> = notInContainers

/** Why a check is not made here, whatever it would look at. */
const whyNot = (name: CheckName, { off }: SecuritySettings, { JOBS_IN_CONTAINER: inContainer }: Env) => {
  if (off[name] !== undefined) return `config/security.ts switches it off: ${off[name]}`
  // Ports of other machines can be tried from a container as well: that check leaves out the own ones by itself.
  return inContainer === undefined || name === 'ports' ? undefined : machines[name]
}

const checksOf = async (env: Env, settings: SecuritySettings, own: string): Promise<readonly Planned[]> => {
  const databaseUrl = env.JOBS_DATABASE_URL ?? env.DATABASE_URL
  const application = env.API_DIR === undefined ? [] : [env.API_DIR]
  const { npm } = settings
  const urls = [env.API_URL, env.API_METRICS_URL, env.ALERTMANAGER_URL, env.PROMETHEUS_URL, env.PAYMENTS_URL]
  const reachedAt = [env.PROMETHEUS_PUBLIC_URL, env.ALERTMANAGER_PUBLIC_URL, env.GRAFANA_PUBLIC_URL]
  const endpoints = [...httpsEndpoints([...urls, ...reachedAt]), ...(env.AUDIT_ENDPOINTS ?? [])]
  return [
    npmAudit({ folders: [...new Set([...npm.folders, ...application])], settings: npm, scratch: join(own, 'npm') }),
    certificates({
      endpoints: [...new Set(endpoints)],
      authorities: env.AUDIT_TLS_CA,
      settings: settings.certificates,
    }),
    ports({
      hosts: env.AUDIT_HOSTS ?? [],
      settings: settings.ports,
      inContainer: env.JOBS_IN_CONTAINER !== undefined,
    }),
    permissions({
      folders: [...new Set([...settings.permissions.folders, ...application])],
      settings: settings.permissions,
    }),
    await logins({ settings: settings.logins }),
    passwords({ env, databaseUrl, settings }),
    postgresRoles({ url: databaseUrl, settings: settings.postgres }),
    redisAcl({ server: redisOf(env), settings: settings.redis }),
    updates({ folder: env.API_DIR, seconds: npm.seconds }),
  ]
}

/** What a check saw, whatever happens to it. */
const looked = async ({ look }: Check, { signal, progress }: Run, patience: number): Promise<Seen> => {
  const late = AbortSignal.timeout(patience)
  const both = AbortSignal.any([signal, late])
  const ended = new Promise<never>((_, reject) => {
    both.addEventListener('abort', () => reject(new Error('it took too long')), { once: true })
  })
  try {
    // One that does not hear that it should end holds nobody up.
    return await Promise.race([look({ signal: both, progress }), ended])
  } catch (cause) {
    signal.throwIfAborted()
    const why = late.aborted ? `it was not done after ${patience / 60_000} minutes` : wordsOf(cause)
    return { findings: [], failures: [why], notes: [], samples: [] }
  }
}

const told = (run: Run, { name }: Check, seen: Seen): Seen => {
  const { findings, failures, samples } = seen
  const labels = { check: name }
  const found = { ...securityFindings, sample: (value: number) => securityFindings.sample(value, labels) }
  run.measured(
    securityCheckRan.sample(failures.length === 0 ? 1 : 0, labels),
    ...counted(found, findings.length, failures),
    ...samples,
  )
  // Where it saw everything, what it does not tell of is not there: an endpoint, a source of updates.
  const gone = measuredBy[name].filter((metric) => !samples.some((one) => one.metric.name === metric.name))
  if (failures.length === 0) run.nothing(...gone)
  for (const failure of failures) run.failure(`${name} could not look at everything: ${failure}`)
  return seen
}
