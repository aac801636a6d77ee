import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Env } from '../../config/env.ts'
import { type JobSetting, jobs } from '../../config/jobs.ts'
import { services } from '../../config/targets.ts'
import { type SecurityUpdateSettings, securityUpdateSettings, updateSettings } from '../../config/update.ts'
import { wordsOf } from '../../exporters/failure.ts'
import { placesOf } from '../../exporters/jobs/folder.ts'
import { securityInstalled, securityLeft, securityRolledBack } from '../../exporters/jobs/security-update.ts'
import { within } from '../../exporters/time-limit.ts'
import { type Job, Refused, type Run } from '../job.ts'
import { findProgram } from '../program.ts'
import type { Driver } from '../restart/driver.ts'
import { whileNoneRuns } from '../update/alone.ts'
import { healthyWith } from '../update/health.ts'
import { isHalfFixed, packagesOf } from './packages.ts'
import { type PendingUpdate, pendingUpdates, type UpdateSource } from './pending.ts'
import { restartDue } from './restart-due.ts'
import { type System, systemOf } from './system.ts'

interface Options {
  readonly driver: Driver
  readonly settings?: SecurityUpdateSettings
  readonly setting?: JobSetting
}

/** What is fixed of the application. */
interface Application {
  readonly folder: string
  readonly npm: string
  readonly waiting: readonly PendingUpdate[]
}

interface Planned {
  readonly env: Env
  readonly settings: SecurityUpdateSettings
  readonly driver: Driver
  readonly system: System | undefined
  readonly application: Application | undefined
  readonly url: string
}

/**
 * Installs security updates that wait, of the system and of the application's packages, and restarts the API behind them.
 * What was installed of packages is taken back where the API is not healthy then.
 */
export const securityUpdateJob = (
  env: Env,
  { driver, settings = securityUpdateSettings, setting = jobs['security-update'] }: Options,
): Job => ({
  name: 'security-update',
  setting,
  plan: async (signal) => {
    const planned = await look({ env, settings, driver }, signal)
    return { steps: stepsOf(planned), run: (run) => whileNoneRuns(env.JOBS_DIR, ['update'], () => work(planned, run)) }
  },
})

const look = async ({ env, settings, driver }: Pick<Planned, 'env' | 'settings' | 'driver'>, signal: AbortSignal) => {
  const faults: string[] = []
  const attempt = async <T>(looking: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await looking()
    } catch (cause) {
      signal.throwIfAborted()
      faults.push(...(cause instanceof Refused ? cause.faults : [wordsOf(cause)]))
      return undefined
    }
  }
  if (env.API_URL === undefined)
    faults.push('API_URL is not set: set it to where the API answers, such as http://127.0.0.1:3000')
  await attempt(() => driver.check(signal))
  const system = await attempt(() => systemOf(settings, signal))
  const application = settings.npm === 'none' ? undefined : await attempt(() => applicationOf(env, signal))
  if (faults.length > 0 || env.API_URL === undefined) throw new Refused(faults)
  return { env, settings, driver, system, application, url: `${env.API_URL.replace(/\/$/, '')}${services.api.health}` }
}

const applicationOf = async ({ API_DIR, JOBS_DIR }: Env, signal: AbortSignal): Promise<Application> => {
  if (API_DIR === undefined)
    throw new Refused(["API_DIR is not set: set it to the API's checkout, or `npm` in config/update.ts to none"])
  const folder = resolve(API_DIR)
  const missing = ['package.json', 'package-lock.json'].filter((name) => !existsSync(join(folder, name)))
  if (missing.length > 0)
    throw new Refused(missing.map((name) => `${folder} has no ${name}: set API_DIR to the checkout of the API`))
  const npm = findProgram('npm')
  if (npm === undefined) throw new Refused(['there is no npm on PATH: install it with Node'])
  if (await isHalfFixed(placesOf(JOBS_DIR, 'security-update').own)) return { folder, npm, waiting: [] }
  return { folder, npm, waiting: await waitingIn(folder, signal) }
}

