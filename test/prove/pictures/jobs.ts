import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { cleanupSetting } from '../../../config/cleanup.ts'
import { readEnv } from '../../../config/env.ts'
import { type RestartSetting, restartSetting } from '../../../config/restart.ts'
import { checkNames } from '../../../config/security.ts'
import { cleanupJob } from '../../../jobs/cleanup/index.ts'
import { findProgram } from '../../../jobs/program.ts'
import { restartJob } from '../../../jobs/restart/index.ts'
import { endsAs, inFolder, runOf, type Shop } from '../alerts/jobs/stand.ts'
import { auditing } from '../alerts/security/stand.ts'
import { aptStand } from '../jobs/apt-stand.ts'
import { bookedDatabase, databaseAlone } from '../jobs/cleanup-stand.ts'
import { pm2Stand } from '../jobs/restart-stand.ts'
import { auditStand } from '../jobs/security-audit-stand.ts'
import { jobOf as securityUpdateOf, securityUpdateStand } from '../jobs/security-update-stand.ts'
import { jobOf as updateOf } from '../jobs/update-job.ts'
import { updateStand } from '../jobs/update-stand.ts'

type Run = (shop: Shop, records: string) => Promise<unknown>

/** An apt of its own, for which an update waits. */
const waitingUpdate = (folder: string) => {
  const apt = aptStand(folder)
  const [installed, newer] = [apt.build('a-library', '1.0-1'), apt.build('a-library', '1.0-1+deb12u1')]
  apt.install(installed)
  apt.publish(installed, newer)
  return apt.variables
}

const audit: Run = async (shop, records) => {
  const stand = await auditStand(shop)
  const refused = `${new Date().toISOString()} host sshd[1]: Failed password for root from 203.0.113.9 port 1 ssh2\n`
  appendFileSync(stand.log, refused.repeat(12))
  const { auditAsProgram } = auditing(shop, {
    instance: 'audit',
    checks: checkNames,
    env: { ...stand.task.env, JOBS_DIR: records },
    settings: stand.task.settings,
  })
  try {
    await auditAsProgram(findProgram('apt-get') === undefined ? {} : waitingUpdate(join(shop.folder, 'apt')))
  } finally {
    stand.end()
  }
}

/** On a database of its own: in the demo's, a fault may hold the rows that it would remove. */
const cleanup: Run = async (shop, records) => {
  const { url } = await shop.postgres()
  const client = await bookedDatabase(url)
  const env = readEnv({ JOBS_DATABASE_URL: url, JOBS_DIR: records })
  const what = databaseAlone({}, { ...cleanupSetting.ceilings, reservations: 10_000 })
  try {
    await endsAs(runOf(cleanupJob(env, { what }), records), 'succeeded')
  } finally {
    await client.end()
  }
}

const securityUpdate: Run = async (shop, records) => {
  const stand = await securityUpdateStand(shop)
  try {
    await stand.using('leaky')
    await stand.driver.restart(new AbortController().signal)
    const task = { ...stand.task, env: { ...stand.task.env, JOBS_DIR: records } }
    await endsAs(runOf(securityUpdateOf(task), records), 'succeeded')
  } finally {
    await stand.end()
  }
}

const restart: Run = async (shop, records) => {
  const { end, process: name, home, url, hang } = await pm2Stand(shop)
  const how: RestartSetting = {
    ...{ ...restartSetting, driver: { by: 'pm2', process: name, home } },
    ...{ failures: 1, secondsBetween: 0, readySeconds: 10, attempts: 2, pauseSeconds: 1 },
  }
  try {
    await hang()
    await endsAs(runOf(restartJob(readEnv({ API_URL: url, JOBS_DIR: records }), { how }), records), 'succeeded')
  } finally {
    await end()
  }
}

const update: Run = async (shop, records) => {
  const stand = await updateStand(shop)
  try {
    stand.origin.push({ version: '1.1.0' })
    const task = stand.task()
    const job = updateOf({ ...task, env: { ...task.env, JOBS_DIR: records } })
    await endsAs(runOf(job, records), 'succeeded')
  } finally {
    await stand.end()
  }
}

const runs: Readonly<Record<string, Run>> = { audit, cleanup, 'security-update': securityUpdate, restart, update }

/** Real runs of the jobs that the demo has nothing for, on stands of their own; what they leave is left in `records`. */
export const runOthers = async (shop: Shop, records: string): Promise<void> => {
  for (const [name, run] of Object.entries(runs)) await run(inFolder(shop, name), records)
}
