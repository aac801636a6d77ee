import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Env } from '../../config/env.ts'
import { type JobSetting, jobs } from '../../config/jobs.ts'
import { type UpdateSettings, updateSettings } from '../../config/update.ts'
import { rolledBack, schemaAhead } from '../../exporters/jobs/update.ts'
import { type Job, Refused, type Run } from '../job.ts'
import type { Driver } from '../restart/driver.ts'
import { whileNoneRuns } from './alone.ts'
import { within } from './doing.ts'
import { backFrom, goOn } from './going.ts'
import { apart, type Looked, look, looksGood } from './look.ts'
import { untilNobody } from './outside.ts'
import { restoreWords } from './restore-words.ts'
import { saved } from './saving.ts'
import { schemaFaults } from './schema-back.ts'
import { goesForward, isUnfinished, type State } from './state.ts'

interface Options {
  readonly backup: Job
  readonly driver: Driver
  readonly settings?: UpdateSettings
  readonly setting?: JobSetting
  readonly now?: () => number
}

/**
 * Brings the API to the newest commit of its branch: a backup, the code, its packages, the migration, a restart, and a look
 * at its health. What fails is taken back, the schema too where the migration has a way back. It can be killed at any
 * moment: the next run goes on where it was.
 */
export const updateJob = (env: Env, options: Options): Job => {
  const { setting = jobs.update, settings = updateSettings, now = Date.now } = options
  const needs = { env, settings, now, driver: options.driver, backup: options.backup }
  return {
    name: 'update',
    setting,
    plan: async (signal) => {
      const looked = await look(needs, signal)
      return {
        steps: stepsOf(looked),
        run: (run) => whileNoneRuns(env.JOBS_DIR, ['security-update'], () => work(looked, run)),
      }
    },
  }
}

/** What it would do, in the order in which it would. */
const stepsOf = ({ stand, state, head, newest, recent }: Looked): readonly string[] => {
  const { settings, folder, driver, healthUrl } = stand
  const { remote, branch, install, schema, minutes } = settings
  const short = (commit: string) => commit.slice(0, 12)
  if (isUnfinished(state)) {
    const how = isToGoForward(state, settings) ? 'go on with' : 'go on taking back'
    return [
      `${how} the update of ${folder} to ${short(state.to)} of ${state.started}, which was ended at: ${state.step}`,
    ]
  }
  if (newest === head) return [`nothing: ${folder} is at the newest commit of ${branch}, ${short(head)}`]
  const { migrate, rollback } = schema
  const takeBack =
    rollback === undefined ? 'stop where the schema has changed' : `npm run ${rollback} where the schema has changed`
  return [
    `fetch ${branch} of ${remote}, which is at ${newest === undefined ? 'an unknown commit' : short(newest)}`,
    recent === undefined ? 'make a backup of the database (job backup)' : `count the backup of ${recent}`,
    `move ${folder} from ${short(head)} forward to it`,
    `npm ${install.join(' ')}`,
    ...(migrate === undefined ? [] : [`npm run ${migrate}`]),
    driver.words,
    `wait up to ${minutes.healthy} minutes for ${healthUrl}`,
    `where any of that fails: ${takeBack}, git reset --hard ${short(head)}, npm ${install.join(' ')}, ${driver.words}`,
  ]
}

/** One that was killed again and again is taken back. */
const isToGoForward = ({ step, kills }: State, { mostKills }: UpdateSettings) =>
  goesForward(step) && kills + 1 < mostKills

const work = async (looked: Looked, run: Run): Promise<string> => {
  const { stand, state } = looked
  const { settings, keeping } = stand
  const patience = { signal: run.signal, minutes: settings.minutes.leftOver, waits: run.step }
  await untilNobody(async () => (await stand.outside.leftOver()).map((pid) => `process ${pid}`), patience)
  if (!isUnfinished(state)) return begin(looked, run)
  await untilNobody(() => stand.sessions(run.signal), patience)
  if (!goesForward(state.step)) {
    run.step(`a run was ended while it took the update of ${state.started} back, at ${state.step}: going on with that`)
    return goOn(stand, state, run)
  }
  const kills = state.kills + 1
  if (isToGoForward(state, settings)) {
    run.step(`a run of the update of ${state.started} was ended at ${state.step}: going on from there`)
    const next: State = { ...state, kills }
    await keeping.write(next)
    return goOn(stand, next, run)
  }
  const why = `its runs were ended ${kills} times, the last time at ${state.step}`
  run.step(`taking the update of ${state.started} back: ${why}`)
  const next: State = { ...state, ...backFrom(state, why), kills, at: new Date(stand.now()).toISOString() }
  await keeping.write(next)
  return goOn(stand, next, run)
}

const begin = async ({ stand, state, head }: Looked, run: Run): Promise<string> => {
  const { checkout, settings, keeping, folder, env } = stand
  const { remote, branch, minutes } = settings
  run.step(`fetching ${branch} of ${remote}`)
  const to = await within(minutes.fetch, run, (signal) => checkout.fetch(signal))
  if (await checkout.isBefore(to, head, run.signal)) return already(stand, state, head, to, run)
  if (!(await checkout.isBefore(head, to, run.signal))) throw new Refused([apart(folder, remote, branch)])
  await looksGood(stand, head, to, run.signal)
  const saving = {
    folder: env.JOBS_DIR,
    backup: stand.backup,
    countsMinutes: settings.backupCountsMinutes,
    now: stand.now,
  }
  const backup = await saved(saving, run)
  // The backup may have taken hours.
  const since = [await checkout.head(run.signal), ...(await checkout.changed(run.signal))]
  if (since.join() !== head) throw new Refused([`somebody works in ${folder}: run the update again when it is quiet`])
  // One that is ahead of the code since an update before is not what the code before fits.
  if (state?.step !== 'ahead') await keeping.writeBefore(await stand.reading(run.signal))
  const fixedLock = await stand.fixedLock(run.signal)
  if (fixedLock) await copyFile(join(folder, 'package-lock.json'), stand.lockKept)
  const moment = new Date(stand.now()).toISOString()
  const times = { started: moment, at: moment, backup }
  const next: State = { version: 1, ...times, from: head, to, step: 'code', kills: 0, fixedLock }
  await keeping.write(next)
  return goOn(stand, next, run)
}

const already = async (
  { settings, folder, keeping, ...stand }: Looked['stand'],
  state: State | undefined,
  head: string,
  to: string,
  run: Run,
) => {
  const local = head === to ? '' : `, and commits that ${settings.remote} does not have`
  const words = `nothing to do: ${folder} has the newest commit of ${settings.branch}, ${to.slice(0, 12)}${local}`
  if (state?.step !== 'ahead') return words
  const faults = await schemaFaults({ settings, folder, keeping, ...stand }, run.signal)
  run.measured(rolledBack.sample(0), schemaAhead.sample(faults.length > 0 ? 1 : 0))
  if (faults.length > 0) {
    run.failure(`the schema is ahead of the code since ${state.started}: ${faults.join(', ')}`)
    run.failure(`to see what was there before: ${await restoreWords(stand.env, Date.parse(state.backup), run.signal)}`)
  } else await keeping.forget()
  return words
}
