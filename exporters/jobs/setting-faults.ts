import type { JobSetting } from '../../config/jobs.ts'
import { wordsOf } from '../failure.ts'
import { scheduleOf } from './schedule.ts'

/** What a timer of Node can wait: longer, it would be over at once. Minutes. */
const longest = Math.floor((2 ** 31 - 1) / 60_000)

/** What is wrong with config/jobs.ts, a line each, each naming the job and what to write. */
export const settingFaults = (settings: Readonly<Record<string, JobSetting>>): readonly string[] =>
  Object.entries(settings).flatMap(([name, setting]) =>
    faultsOf(setting).map((fault) => `config/jobs.ts, ${name}: ${fault}`),
  )

const faultsOf = ({ schedule, timeoutMinutes, quietMinutes }: JobSetting): readonly string[] => {
  const isLength = (minutes: number) => minutes > 0 && minutes <= longest
  return [
    ...(isLength(timeoutMinutes)
      ? []
      : [`timeoutMinutes is ${timeoutMinutes}: write more than 0, and at most ${longest}`]),
    ...(isLength(quietMinutes) ? [] : [`quietMinutes is ${quietMinutes}: write more than 0, and at most ${longest}`]),
    ...(quietMinutes >= timeoutMinutes
      ? [
          `quietMinutes (${quietMinutes}) has to be less than timeoutMinutes (${timeoutMinutes}), or it never hangs before its time is up`,
        ]
      : []),
    ...(schedule === undefined ? [] : scheduleFaults(schedule)),
  ]
}

const scheduleFaults = (schedule: string) => {
  try {
    scheduleOf(schedule)
    return []
  } catch (cause) {
    return [wordsOf(cause)]
  }
}
