import { counter } from '../../../metrics/metric.ts'

export const instrumentationErrorsTotal = counter({
  name: 'instrumentation_errors_total',
  help: 'Faults in the instrumentation itself, by part; the service went on as if it were not there',
  labels: ['part'],
})

/** Takes what went wrong in the instrumentation. Never throws. */
export type Report = (part: string, cause: unknown) => void

/** One line a minute for each part: a fault in what runs at every request would fill the log. */
const quietFor = 60_000

interface FaultsOptions {
  readonly count: (part: string) => void
  readonly log: (words: string, cause: unknown) => void
  readonly now?: () => number
}

/** Counts every fault of the instrumentation, and logs one of a part once a minute. */
export const faultReport = ({ count, log, now = Date.now }: FaultsOptions): Report => {
  const told = new Map<string, number>()
  return (part, cause) => {
    try {
      count(part)
      const last = told.get(part)
      if (last !== undefined && now() - last < quietFor) return
      told.set(part, now())
      log(`instrumentation: ${part} failed; the service goes on without it`, cause)
    } catch {
      // There is nowhere left to tell it.
    }
  }
}
