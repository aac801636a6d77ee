import type { JobName, JobSetting } from '../../config/jobs.ts'
import type { Definition, Sample } from '../../metrics/metric.ts'
import type { Kept } from './folder.ts'
import * as metrics from './metrics.ts'
import { type JobRecord, type Measured, outcomes, type Running } from './record.ts'
import { scheduleOf } from './schedule.ts'

/** A run whose process said nothing for so many milliseconds is over: it says something every five seconds. */
const silent = 60_000

interface Known extends Kept {
  readonly job: JobName
  readonly setting: JobSetting
  /** Metrics that its runs may tell of. */
  readonly measures: readonly Definition[]
  /** Since when the scheduler waits for it on the schedule that it has. Milliseconds of Unix time. */
  readonly scheduled: number | undefined
  /** Since when somebody waits for a first run, where no scheduler does. Milliseconds of Unix time. */
  readonly since: number
  readonly now: number
}

const seconds = (moment: string | number) => (typeof moment === 'number' ? moment : Date.parse(moment)) / 1_000

/** The runs that are over; one that was killed and that nobody has written down yet is the last of them. */
const ended = ({ records, running, now }: Known): readonly JobRecord[] =>
  running && !goesOn(running, now) ? [...records, killed(running)] : records

/** Whether its process was there a moment ago. A beat that is yet to come is one from before the clock was set back. */
export const goesOn = ({ beat }: Pick<Running, 'beat'>, now: number): boolean =>
  Math.abs(now - Date.parse(beat)) <= silent

/** The record of a run whose process left none. */
export const killed = (running: Running): JobRecord => ({
  version: 1,
  job: running.job,
  run: running.run,
  started: running.started,
  ended: running.beat,
  outcome: 'killed',
  words: `its process ended without a word while it was at: ${running.step}`,
  failures: [`killed while it was at: ${running.step}`],
  samples: [],
})

/** What Prometheus is told of one job. */
export const told = (known: Known): readonly Sample[] => {
  const { job, setting, totals } = known
  const by = { job_name: job }
  const over = ended(known)
  // Only what is written down: a process that was held up may go on after all, and a count that fell would look like new runs.
  const counts = outcomes.map((outcome): Sample => {
    const kept = known.records.filter((one) => one.outcome === outcome).length
    return metrics.jobRuns.sample(kept + (totals?.runs[outcome] ?? 0), { ...by, outcome })
  })
  return [
    metrics.jobEnabled.sample(setting.on ? 1 : 0, by),
    metrics.jobMayBeQuiet.sample(setting.quietMinutes * 60, by),
    metrics.jobTimeLimit.sample(setting.timeoutMinutes * 60, by),
    ...due(known, over),
    ...current(known),
    ...counts,
    ...lastOf(job, over, totals?.lastSuccess),
    ...measured(over, known.measures, totals?.samples),
  ]
}

/**
 * The first of its moments after the last start. Where the scheduler has the job, or the schedule, for less long than that,
 * what came before is nobody's fault.
 */
const due = (known: Known, over: readonly JobRecord[]): readonly Sample[] => {
  const { job, setting, running, scheduled, since, now } = known
  if (!setting.on || setting.schedule === undefined) return []
  const last = running && goesOn(running, now) ? running.started : over.at(-1)?.started
  // The clock may have been set back since.
  const started = last === undefined ? (scheduled ?? since) : Math.min(Date.parse(last), now)
  const moment = scheduleOf(setting.schedule).after(Math.max(started, scheduled ?? 0))
  return [metrics.jobDue.sample(seconds(moment), { job_name: job })]
}

const current = ({ job, running, now }: Known): readonly Sample[] => {
  const by = { job_name: job }
  if (!running || !goesOn(running, now)) return [metrics.jobRunning.sample(0, by)]
  return [
    metrics.jobRunning.sample(1, by),
    metrics.jobStarted.sample(seconds(running.started), by),
    metrics.jobProgressed.sample(seconds(running.progressed), by),
  ]
}

const lastOf = (job: JobName, over: readonly JobRecord[], before: string | undefined): readonly Sample[] => {
  const by = { job_name: job }
  const last = over.at(-1)
  const success = over.findLast(({ outcome }) => outcome === 'succeeded')?.ended ?? before
  return [
    ...(success === undefined ? [] : [metrics.jobLastSuccess.sample(seconds(success), by)]),
    ...(last === undefined
      ? []
      : [
          metrics.jobLastStart.sample(seconds(last.started), by),
          metrics.jobLastEnd.sample(seconds(last.ended), by),
          metrics.jobLastDuration.sample(Math.max(0, Date.parse(last.ended) - Date.parse(last.started)) / 1_000, by),
          ...outcomes.map((outcome) =>
            metrics.jobLastOutcome.sample(outcome === last.outcome ? 1 : 0, { ...by, outcome }),
          ),
        ]),
  ]
}

/** Of every metric what the last run that tells of it measured: a run that failed early takes nothing away. */
const measured = (over: readonly JobRecord[], measures: readonly Definition[], before: readonly Measured[] = []) => {
  const latest = lastMeasured(over, before)
  return measures.flatMap((metric) => {
    const samples = latest.filter((one) => one.metric === metric.name).map((one) => sampleOf(metric, one))
    return [...new Map(samples.map((one) => [JSON.stringify(one.labels), one])).values()]
  })
}

/** Of every metric the samples of the last of these runs that told of it, or of those before; none where one says so. */
export const lastMeasured = (runs: readonly JobRecord[], before: readonly Measured[] = []): readonly Measured[] => {
  const latest = new Map<string, readonly Measured[]>()
  for (const { samples, nothing = [] } of [{ samples: before }, ...runs]) {
    for (const metric of nothing) latest.delete(metric)
    for (const metric of new Set(samples.map((one) => one.metric))) {
      latest.set(
        metric,
        samples.filter((one) => one.metric === metric),
      )
    }
  }
  return [...latest.values()].flat()
}

const sampleOf = (metric: Definition, { value, labels }: Measured): Sample => ({
  metric,
  value,
  // A record of an older release may have others.
  labels: Object.fromEntries(metric.labels.map((name) => [name, labels[name] ?? ''])),
})
