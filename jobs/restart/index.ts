import { setTimeout as delay } from 'node:timers/promises'
import type { Env } from '../../config/env.ts'
import { type JobSetting, jobs } from '../../config/jobs.ts'
import { type RestartSetting, restartSetting } from '../../config/restart.ts'
import { services } from '../../config/targets.ts'
import { wordsOf } from '../../exporters/failure.ts'
import { placesOf } from '../../exporters/jobs/folder.ts'
import { type Job, type Plan, Refused } from '../job.ts'
import { type Driver, driverOf, isHealthy } from './driver.ts'
import { lately, readState, type State } from './state.ts'
import { watch } from './watch.ts'

interface More {
  readonly setting?: JobSetting
  readonly how?: RestartSetting
  /** The one that `how` names, where nothing else is said. */
  readonly driver?: Driver
  readonly now?: () => number
}

/**
 * Looks at the API's `/health`, and restarts it where that fails again and again: waits until it is healthy, however long
 * or short that takes, tries again with longer and longer pauses, and gives up, which pages somebody. Having given up it
 * tries no more until the API was healthy again, or an hour is over. While the job `update` runs it leaves the API alone.
 *
 * Any answer but 200 counts as a failure, as for the handbook's `curl -f`. An address that also answers for the database
 * would have the API restarted when the database is down: watch one that answers for the process alone.
 */
export const restartJob = (
  env: Env,
  { setting = jobs.restart, how = restartSetting, driver = driverOf(how.driver), now = Date.now }: More = {},
): Job => ({
  name: 'restart',
  setting,
  plan: async (signal: AbortSignal): Promise<Plan> => {
    const folder = placesOf(env.JOBS_DIR, 'restart').own
    const { url, state } = await looked(env, folder, driver, signal)
    const healthy = await isHealthy(url, signal)
    return {
      steps: stepsOf({ url, healthy, how, driver, state, now: now() }),
      run: (run) => watch({ url, how, driver, folder, jobsFolder: env.JOBS_DIR, state, now, pause }, run),
    }
  },
})

/** @throws Refused naming every fault at once */
const looked = async (env: Env, folder: string, driver: Driver, signal: AbortSignal) => {
  const faults: string[] = []
  const told = (cause: unknown) => {
    signal.throwIfAborted()
    faults.push(...(cause instanceof Refused ? cause.faults : [wordsOf(cause)]))
    return undefined
  }
  const url = healthOf(env)
  if (url === undefined) faults.push('API_URL is missing: it names the API whose health is looked at')
  const [state] = await Promise.all([readState(folder).catch(told), driver.check(signal).catch(told)])
  if (url === undefined || state === undefined || faults.length > 0) throw new Refused(faults)
  return { url, state }
}

const pause = async (milliseconds: number, signal: AbortSignal) => {
  await delay(milliseconds, undefined, { signal })
}

const healthOf = ({ API_URL: url }: Env) =>
  url === undefined ? undefined : `${url.replace(/\/$/, '')}${services.api.health}`

interface Looked {
  readonly url: string
  readonly healthy: boolean
  readonly how: RestartSetting
  readonly driver: Driver
  readonly state: State
  readonly now: number
}

const stepsOf = ({ url, healthy, how, driver, state, now }: Looked): readonly string[] => {
  const { failures, secondsBetween, readySeconds, attempts, pauseSeconds, perHour } = how
  const { outage } = state
  return [
    `ask ${url}, which is ${healthy ? 'healthy' : 'not healthy'} now, and do no more where it is healthy`,
    `where it fails ${failures} times with ${secondsBetween} seconds between: ${driver.words}, and wait up to ${readySeconds} seconds until it is healthy`,
    `where that does not help: ${attempts - 1} times again, behind a pause of ${pauseSeconds} seconds that doubles, and give up`,
    `restart it ${perHour} times within an hour at most: ${lately(state, now).length} times so far`,
    ...(outage?.gaveUp
      ? [`begin again where an hour is over: it is down since ${outage.since}, and was given up`]
      : []),
  ]
}