const waitingIn = async (folder: string, signal: AbortSignal): Promise<readonly PendingUpdate[]> => {
  const { npm } = await pendingUpdates({ folder, signal, listsDays: 0 })
  if (npm.state === 'known') return npm.updates
  throw new Refused([`nobody knows what waits for the packages: ${npm.why}`])
}

const stepsOf = ({ settings, system, application, driver, url }: Planned): readonly string[] => {
  const alone =
    settings.system === 'none'
      ? 'leave the system alone'
      : 'leave the system alone: there is no apt-get here, so it is no Debian'
  const waiting = application?.waiting ?? []
  return [
    ...(system?.steps ?? [alone]),
    ...(application === undefined
      ? ['leave the packages alone']
      : waiting.length === 0
        ? [`nothing in ${application.folder}: npm audit knows of nothing that it can fix by itself`]
        : [`npm audit fix in ${application.folder}, for: ${waiting.map(({ words }) => words).join(', ')}`]),
    `where anything was installed: ${driver.words}, and wait up to ${settings.minutes.healthy} minutes for ${url}; where the API is not healthy then, bring the packages back`,
  ]
}

const work = async (planned: Planned, run: Run): Promise<string> => {
  const { system, application } = planned
  const done: string[] = []
  const tell = (source: UpdateSource, before: readonly PendingUpdate[], after: readonly PendingUpdate[]) => {
    const left = new Set(after.map(({ name }) => name))
    const installed = before.filter(({ name }) => !left.has(name))
    run.measured(securityInstalled.sample(installed.length, { source }), securityLeft.sample(after.length, { source }))
    if (installed.length > 0) done.push(`${source}: ${installed.map(({ words }) => words).join(', ')}`)
    if (after.length > 0)
      run.failure(
        `${source}: these wait still, and have to be installed by hand: ${after.map(({ words }) => words).join(', ')}`,
      )
    return installed.length
  }
  const packages = application && packagesFor(planned, application)
  await packages?.settle(run)
  if (system) {
    const due = restartDue(ownOf(planned))
    const wasDue = due.isNoted()
    if (wasDue) run.step('a run was ended behind what it installed of the system: the API is restarted in any case')
    const { before, after } = await system.apply(run, due.note)
    if (tell('system', before, after) > 0 || wasDue) await healthy(planned, run)
    await due.forget()
  }
  if (packages && application) {
    const before = await waitingIn(application.folder, run.signal)
    if (before.length > 0) await fixed(packages, run)
    tell('npm', before, before.length > 0 ? await waitingIn(application.folder, run.signal) : [])
  }
  return done.length > 0 ? `installed ${done.join('; ')}` : 'nothing waited'
}

const fixed = async (packages: ReturnType<typeof packagesOf>, run: Run) => {
  try {
    await packages.fix(run)
    run.measured(securityRolledBack.sample(0))
  } catch (cause) {
    run.signal.throwIfAborted()
    run.measured(securityRolledBack.sample(1))
    throw cause
  }
}

const ownOf = ({ env }: Planned) => resolve(placesOf(env.JOBS_DIR, 'security-update').own)

const packagesFor = (planned: Planned, { folder, npm }: Application) =>
  packagesOf({
    folder,
    npm,
    own: ownOf(planned),
    install: updateSettings.install,
    minutes: planned.settings.minutes.npm,
    healthy: (run) => healthy(planned, run),
  })

const healthy = async ({ driver, url, settings }: Planned, run: Run): Promise<void> => {
  const { minutes } = settings
  run.step(driver.words)
  await driver.restart(within(minutes.healthy * 60_000, run.signal))
  await healthyWith({ url, versions: undefined, minutes: minutes.healthy, signal: run.signal, progress: run.progress })
}
