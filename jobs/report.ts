import type { JobName } from '../config/jobs.ts'
import { measures } from '../exporters/jobs/measures.ts'
import type { JobRecord, Measured, Running } from '../exporters/jobs/record.ts'
import type { Tell } from '../exporters/secret.ts'
import type { Sample } from '../metrics/metric.ts'
import type { Verdict } from './ending.ts'
import type { Run } from './job.ts'

/** What is kept of what went wrong: enough to see what it is, and no more than there is room for on a full disk. */
const limits = { failures: 50, characters: 500, samples: 500 }

interface Options {
  readonly name: JobName
  readonly run: string
  readonly signal: AbortSignal
  readonly tell: Tell
  readonly now: () => number
}

/** What a run says of itself, as it is kept. */
export interface Report {
  readonly run: Run
  readonly failures: readonly string[]
  /** As of now: its process is there. */
  beat(): Running
  record(verdict: Verdict): JobRecord
}

const moment = (at: number) => new Date(at).toISOString()

export const reportOf = ({ name, run, signal, tell, now }: Options): Report => {
  const started = now()
  const base = { version: 1, job: name, run, started: moment(started) } as const
  const [samples, failures]: [Measured[], string[]] = [[], []]
  const nothing = new Set<string>()
  let [step, progressed] = ['looking whether all that it needs is there', started]
  let left = 0
  const failure = (words: string) => {
    tell(words)
    if (failures.length < limits.failures) failures.push(words.slice(0, limits.characters))
    else left += 1
  }
  return {
    failures,
    run: {
      signal,
      step: (words) => {
        tell(words)
        step = words
        progressed = now()
      },
      progress: () => {
        progressed = now()
      },
      measured: (...found) => {
        for (const one of found) {
          if (!measures[name].some((metric) => metric.name === one.metric.name))
            throw new Error(`${name} is not said to measure ${one.metric.name}`)
          samples.push(measuredOf(one))
        }
        if (samples.length > limits.samples) throw new Error(`more than ${limits.samples} things were measured`)
      },
      nothing: (...metrics) => {
        for (const metric of metrics) nothing.add(metric.name)
      },
      failure,
    },
    beat: () => ({ ...base, pid: process.pid, beat: moment(now()), progressed: moment(progressed), step }),
    record: ({ outcome, words }) => ({
      ...base,
      // The clock may have been set back meanwhile.
      ended: moment(Math.max(now(), started)),
      outcome,
      words,
      failures: [
        ...failures,
        ...(left > 0 ? [`and ${left} more`] : []),
        ...(outcome === 'succeeded' || failures.includes(words.slice(0, limits.characters)) ? [] : [words]),
      ],
      samples,
      ...(nothing.size > 0 && { nothing: [...nothing] }),
    }),
  }
}

/** @throws Error where the value is no number, which no file keeps */
const measuredOf = ({ metric, labels, value }: Sample): Measured => {
  if (Number.isFinite(value)) return { metric: metric.name, labels, value }
  throw new Error(`${metric.name} was measured as ${value}`)
}
