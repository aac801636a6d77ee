import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createServer } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { readEnv } from '../../../config/env.ts'
import { type SecuritySettings, security } from '../../../config/security.ts'
import type { JobRecord } from '../../../exporters/jobs/record.ts'
import { runJob } from '../../../jobs/runner.ts'
import { securityAuditJob } from '../../../jobs/security-audit/index.ts'
import { authority } from '../../integration/certificates.ts'
import { portOfServer, registry } from '../../integration/security-stand.ts'
import type { Shop } from './case.ts'

/** What a run is given, in its own process or in ours. */
export interface Task {
  readonly env: Readonly<Record<string, string>>
  readonly settings: SecuritySettings
}

/** How somebody follows a run of ours, and ends it. */
interface Watched {
  readonly signal: AbortSignal
  readonly tell: (words: string) => void
}

export const auditChild = fileURLToPath(new URL('security-audit-child.ts', import.meta.url))
export const strong = 'k39dkqlw-2d03kdlq'

/** Servers, a folder, a log and an endpoint, on which there is nothing to find. */
export const auditStand = async (shop: Shop) => {
  const [database, cache] = [await shop.postgres(), await shop.redis({ password: strong })]
  const packages = await registry({ lodash: [{ title: 'x', severity: 'high', vulnerable_versions: '<4.17.12' }] })
  const folder = join(shop.folder, 'application')
  mkdirSync(folder)
  const own = { name: 'app', version: '1.0.0' }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(own))
  writeFileSync(
    join(folder, 'package-lock.json'),
    JSON.stringify({ ...own, lockfileVersion: 3, packages: { '': own } }),
  )
  writeFileSync(join(folder, '.npmrc'), `registry=${packages.url}\n`)
  writeFileSync(join(folder, '.env'), `API_PASSWORD=${strong}\n`)
  const log = join(shop.folder, 'auth.log')
  writeFileSync(log, '')
  const ours = authority(join(shop.folder, 'authority'), 'our authority')
  const { cert, key } = ours.issue('site', ['localhost'], 90)
  const site = createServer({ cert, key }, (socket) => socket.end()).listen(0, '127.0.0.1')
  await once(site, 'listening')
  const endpoint = `localhost:${portOfServer(site)}`
  const jobsDir = join(shop.folder, 'maintenance')
  const task: Task = {
    env: {
      JOBS_DIR: jobsDir,
      SECRETS_DIR: join(shop.folder, 'no-secrets'),
      DATABASE_URL: database.url,
      REDIS_URL: cache.url,
      AUDIT_ENDPOINTS: endpoint,
      AUDIT_TLS_CA: ours.certFile,
    },
    settings: {
      ...security,
      off: { updates: 'it asks the package lists of the machine', ports: 'others listen on the machine as well' },
      npm: { ...security.npm, folders: [folder] },
      permissions: { ...security.permissions, folders: [folder] },
      logins: { ...security.logins, files: [log] },
      passwords: { ...security.passwords, files: [join(folder, '.env')] },
      redis: { ...security.redis, users: { default: { commands: 'all', reason: 'the only one' } } },
    },
  }
  const report = join(jobsDir, 'security-audit', 'report.md')
  return {
    task,
    folder,
    log,
    endpoint,
    database,
    cache,
    site,
    report: () => ({ text: readFileSync(report, 'utf8'), mode: statSync(report).mode & 0o777 }),
    run: ({ env: given, settings }: Task = task, more: Partial<Watched> = {}): Promise<JobRecord> => {
      const env = readEnv(given)
      const { signal = new AbortController().signal, tell = () => undefined } = more
      return runJob(securityAuditJob(env, { settings }), { folder: env.JOBS_DIR, signal, tell })
    },
    child: () => started(task),
    end: () => {
      packages.close()
      site.close()
    },
  }
}

const started = (task: Task) => {
  const child = spawn(process.execPath, ['--import', 'tsx', auditChild], {
    env: { ...process.env, TASK: JSON.stringify(task) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close')
  return {
    /** Killed as soon as it says something like this. */
    killedAt: async (words: string) => {
      for await (const line of createInterface({ input: child.stdout })) {
        if (line.includes(words)) child.kill('SIGKILL')
      }
      const [, signal] = await ended
      return signal === 'SIGKILL'
    },
  }
}
