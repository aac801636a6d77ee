import type { Env } from '../config/env.ts'
import { type JobName, jobNames } from '../config/jobs.ts'
import { restartSetting } from '../config/restart.ts'
import { backupConfigurationJob, backupFilesJob, backupJob } from './backup/index.ts'
import { cleanupJob } from './cleanup/index.ts'
import type { Job } from './job.ts'
import { driverOf } from './restart/driver.ts'
import { restartJob } from './restart/index.ts'
import { restoreTestJob } from './restore-test/index.ts'
import { securityAuditJob } from './security-audit/index.ts'
import { securityUpdateJob } from './security-update/index.ts'
import { updateJob } from './update/index.ts'

type Opener = (env: Env) => Job

/** How each job is made. Nothing is connected, and nothing looked at, before it is planned. */
const openers: Readonly<Partial<Record<JobName, Opener>>> = {
  backup: (env) => backupJob(env),
  'backup-files': (env) => backupFilesJob(env),
  'backup-configuration': (env) => backupConfigurationJob(env),
  'restore-test': (env) => restoreTestJob(env),
  cleanup: (env) => cleanupJob(env),
  restart: (env) => restartJob(env),
  update: (env) => updateJob(env, { backup: backupJob(env), driver: driverOf(restartSetting.driver) }),
  'security-audit': (env) => securityAuditJob(env),
  'security-update': (env) => securityUpdateJob(env, { driver: driverOf(restartSetting.driver) }),
}

/** Every job, with what the environment says of its places and logins. */
export const openJobs = (env: Env): ReadonlyMap<JobName, Job> =>
  new Map(
    jobNames.flatMap((name) => {
      const open = openers[name]
      return open ? [[name, open(env)] as const] : []
    }),
  )
