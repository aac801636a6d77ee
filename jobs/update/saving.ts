import { readKept } from '../../exporters/jobs/folder.ts'
import { type Job, Refused, type Run } from '../job.ts'
import { AlreadyRuns, runJob } from '../runner.ts'

interface Options {
  /** Of all jobs. */
  readonly folder: string
  readonly backup: Job
  /** A backup that began within so many minutes counts. */
  readonly countsMinutes: number
  readonly now: () => number
}

/** When the last backup began that succeeded, where it counts. */
export const recentBackup = async ({ folder, countsMinutes, now }: Options): Promise<string | undefined> => {
  const { records } = await readKept(folder, 'backup')
  const last = records.findLast(({ outcome }) => outcome === 'succeeded')?.started
  return last !== undefined && now() - Date.parse(last) < countsMinutes * 60_000 ? last : undefined
}

/**
 * Sees to it that there is a backup, complete and verified, from just before.
 * @returns when it was begun
 * @throws Refused where there is none, and none could be made: nothing has been changed by then
 */
export const saved = async (options: Options, run: Run): Promise<string> => {
  const recent = await recentBackup(options)
  if (recent !== undefined) {
    run.step(`the backup of ${recent} counts`)
    return recent
  }
  run.step('the backup first')
  const { started, outcome, words } = await made(options, run)
  if (outcome === 'succeeded') return started
  throw new Refused([`nothing was changed, as the backup before it ${outcome}: ${words}`])
}

const made = async ({ folder, backup, now }: Options, run: Run) => {
  try {
    const told = (words: string) => run.step(`backup: ${words}`)
    return await runJob(watched(backup, run), { folder, signal: run.signal, tell: told, now })
  } catch (cause) {
    if (cause instanceof AlreadyRuns) throw new Refused([`nothing was changed: ${cause.message}`], { cause })
    throw cause
  }
}

/** Its progress is ours as well. */
const watched = (backup: Job, { progress }: Run): Job => ({
  ...backup,
  plan: async (signal) => {
    const plan = await backup.plan(signal)
    return {
      ...plan,
      run: (inner) =>
        plan.run({
          ...inner,
          progress: () => {
            inner.progress()
            progress()
          },
        }),
    }
  },
})
