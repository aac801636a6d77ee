import { Cron } from 'croner'
import { timeZone } from '../../config/jobs.ts'

/** When something runs again and again. All moments are milliseconds of Unix time. */
export interface Schedule {
  /** The first moment after this one. */
  after(moment: number): number
  /** Calls at each of its moments until it is stopped. */
  each(run: () => void): { stop(): void }
}

/**
 * @param expression cron's five fields
 * @throws Error naming what is wrong with it
 */
export const scheduleOf = (expression: string, zone: string = timeZone): Schedule => {
  const cron = parsed(expression, zone)
  return {
    after: (moment) => {
      const next = cron.nextRun(new Date(moment))
      if (!next) throw new Error(`the schedule "${expression}" has no moment after ${new Date(moment).toISOString()}`)
      return next.getTime()
    },
    each: (run) => new Cron(expression, { timezone: zone, mode: '5-part' }, run),
  }
}

const parsed = (expression: string, zone: string) => {
  try {
    const cron = new Cron(expression, { timezone: zone, mode: '5-part', paused: true })
    // A zone that there is not is found out by asking.
    if (cron.nextRun()) return cron
  } catch (cause) {
    throw new Error(
      `"${expression}" in ${zone} is no schedule: write five fields as cron reads them, such as 15 2 * * *`,
      {
        cause,
      },
    )
  }
  throw new Error(`"${expression}" in ${zone} is a schedule without a moment: no such day comes`)
}
